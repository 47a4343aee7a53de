/** Who is calling. */
import type { Request, RequestHandler, Response } from "express";
import type { IncomingMessage } from "node:http";
import { digests, type User } from "../engine/auth.ts";
import { AppError } from "../model/errors.ts";
import { isAdmin as isAdminBy, type Rights } from "../model/permissions.ts";
import { whyRefused } from "../store/accounts.ts";
import { origins, type Origins } from "./addresses.ts";
import { cookieName, cookieOf, keepToken } from "./cookies.ts";
import type { Door } from "./door.ts";

const everybody: User = { name: "admin", roles: ["system_admin", "admin"] };

/** Where a token or API key stood. */
export type Location = "header" | "query parameter" | "cookie";

export interface Shown {
  readonly secret: string;
  /** It was called an API key, not a token. */
  readonly asKey: boolean;
  readonly location: Location;
}

/** The token or API key in the headers. */
export function headerSecret({ headers }: IncomingMessage): Shown | undefined {
  const { "x-auth-token": token, "st2-api-key": key, authorization } = headers;
  const location = "header";
  if (typeof token === "string") return { secret: token, asKey: false, location };
  if (typeof key === "string") return { secret: key, asKey: true, location };
  const [, bearer] = /^bearer +(.+)$/i.exec(authorization ?? "") ?? [];
  return bearer === undefined ? undefined : { secret: bearer, asKey: false, location };
}

/** The token or API key of a request: in its headers, for what cannot set headers in its query (where that is allowed), for browsers in a cookie. */
export function shownIn(
  request: Request,
  { querySecrets }: { readonly querySecrets: boolean },
): Shown | undefined {
  const header = headerSecret(request);
  if (header !== undefined) return header;
  const { "x-auth-token": token, "st2-api-key": key } = request.query;
  const query = token ?? key;
  if (querySecrets && typeof query === "string")
    return { secret: query, asKey: token === undefined, location: "query parameter" };
  const cookie = cookieOf(request, cookieName);
  return cookie === undefined ? undefined : { secret: cookie, asKey: false, location: "cookie" };
}

const harmless = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a page of our own made a browser send it; undefined when nothing tells. */
function isOurs({ headers }: IncomingMessage): boolean | undefined {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  return origin === undefined ? undefined : URL.canParse(origin) && new URL(origin).host === host;
}

/** Browsers send cookies with whatever any page makes them send: writes must come from a page of our own. */
function isForged(request: Request): boolean {
  return !harmless.has(request.method) && isOurs(request) !== true;
}

/** Throws FORBIDDEN when a page of another site makes a browser sign in here, as somebody that it chose. */
export function assertNotLed(request: IncomingMessage): void {
  if (isOurs(request) === false)
    throw new AppError("FORBIDDEN", ["Sign in at the page of this server."]);
}

/** The user of that secret, or why there is none, in StackStorm's words. */
export async function identify(
  { authenticate, core }: Pick<Door, "authenticate" | "core">,
  shown: Shown | undefined,
): Promise<User | string> {
  if (shown === undefined) return "Unauthorized - One of Token or API key required.";
  const { secret, asKey } = shown;
  const user = await authenticate(secret);
  if (user !== undefined) return user;
  const hashes = digests(secret);
  const refused = await whyRefused(core.database.db, hashes);
  if (!asKey) return refused === "expired" ? "Unauthorized - Token has expired." : "Unauthorized";
  return refused === "disabled"
    ? "Unauthorized - API key is disabled."
    : `Unauthorized - ApiKey with key_hash=${hashes[0]} not found.`;
}

interface Tokened {
  readonly shown: Shown | undefined;
  readonly user: User;
}

/** A page at another origin signs in without credentials, so its cookie comes with its first call; streams cannot set headers. */
function keepForStreams(
  { shown, user }: Tokened,
  request: Request,
  response: Response,
  { from, allowed }: { readonly from: Origins; readonly allowed: ReadonlySet<string> },
): void {
  const { origin } = request.headers;
  if (origin === undefined || !allowed.has(origin)) return;
  if (shown?.location !== "header" || user.shown?.kind !== "token") return;
  if (cookieOf(request, cookieName) === shown.secret) return;
  const { expires } = user.shown;
  keepToken(response, { secret: shown.secret, expiry: expires }, from.isSecure(request));
}

/** Lets a request through only with a valid token or API key; puts the user where `userOf` finds it. */
export function guard(
  door: Pick<Door, "auth" | "authenticate" | "book" | "core" | "signIn" | "allowOrigins">,
): RequestHandler {
  if (!door.auth) {
    return async (request, response, next) => {
      // Actions show the token of their run also where nobody has to: what they cause is known by it.
      const shown = headerSecret(request);
      const isRun = shown?.secret.startsWith("run-") === true;
      const caller = isRun ? await identify(door, shown) : "";
      const run = typeof caller === "string" ? undefined : caller.run;
      response.locals["user"] = run === undefined ? everybody : { ...everybody, run };
      next();
    };
  }
  const pages = { from: origins(door.signIn), allowed: new Set(door.allowOrigins) };
  return async (request, response, next) => {
    const shown = shownIn(request, door.signIn);
    const user = await identify(door, shown);
    if (typeof user === "string") throw new AppError("UNAUTHORIZED", [user]);
    if (shown?.location === "cookie" && isForged(request))
      throw new AppError("FORBIDDEN", [
        "A request that writes and is signed in by a cookie must come from a page of this server.",
      ]);
    response.locals["user"] = user;
    response.locals["apart"] = door.book.enforced;
    keepForStreams({ shown, user }, request, response, pages);
    next();
  };
}

/** What that user may do. */
export function rightsOf({
  roles,
  grants = [],
  inventory = [],
}: Pick<User, "roles" | "grants" | "inventory">): Rights {
  return { roles, grants, inventory };
}

/** Whether that user may do everything. */
export function isAdmin(user: Pick<User, "roles">): boolean {
  return isAdminBy(user);
}

function isUser(value: unknown): value is User {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "roles" in value &&
    Array.isArray(value.roles)
  );
}

/** Whether the guard found out who is calling. */
export function isSignedIn(response: Response): boolean {
  return isUser(response.locals["user"]);
}

/** Whether people may do different things: false without authentication and without RBAC. */
export function areApart(response: Response): boolean {
  return response.locals["apart"] === true;
}

/** Who is calling, as the guard found out. */
export function userOf(response: Response): User {
  const user: unknown = response.locals["user"];
  return isUser(user) ? user : { name: "anonymous", roles: [] };
}
