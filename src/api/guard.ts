/** Who is calling. */
import type { Request, RequestHandler, Response } from "express";
import type { IncomingMessage } from "node:http";
import type { User } from "../engine/auth.ts";
import { AppError } from "../model/errors.ts";
import { isAdmin as isAdminBy, type Rights } from "../model/permissions.ts";
import { origins, type Origins } from "./addresses.ts";
import { cookieName, cookieOf, keepToken } from "./cookies.ts";
import type { Door } from "./door.ts";

const everybody: User = { name: "admin", roles: ["system_admin", "admin"] };

/** Where a token or API key stood. */
export type Location = "header" | "query parameter" | "cookie";

export interface Shown {
  readonly secret: string;
  readonly location: Location;
}

/** The token or API key in the headers. */
export function headerSecret({ headers }: IncomingMessage): string | undefined {
  const header = headers["x-auth-token"] ?? headers["st2-api-key"];
  if (typeof header === "string") return header;
  return headers.authorization?.startsWith("Bearer ") === true
    ? headers.authorization.slice(7)
    : undefined;
}

/** The token or API key of a request: in its headers, for what cannot set headers in its query (where that is allowed), for browsers in a cookie. */
export function shownIn(
  request: Request,
  { querySecrets }: { readonly querySecrets: boolean },
): Shown | undefined {
  const header = headerSecret(request);
  if (header !== undefined) return { secret: header, location: "header" };
  const query = request.query["x-auth-token"] ?? request.query["st2-api-key"];
  if (querySecrets && typeof query === "string")
    return { secret: query, location: "query parameter" };
  const cookie = cookieOf(request, cookieName);
  return cookie === undefined ? undefined : { secret: cookie, location: "cookie" };
}

const harmless = new Set(["GET", "HEAD", "OPTIONS"]);

/** Browsers send cookies with whatever any page makes them send: writes must come from a page of our own. */
function isForged({ method, headers }: Request): boolean {
  if (harmless.has(method)) return false;
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  return origin === undefined || !URL.canParse(origin) || new URL(origin).host !== host;
}

/** The user of that secret, or why there is none. */
export async function identify(
  { authenticate }: Pick<Door, "authenticate">,
  secret: string | undefined,
): Promise<User | string> {
  if (secret === undefined) return "Unauthorized - One of Token or API key required.";
  return (await authenticate(secret)) ?? "Unauthorized - Token or API key is not valid.";
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
  door: Pick<Door, "auth" | "authenticate" | "signIn" | "allowOrigins">,
): RequestHandler {
  if (!door.auth) {
    return (_request, response, next) => {
      response.locals["user"] = everybody;
      next();
    };
  }
  const pages = { from: origins(door.signIn), allowed: new Set(door.allowOrigins) };
  return async (request, response, next) => {
    const shown = shownIn(request, door.signIn);
    const user = await identify(door, shown?.secret);
    if (typeof user === "string") throw new AppError("UNAUTHORIZED", [user]);
    if (shown?.location === "cookie" && isForged(request))
      throw new AppError("FORBIDDEN", [
        "A request that writes and is signed in by a cookie must come from a page of this server.",
      ]);
    response.locals["user"] = user;
    keepForStreams({ shown, user }, request, response, pages);
    next();
  };
}

/** What that user may do. */
export function rightsOf({ roles, grants = [] }: Pick<User, "roles" | "grants">): Rights {
  return { roles, grants };
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

/** Who is calling, as the guard found out. */
export function userOf(response: Response): User {
  const user: unknown = response.locals["user"];
  return isUser(user) ? user : { name: "anonymous", roles: [] };
}
