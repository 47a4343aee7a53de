import type { Request, RequestHandler, Response } from "express";
import type { IncomingMessage } from "node:http";
import type { User } from "../engine/auth.ts";
import type { Door } from "./door.ts";
import { isAdmin as isAdminBy, type Rights } from "../model/permissions.ts";
import { fault } from "./faults.ts";

const everybody: User = { name: "admin", roles: ["system_admin", "admin"] };

/** The token or API key in the headers. */
export function headerSecret({ headers }: IncomingMessage): string | undefined {
  const header = headers["x-auth-token"] ?? headers["st2-api-key"];
  if (typeof header === "string") return header;
  return headers.authorization?.startsWith("Bearer ") === true
    ? headers.authorization.slice(7)
    : undefined;
}

/** The token or API key of a request, in its headers or, for what cannot set headers, its query. */
export function secretOf(request: Request): string | undefined {
  const header = headerSecret(request);
  if (header !== undefined) return header;
  const query = request.query["x-auth-token"] ?? request.query["st2-api-key"];
  return typeof query === "string" ? query : undefined;
}

/** The user of that secret, or why there is none. */
export async function identify(
  { authenticate }: Pick<Door, "authenticate">,
  secret: string | undefined,
): Promise<User | string> {
  if (secret === undefined) return "Unauthorized - One of Token or API key required.";
  return (await authenticate(secret)) ?? "Unauthorized - Token or API key is not valid.";
}

/** Lets a request through only with a valid token or API key; puts the user where `userOf` finds it. */
export function guard({ auth, authenticate }: Pick<Door, "auth" | "authenticate">): RequestHandler {
  if (!auth) {
    return (_request, response, next) => {
      response.locals["user"] = everybody;
      next();
    };
  }
  return async (request, response, next) => {
    const secret = secretOf(request);
    if (secret === undefined)
      return fault(response, 401, "Unauthorized - One of Token or API key required.");
    const user = await authenticate(secret);
    if (user === undefined)
      return fault(response, 401, "Unauthorized - Token or API key is not valid.");
    response.locals["user"] = user;
    return next();
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
