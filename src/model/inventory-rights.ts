/** What somebody's rights come to in the inventory: permission types and grants on parts of it, as grants. */
import { inventoryVerbs, type InventoryGrant, type InventoryVerb } from "./inventory-grants.ts";
import type { PermissionType } from "./permission-types.ts";
import { allows, isAdmin, type Grant, type Rights } from "./permissions.ts";

/** A grant with where it comes from, for explanations. */
export interface SourcedGrant extends InventoryGrant {
  readonly from: string;
}

const meaning: Readonly<Partial<Record<PermissionType, readonly InventoryVerb[]>>> = {
  inventory_list: ["read", "export"],
  inventory_view: ["read", "export"],
  inventory_modify: ["read", "export", "write", "create", "delete"],
  inventory_all: inventoryVerbs,
};

function grant(
  types: readonly string[],
  may: readonly InventoryVerb[],
  source: Source,
): SourcedGrant {
  return {
    types,
    may,
    attributes: undefined,
    except: [],
    entries: undefined,
    where: undefined,
    ...source,
  };
}

/** "everything", or what is granted. */
export function inventoryGrantsOf(rights: Rights): "everything" | readonly SourcedGrant[] {
  if (isAdmin(rights)) return "everything";
  const general = {
    roles: rights.roles,
    grants: rights.grants.filter(({ resource }) => resource === undefined),
  };
  if (allows(general, "inventory_all")) return "everything";
  const found: SourcedGrant[] = [];
  if (allows(general, "inventory_modify"))
    found.push(grant(["*"], meaning.inventory_modify ?? [], holding(general, "inventory_modify")));
  else if (allows(general, "inventory_view") || allows(general, "inventory_list"))
    found.push(grant(["*"], meaning.inventory_view ?? [], holding(general, "inventory_view")));
  found.push(...rights.grants.flatMap(onResource));
  const parts = rights.inventory ?? [];
  found.push(...parts.map((one, index) => ({ ...one, from: `inventory grant ${index + 1}` })));
  return found;
}

/** Why nothing limits somebody; undefined when something does. */
export function unlimitedBy(rights: Rights): string | undefined {
  const admin = rights.roles.find((role) => isAdmin({ roles: [role] }));
  if (admin !== undefined) return `role ${admin}`;
  return inventoryGrantsOf(rights) === "everything"
    ? holding(rights, "inventory_all").from
    : undefined;
}

type Source = Pick<SourcedGrant, "from" | "role">;

/** Which role gives a permission on the whole inventory. */
function holding(rights: Rights, permission: PermissionType): Source {
  const wider = permission === "inventory_view" ? "inventory_list" : permission;
  if (allows({ roles: rights.roles, grants: [] }, permission))
    return { from: "permission to view everything", role: "observer" };
  const by = (wanted: PermissionType) =>
    rights.grants.find((one) => allows({ roles: [], grants: [one] }, wanted));
  const role = (by(permission) ?? by(wider))?.role;
  return { from: `permission ${permission}`, ...(role === undefined ? {} : { role }) };
}

/** `inventory:Device`, `inventory:Device:web012`. */
function onResource({ resource, permissions, role }: Grant): readonly SourcedGrant[] {
  const [, type, name] = /^inventory:([^:]+)(?::(.+))?$/.exec(resource ?? "") ?? [];
  if (type === undefined) return [];
  const may = new Set(permissions.flatMap((permission) => meaning[permission] ?? []));
  if (may.size === 0) return [];
  const from = name === undefined ? "permission on a type" : "permission on an entry";
  const made = grant([type], [...may], { from, ...(role === undefined ? {} : { role }) });
  return [name === undefined ? made : { ...made, entries: [name] }];
}
