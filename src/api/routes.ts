/** Routes that say who may use them. There is no other way to make one: `assertDeclared` refuses a door with a route that came about otherwise.
 *
 * 1. Who is asked for is decided before a handler runs; a handler may refuse more, never allow more.
 * 2. A resource that cannot be found is nobody's: only who may see everything learns that it is not there. */
import { Router, type Request, type RequestHandler, type Response } from "express";
import { AppError } from "../model/errors.ts";
import type { PermissionType } from "../model/permission-types.ts";
import { allows, allowsSomewhere, isAdmin, type Resource } from "../model/permissions.ts";
import type { Answer } from "./answer-schemas.ts";
import { isSignedIn, rightsOf, userOf } from "./guard.ts";

/** Which resource a request is about; undefined when there is none of that name. */
export type ResourceOf = (
  request: Request,
  response: Response,
) => Resource | undefined | Promise<Resource | undefined>;

/** Who may use a route: anyone at all; whoever signed in; administrators; whoever has a permission, in general or on the resource that is asked for. */
export type Access =
  | "anyone"
  | "signed in"
  | "admin"
  | PermissionType
  | { readonly permission: PermissionType; readonly of: ResourceOf };

export function on(permission: PermissionType, of: ResourceOf): Access {
  return { permission, of };
}

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** What is documented of a route. */
export interface RouteFacts {
  readonly summary?: string;
  /** Query parameters, with a sentence each. */
  readonly query?: Readonly<Record<string, string>>;
  /** JSON schema of the body. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** What it answers when all went well. */
  readonly answer?: Answer;
}

export interface DeclaredRoute extends RouteFacts {
  readonly method: Method;
  /** As Express reads it. */
  readonly path: string;
  readonly access: Access;
}

const declaredRoutes = new WeakSet<object>();

/** The parameters that a path names: `/a/:id` has a text `id`, `/a/*rest` a list `rest`. */
type Parameters<Path extends string> = string extends Path
  ? Record<string, string>
  : { [Name in Named<Path, ":">]: string } & { [Name in Named<Path, "*">]: string[] };
type Named<Path extends string, Mark extends string> = Path extends `${infer First}/${infer Rest}`
  ? Named<First, Mark> | Named<Rest, Mark>
  : Path extends `${Mark}${infer Name}`
    ? Name
    : never;

type Handlers<Path extends string> = readonly RequestHandler<Parameters<Path>>[];

/** A router on which every route declares who may use it. */
export class Routes {
  readonly router = Router();
  #declared: DeclaredRoute[] = [];
  #facts: RouteFacts = {};

  /** All routes of this router and those that it uses, in order. */
  get declared(): readonly DeclaredRoute[] {
    return this.#declared;
  }

  /** Documents the next route. */
  about(facts: RouteFacts): this {
    this.#facts = facts;
    return this;
  }

  /** Documents what the routes declared so far answer, each by its method and path. Throws for one that is not there. */
  answering(answers: Readonly<Record<string, Answer>>): void {
    const known = new Set(this.#declared.map(({ method, path }) => `${method} ${path}`));
    const odd = Object.keys(answers).find((name) => !known.has(name));
    if (odd !== undefined) throw new Error(`there is no route ${odd}`);
    this.#declared = this.#declared.map((route) => {
      const answer = answers[`${route.method} ${route.path}`];
      return answer === undefined ? route : { ...route, answer };
    });
  }

  get<Path extends string>(path: Path, access: Access, ...handlers: Handlers<Path>): void {
    this.#add("get", path, access, handlers);
  }
  post<Path extends string>(path: Path, access: Access, ...handlers: Handlers<Path>): void {
    this.#add("post", path, access, handlers);
  }
  put<Path extends string>(path: Path, access: Access, ...handlers: Handlers<Path>): void {
    this.#add("put", path, access, handlers);
  }
  patch<Path extends string>(path: Path, access: Access, ...handlers: Handlers<Path>): void {
    this.#add("patch", path, access, handlers);
  }
  delete<Path extends string>(path: Path, access: Access, ...handlers: Handlers<Path>): void {
    this.#add("delete", path, access, handlers);
  }

  /** Takes over the routes of another, in this place. */
  use(...others: readonly Routes[]): void {
    for (const other of others) {
      this.#declared.push(...other.declared);
      this.router.use(other.router);
    }
  }

  /** Takes over the routes of another below that path. */
  mount(base: string, other: Routes): void {
    this.#declared.push(...other.declared.map((route) => ({ ...route, path: base + route.path })));
    this.router.use(base, other.router);
  }

  #add<Path extends string>(
    method: Method,
    path: Path,
    access: Access,
    handlers: Handlers<Path>,
  ): void {
    this.#declared.push({ method, path, access, ...this.#facts });
    this.#facts = {};
    const route = this.router.route(path);
    declaredRoutes.add(route);
    const last = handlers.at(-1);
    if (last === undefined) throw new TypeError(`${method} ${path} has no handler`);
    // Parsers of bodies come first: which resource is meant may stand in the body.
    route[method](named(path), ...handlers.slice(0, -1), checking(access), last);
  }
}

