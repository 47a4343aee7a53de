/** Who may do what: grants, and the decision. Implications are StackStorm's (`st2common/rbac/types.py`, st2-rbac-backend's resolvers). */

import { inventoryVerbs, type InventoryGrant, type InventoryVerb } from "./inventory-grants.ts";
import {
  isGlobal,
  isResourceType,
  operationsOf,
  partsOf,
  permissionsOf,
  permissionTypes,
  resourceTypes,
  type PermissionType,
} from "./permission-types.ts";

/** Permissions on one thing that follow from permissions on another: an execution belongs to its action, an enforcement to its rule, an inquiry to the
 * workflow that asks. */
const follows: Readonly<Partial<Record<PermissionType, PermissionType>>> = {
  execution_view: "action_view",
  execution_rerun: "action_execute",
  execution_stop: "action_execute",
  rule_enforcement_view: "rule_view",
  inquiry_view: "action_execute",
  inquiry_respond: "action_execute",
};

/** What includes viewing. */
const viewing = new Set(["all", "create", "modify", "delete", "execute", "set", "list", "respond"]);

/** Permission types each of which is enough on the resource itself or what it belongs to. */
function sufficient(permission: PermissionType): ReadonlySet<string> {
  const { type, operation } = partsOf(permission);
  const enough = new Set<string>([permission, `${type}_all`]);
  // A list permission says nothing about single resources, but of keys and inquiries it does.
  const listIsView = type === "key_value_pair" || type === "inquiry";
  if (operation === "view")
    for (const each of operationsOf(type))
      if (viewing.has(each) && (each !== "list" || listIsView)) enough.add(`${type}_${each}`);
  if (permission === "inquiry_respond") enough.add("inquiry_view");
  const followed = follows[permission];
  if (followed !== undefined) for (const each of enoughFor(followed)) enough.add(each);
  return enough;
}

const enoughs = new Map<PermissionType, ReadonlySet<string>>();

function enoughFor(permission: PermissionType): ReadonlySet<string> {
  const known = enoughs.get(permission);
  if (known !== undefined) return known;
  const made = sufficient(permission);
  enoughs.set(permission, made);
  return made;
}

/** What a role allows. */
export interface Grant {
  /** `pack:x`, `action:x:y` …; undefined: for permissions that concern no single resource. */
  readonly resource: string | undefined;
  readonly permissions: readonly PermissionType[];
  /** The role that it belongs to, where that is known. */
  readonly role?: string;
}

/** What somebody may do. */
export interface Rights {
  readonly roles: readonly string[];
  readonly grants: readonly Grant[];
  /** What their roles allow in parts of the inventory. */
  readonly inventory?: readonly InventoryGrant[];
}

export interface Resource {
  /** `action:core:local`. */
  readonly uid: string;
  /** Uids of what it belongs to: its pack, its action. */
  readonly within?: readonly string[];
  /** Whose it is: the owner may do everything with it. */
  readonly owner?: string;
}

export const systemRoles = ["system_admin", "admin", "observer"] as const;

const observed = new Set(["view", "list", "search", "views_filters_list"]);

export function isAdmin({ roles }: Pick<Rights, "roles">): boolean {
  return roles.includes("system_admin") || roles.includes("admin");
}

function byRole(rights: Rights, permission: PermissionType): boolean {
  if (isAdmin(rights)) return true;
  const { operation } = partsOf(permission);
  return rights.roles.includes("observer") && observed.has(operation);
}

const opening: Readonly<Partial<Record<PermissionType, readonly InventoryVerb[]>>> = {
  inventory_list: inventoryVerbs,
  inventory_view: inventoryVerbs,
  inventory_modify: ["write", "create", "delete"],
};

/** Whether some part of the inventory is open for it: what is in that part, the inventory decides. */
function byInventory({ inventory = [] }: Rights, permission: PermissionType): boolean {
  const enough = opening[permission] ?? [];
  return inventory.some(({ may }) => may.some((verb) => enough.includes(verb)));
}

/** Whether these rights allow it, on that resource or, without one, at all. */
export function allows(rights: Rights, permission: PermissionType, resource?: Resource): boolean {
  if (byRole(rights, permission) || byInventory(rights, permission)) return true;
  if (resource === undefined)
    return rights.grants.some(
      ({ permissions, resource: at }) =>
        permissions.includes(permission) || (at === undefined && anyOf(permissions, permission)),
    );
  const places = new Set([resource.uid, ...(resource.within ?? [])]);
  return rights.grants.some(({ resource: at, permissions }) =>
    at === undefined
      ? // Who may make one has not thereby seen all that others made.
        anyOf(
          permissions.filter((each) => !each.endsWith("_create")),
          permission,
        )
      : places.has(at) && anyOf(permissions, permission),
  );
}

function anyOf(given: readonly PermissionType[], wanted: PermissionType): boolean {
  const enough = enoughFor(wanted);
  return given.some((each) => enough.has(each));
}

/** Whether some resource could be allowed: who has no such grant at all needs not be told which resources exist. */
export function allowsSomewhere(rights: Rights, permission: PermissionType): boolean {
  return (
    byRole(rights, permission) ||
    rights.grants.some(({ permissions }) => anyOf(permissions, permission))
  );
}

/** What is wrong with a grant, or undefined. */
export function grantFault({ resource, permissions }: Grant): string | undefined {
  if (resource === undefined) {
    const odd = permissions.find((each) => !isGlobal(each));
    return odd === undefined
      ? undefined
      : `Invalid permission type "${odd}". Valid global permission types which can be used without a resource id are: ${permissionTypes.filter(isGlobal).join(", ")}`;
  }
  const [type = ""] = resource.split(":");
  if (!isResourceType(type) || !resource.includes(":"))
    return `"${resource}" is not the uid of a resource: write <type>:<name>, where <type> is one of ${resourceTypes.join(", ")}`;
  const known = permissionsOf(type);
  const odd = permissions.find((each) => !known.has(each));
  return odd === undefined
    ? undefined
    : `Invalid permission type "${odd}" for resource type "${type}"`;
}
