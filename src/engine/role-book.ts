/** Which roles somebody has, and what they allow: system roles, roles of files, roles of the API. What the API changes counts within a second. */
import type { RoleFiles } from "../content/roles.ts";
import { readInventoryGrant } from "../inventory/grant.ts";
import type { InventoryGrant } from "../model/inventory-grants.ts";
import { isObject } from "../model/json.ts";
import { isPermissionType } from "../model/permission-types.ts";
import { type Grant, type Rights, systemRoles } from "../model/permissions.ts";
import type { Database } from "../store/database.ts";
import { listAssignments, listRoles, type StoredAssignment } from "../store/roles.ts";

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly grants: readonly Grant[];
  /** What it allows in parts of the inventory. */
  readonly inventory: readonly InventoryGrant[];
  /** Who can change it: nobody, whoever writes files, whoever uses the API. */
  readonly origin: "system" | "file" | "API";
}

export interface Assignment {
  /** Of those of the API. */
  readonly id: string | undefined;
  readonly user: string;
  readonly role: string;
  readonly description: string;
  /** `API`, or the file. */
  readonly source: string;
}

interface Snapshot {
  readonly roles: ReadonlyMap<string, Role>;
  readonly assigned: ReadonlyMap<string, readonly Assignment[]>;
}

const freshMs = 1_000;

const system: readonly Role[] = systemRoles.map((name) => ({
  name,
  description: {
    system_admin: "May do everything; who has it first is made at the first start.",
    admin: "May do everything.",
    observer: "May see everything and change nothing.",
  }[name],
  grants: [],
  inventory: [],
  origin: "system",
}));

/** Reads grants as they are stored; what is not understood allows nothing. */
export function grantsFrom(stored: unknown): readonly Grant[] {
  if (!Array.isArray(stored)) return [];
  const list: readonly unknown[] = stored;
  return list.filter(isObject).map(({ resource_uid: at, permission_types: types }) => ({
    resource: typeof at === "string" && at !== "" ? at : undefined,
    permissions: Array.isArray(types) ? types.filter(isPermissionType) : [],
  }));
}

/** The same of grants on the inventory. */
export function inventoryGrantsFrom(stored: unknown): readonly InventoryGrant[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((one: unknown) => {
    const read = readInventoryGrant(one);
    return "grant" in read ? [read.grant] : [];
  });
}

export class RoleBook {
  readonly #database: Pick<Database, "db">;
  readonly #files: () => RoleFiles;
  /** False: whoever signed in may do everything, as in a StackStorm without RBAC. */
  readonly enforced: boolean;
  #snapshot: Promise<Snapshot> | undefined;
  #until = 0;

  constructor(database: Pick<Database, "db">, files: () => RoleFiles, enforced = true) {
    this.#database = database;
    this.#files = files;
    this.enforced = enforced;
  }

  /** Forgets what it knows: the next question looks again. */
  forget(): void {
    this.#snapshot = undefined;
  }

  async roles(): Promise<readonly Role[]> {
    return [...(await this.#look()).roles.values()];
  }

  /** Those of files and of the API. */
  async assignments(): Promise<readonly Assignment[]> {
    return [...(await this.#look()).assigned.values()].flat();
  }

  /** Roles that these groups of another service give. */
  rolesOfGroups(groups: readonly string[]): readonly string[] {
    const has = new Set(groups);
    const given = this.#files().mappings.filter(({ group }) => has.has(group));
    return [...new Set(given.flatMap(({ roles }) => roles))];
  }

  /** All roles of an account with what they allow. `own`: those that the account itself holds. */
  async rightsOf(name: string, own: readonly string[]): Promise<Required<Rights>> {
    const { roles, assigned } = await this.#look();
    const names = new Set([...own, ...(assigned.get(name) ?? []).map(({ role }) => role)]);
    if (!this.enforced) names.add("admin");
    const held = [...names].filter((each) => roles.has(each));
    return {
      roles: held,
      grants: held.flatMap((role) =>
        (roles.get(role)?.grants ?? []).map((one) => ({ ...one, role })),
      ),
      inventory: held.flatMap((role) =>
        (roles.get(role)?.inventory ?? []).map((one) => ({ ...one, role })),
      ),
    };
  }

  #look(): Promise<Snapshot> {
    const now = performance.now();
    if (this.#snapshot !== undefined && this.#until > now) return this.#snapshot;
    this.#until = now + freshMs;
    const looking = this.#read();
    this.#snapshot = looking;
    looking.catch(() => {
      if (this.#snapshot === looking) this.#snapshot = undefined;
    });
    return looking;
  }

  async #read(): Promise<Snapshot> {
    const { db } = this.#database;
    const [stored, given] = await Promise.all([listRoles(db), listAssignments(db)]);
    const files = this.#files();
    const roles = new Map<string, Role>(system.map((role) => [role.name, role]));
    const add = (role: Role): void => void (roles.has(role.name) || roles.set(role.name, role));
    for (const role of files.roles) add({ ...role, origin: "file" });
    for (const { name, description, grants, inventory } of stored) {
      const parts = { grants: grantsFrom(grants), inventory: inventoryGrantsFrom(inventory) };
      add({ name, description, ...parts, origin: "API" });
    }
    const assigned = new Map<string, Assignment[]>();
    const assign = (each: Assignment): void =>
      void assigned.set(each.user, [...(assigned.get(each.user) ?? []), each]);
    for (const { user, roles: names, description, file } of files.assignments)
      for (const role of names) assign({ id: undefined, user, role, description, source: file });
    for (const each of given) assign(fromApi(each));
    return { roles, assigned };
  }
}

function fromApi({ id, account, role, description }: StoredAssignment): Assignment {
  return { id, user: account, role, description, source: "API" };
}
