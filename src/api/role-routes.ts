/** `/rbac` as StackStorm answers it, and `/api/v2/roles`, `/api/v2/role-assignments` to write. */
import { grantsFrom, type Assignment, type Role, type RoleBook } from "../engine/role-book.ts";
import { grantDocument, readInventoryGrant } from "../inventory/grant.ts";
import { AppError } from "../model/errors.ts";
import { inventoryVerbs } from "../model/inventory-grants.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  isPermissionType,
  permissionsOf,
  permissionTypes,
  resourceTypes,
  st2ResourceTypes,
  type ResourceType,
} from "../model/permission-types.ts";
import { type Grant, grantFault } from "../model/permissions.ts";
import { addAssignment, putRole, removeAssignment, removeRole } from "../store/roles.ts";
import { bodyOf, optionalTextIn, textIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { idFor } from "./ids.ts";
import { answerList } from "./lists.ts";
import { flag, refusal, text } from "./query.ts";
import { isAdmin, userOf } from "./guard.ts";
import { Routes } from "./routes.ts";

function grantView(role: string, { resource, permissions }: Grant, index: number): JsonObject {
  return {
    id: idFor(`grant:${role}:${index}`),
    resource_uid: resource ?? null,
    resource_type: resource?.split(":")[0] ?? null,
    permission_types: permissions,
  };
}

function roleView({ name, description, grants, inventory, origin }: Role): JsonObject {
  const objects = grants.map((grant, index) => grantView(name, grant, index));
  return {
    id: idFor(`role:${name}`),
    uid: `role:${name}`,
    name,
    description,
    system: origin === "system",
    permission_grant_ids: objects.map(({ id }) => id),
    permission_grant_objects: objects,
    ...(inventory.length === 0 ? {} : { inventory: inventory.map(grantDocument) }),
  };
}

function assignmentView({ id, user, role, description, source }: Assignment): JsonObject {
  return {
    id: id ?? idFor(`assignment:${user}:${role}:${source}`),
    user,
    role,
    description,
    is_remote: false,
    source,
  };
}

/** What groups of another service gave at the last login, and what the account itself holds. */
async function assignments({ core, book }: Door): Promise<readonly JsonObject[]> {
  const accounts = await core.database.db
    .selectFrom("account")
    .select(["name", "roles", "remote_roles", "origin"])
    .limit(100_000)
    .execute();
  const own = accounts.flatMap(({ name: user, roles, remote_roles, origin }) => [
    ...roles.map((role) =>
      assignmentView({ id: undefined, user, role, description: "", source: "account" }),
    ),
    ...remote_roles.map((role) => ({
      ...assignmentView({ id: undefined, user, role, description: "", source: origin }),
      is_remote: true,
    })),
  ]);
  return [...own, ...(await book.assignments()).map(assignmentView)];
}

const listed = {
  roles: { names: ["system"], filters: ["name"] },
  assignments: {
    names: ["user", "role", "is_remote", "source"],
    filters: ["user", "role", "source"],
  },
} as const;

function permissionsByType(types: readonly ResourceType[]): JsonObject {
  return Object.fromEntries(types.map((type) => [type, Object.fromEntries(permissionsOf(type))]));
}

/** StackStorm's: to read. */
export function rbacRoutes(door: Door): Routes {
  const { book } = door;
  const router = new Routes();
  router.get("/rbac/permission_types", "admin", (_request, response) => {
    response.json(permissionsByType(st2ResourceTypes));
  });
  router.get("/rbac/permission_types/:type", "admin", (request, response) => {
    const type = resourceTypes.find((each) => each === request.params.type);
    if (type === undefined)
      throw new AppError("NOT_FOUND", [`Invalid resource type: ${request.params.type}`]);
    response.json(Object.fromEntries(permissionsOf(type)));
  });
  router.get("/rbac/roles", "admin", async (request, response) => {
    const system = flag(request, "system");
    const rows = (await book.roles()).map(roleView);
    const wanted = rows.filter((row) => system === undefined || row["system"] === system);
    answerList(request, response, wanted, listed.roles);
  });
  router.get("/rbac/roles/:id", "admin", async (request, response) => {
    const { id: wanted } = request.params;
    const rows = (await book.roles()).map(roleView);
    const found = rows.find(({ id, name }) => id === wanted || name === wanted);
    if (found === undefined)
      throw new AppError("NOT_FOUND", [`Role with a name or id "${wanted}" not found`]);
    response.json(found);
  });
  router.get("/rbac/role_assignments", "signed in", async (request, response) => {
    const caller = userOf(response);
    if (!isAdmin(caller) && text(request.query["user"]) !== caller.name)
      throw new AppError("FORBIDDEN", [
        `User "${caller.name}" doesn't have required role "admin" to see what others have: ask for ?user=${caller.name}`,
      ]);
    const remote = flag(request, "remote");
    const rows = await assignments(door);
    const wanted = rows.filter((row) => remote === undefined || row["is_remote"] === remote);
    answerList(request, response, wanted, listed.assignments);
  });
  router.get("/rbac/role_assignments/:id", "signed in", async (request, response) => {
    const { id: wanted } = request.params;
    const caller = userOf(response);
    const found = (await assignments(door)).find(
      ({ id, user }) => id === wanted && (isAdmin(caller) || user === caller.name),
    );
    if (found === undefined)
      throw isAdmin(caller)
        ? new AppError("NOT_FOUND", [`Unable to identify resource with id "${wanted}".`])
        : new AppError("FORBIDDEN", [`User "${caller.name}" doesn't have required role "admin"`]);
    response.json(found);
  });
  return router;
}

/** Grants of a body. Throws for the first that makes no sense. */
function grantsIn(body: JsonObject): readonly JsonObject[] {
  const given = body["permission_grants"] ?? [];
  if (!Array.isArray(given)) throw refusal("permission_grants: expected a list of grants");
  const list: readonly unknown[] = given;
  return list.map((each, index) => {
    const place = `permission_grants[${index}]`;
    if (!isObject(each)) throw refusal(`${place}: expected an object`);
    const types: unknown = each["permission_types"] ?? [];
    const odd = Array.isArray(types)
      ? types.find((type) => !isPermissionType(type))
      : "no list of permission types";
    if (odd !== undefined)
      throw refusal(
        `${place}.permission_types: ${JSON.stringify(odd)} is not one of ${permissionTypes.join(", ")}`,
      );
    const [grant] = grantsFrom([each]);
    const fault = grant === undefined ? "nothing is granted" : grantFault(grant);
    if (fault !== undefined) throw refusal(`${place}: ${fault}`);
    return { resource_uid: grant?.resource ?? null, permission_types: types };
  });
}

/** Grants on the inventory in a body. Throws for the first that makes no sense. */
function inventoryIn(body: JsonObject): readonly JsonObject[] {
  const given = body["inventory"] ?? [];
  if (!Array.isArray(given)) throw refusal("inventory: expected a list of grants");
  return given.map((each: unknown, index) => {
    const read = readInventoryGrant(each);
    if ("grant" in read) return grantDocument(read.grant);
    const faults = read.faults.map(({ message }) => message).join("; ");
    throw refusal(`inventory[${index}]: ${faults}`);
  });
}

async function ofApi(book: RoleBook, name: string): Promise<void> {
  const known = (await book.roles()).find((role) => role.name === name);
  if (known === undefined || known.origin === "API") return;
  throw new AppError("CONFLICT", [
    known.origin === "system"
      ? `The role "${name}" is a system role: it cannot be changed.`
      : `The role "${name}" is written in a file: change it there and reload.`,
  ]);
}

/** Ours: to write. What concerns files stays in files. */
export function roleRoutes(door: Door): Routes {
  const { book, core } = door;
  const { db } = core.database;
  const router = new Routes();
  const find = async (name: string): Promise<Role> => {
    const found = (await book.roles()).find((role) => role.name === name);
    if (found === undefined) throw new AppError("NOT_FOUND", [`There is no role "${name}".`]);
    return found;
  };
  router.about({ summary: "All roles" });
  router.get("/roles", "admin", async (_request, response) => {
    response.json({ items: (await book.roles()).map(roleView) });
  });
  router.about({ summary: "One role" });
  router.get("/roles/:name", "admin", async (request, response) => {
    response.json(roleView(await find(request.params.name)));
  });
  router.about({ summary: "Make or change a role", body: roleSchema });
  router.put("/roles/:name", "admin", async (request, response) => {
    const { name } = request.params;
    if (!/^[\w.-]{1,100}$/.test(name))
      throw refusal("The name of a role has 1 to 100 letters, digits, dots, dashes, underscores.");
    await ofApi(book, name);
    const body = bodyOf(request);
    const grants = grantsIn(body);
    const description = optionalTextIn(body, "description") ?? "";
    await putRole(db, { name, description, grants, inventory: inventoryIn(body) });
    book.forget();
    response.json(roleView(await find(name)));
  });
  router.about({ summary: "Remove a role with its assignments" });
  router.delete("/roles/:name", "admin", async (request, response) => {
    const { name } = request.params;
    await find(name);
    await ofApi(book, name);
    await removeRole(db, name);
    book.forget();
    response.status(204).end();
  });
  router.about({ summary: "All permission types by resource type, each with what it allows" });
  router.get("/permission-types", "admin", (_request, response) => {
    response.json(permissionsByType(resourceTypes));
  });
  assignmentRoutes(door, router);
  return router;
}

function assignmentRoutes(door: Door, router: Routes): void {
  const { book, core } = door;
  const { db } = core.database;
  router.about({ summary: "Who has which role" });
  router.get("/role-assignments", "admin", async (_request, response) => {
    response.json({ items: await assignments(door) });
  });
  router.about({ summary: "Give a role to a user", body: assignmentSchema });
  router.post("/role-assignments", "admin", async (request, response) => {
    const body = bodyOf(request);
    const role = textIn(body, "role");
    const user = textIn(body, "user");
    if (!(await book.roles()).some(({ name }) => name === role))
      throw refusal(`There is no role "${role}".`);
    const description = optionalTextIn(body, "description") ?? "";
    const { id } = await addAssignment(db, { id: core.newId(), account: user, role, description });
    book.forget();
    response.status(201).json(assignmentView({ id, user, role, description, source: "API" }));
  });
  router.about({ summary: "Take a role away" });
  router.delete("/role-assignments/:id", "admin", async (request, response) => {
    if (!(await removeAssignment(db, request.params.id)))
      throw new AppError("NOT_FOUND", [
        `There is no assignment "${request.params.id}" that was made through the API.`,
      ]);
    book.forget();
    response.status(204).end();
  });
}

const roleSchema = {
  type: "object",
  properties: {
    description: { type: "string" },
    permission_grants: {
      type: "array",
      items: {
        type: "object",
        properties: {
          resource_uid: { type: ["string", "null"] },
          permission_types: { type: "array", items: { type: "string", enum: permissionTypes } },
        },
        required: ["permission_types"],
      },
    },
    inventory: {
      type: "array",
      items: {
        type: "object",
        properties: {
          types: { type: "array", items: { type: "string" } },
          may: { type: "array", items: { type: "string", enum: inventoryVerbs } },
          attributes: { type: "array", items: { type: "string" } },
          except: { type: "array", items: { type: "string" } },
          entries: { type: "array" },
          where: { type: ["object", "array"] },
        },
        required: ["types", "may"],
        additionalProperties: false,
      },
    },
  },
} as const;

const assignmentSchema = {
  type: "object",
  properties: {
    user: { type: "string" },
    role: { type: "string" },
    description: { type: "string" },
  },
  required: ["user", "role"],
} as const;
