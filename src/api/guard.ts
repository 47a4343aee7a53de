import type { Request, RequestHandler, Response } from "express";
import type { User } from "../engine/auth.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";

const everybody: User = { name: "admin", roles: ["system_admin", "admin"] };

function secretOf(request: Request): string | undefined {
  const { authorization } = request.headers;
  const header = request.headers["x-auth-token"] ?? request.headers["st2-api-key"];
  if (typeof header === "string") return header;
  if (authorization?.startsWith("Bearer ")) return authorization.slice(7);
  const query = request.query["x-auth-token"] ?? request.query["st2-api-key"];
  return typeof query === "string" ? query : undefined;
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

export function userOf(response: Response): User {
  const user: unknown = response.locals["user"];
  if (
    typeof user !== "object" ||
    user === null ||
    !("name" in user) ||
    typeof user.name !== "string"
  )
    return { name: "anonymous", roles: [] };
  const roles =
    "roles" in user && Array.isArray(user.roles)
      ? user.roles.filter((role) => typeof role === "string")
      : [];
  return { name: user.name, roles };
}

/** Refuses everybody who is not an administrator. */
export const adminOnly: RequestHandler = (_request, response, next) => {
  const { name, roles } = userOf(response);
  if (roles.includes("system_admin") || roles.includes("admin")) return next();
  return fault(response, 403, `User "${name}" doesn't have required role "admin"`);
};