/** Tells what is noted of a request which route it took. */
function named(path: string): RequestHandler<never> {
  return (_request, response, next) => {
    response.locals["route"] = path;
    next();
  };
}

function checking(access: Access): RequestHandler<never> {
  return async (request, response, next) => {
    await assertAccess(access, request, response);
    next();
  };
}

/** Says what is missing, in StackStorm's words. */
export function denied(name: string, permission: PermissionType, resource?: Resource): AppError {
  const where = resource === undefined ? "" : ` on resource "${resource.uid}"`;
  return new AppError("FORBIDDEN", [
    `User "${name}" doesn't have required permission "${permission}"${where}`,
  ]);
}

/** Throws FORBIDDEN unless the caller has that permission, on that resource or in general. */
export function assertAllowed(
  response: Response,
  permission: PermissionType,
  resource?: Resource,
): void {
  if (!mayDo(response, permission, resource))
    throw denied(userOf(response).name, permission, resource);
}

/** Whether the caller has that permission, on that resource or in general. */
export function mayDo(
  response: Response,
  permission: PermissionType,
  resource?: Resource,
): boolean {
  const user = userOf(response);
  if (resource?.owner !== undefined && resource.owner === user.name) return true;
  return allows(rightsOf(user), permission, resource);
}

async function assertAccess(access: Access, request: Request, response: Response): Promise<void> {
  if (access === "anyone") return;
  const user = userOf(response);
  if (!isSignedIn(response)) throw new AppError("FORBIDDEN", ["Nobody signed in."]);
  if (access === "signed in") return;
  const rights = rightsOf(user);
  if (isAdmin(rights)) return;
  if (access === "admin")
    throw new AppError("FORBIDDEN", [`User "${user.name}" doesn't have required role "admin"`]);
  if (typeof access === "string") return assertAllowed(response, access);
  const { permission, of } = access;
  const somewhere = allowsSomewhere(rights, permission);
  const resource = await resourceOf(of, somewhere, request, response);
  if (resource !== undefined) return assertAllowed(response, permission, resource);
  if (!somewhere) throw denied(user.name, permission);
  if (!allows(rights, permission))
    throw new AppError("NOT_FOUND", ["Unable to identify the resource that is asked for."]);
}

/** Why a resource cannot be found is told only to those who may do this with some. */
async function resourceOf(
  of: ResourceOf,
  telling: boolean,
  request: Request,
  response: Response,
): Promise<Resource | undefined> {
  try {
    return await of(request, response);
  } catch (error) {
    if (telling || !(error instanceof AppError) || error.status >= 500) throw error;
    return undefined;
  }
}

interface Layer {
  readonly route?: object;
  readonly handle?: unknown;
}

function layersOf(router: unknown): readonly Layer[] {
  if (typeof router !== "function" && typeof router !== "object") return [];
  if (router === null || !("stack" in router) || !Array.isArray(router.stack)) return [];
  return router.stack;
}

/** Throws when anywhere below this router there is a route that did not say who may use it. */
export function assertDeclared(router: unknown): void {
  for (const { route, handle } of layersOf(router)) {
    if (route !== undefined && !declaredRoutes.has(route))
      throw new Error(
        `The route ${"path" in route ? String(route.path) : "?"} does not say who may use it: make it with Routes (src/api/routes.ts).`,
      );
    assertDeclared(handle);
  }
}
