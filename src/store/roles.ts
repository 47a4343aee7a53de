/** Roles and assignments that were made through the API. */
import type { Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type StoredRole = Selectable<LedgerSchema["role"]>;
export type StoredAssignment = Selectable<LedgerSchema["role_assignment"]>;

export async function listRoles(db: Db): Promise<readonly StoredRole[]> {
  return db.selectFrom("role").selectAll().orderBy("name").limit(10_000).execute();
}

export async function listAssignments(db: Db): Promise<readonly StoredAssignment[]> {
  return db
    .selectFrom("role_assignment")
    .selectAll()
    .orderBy("account")
    .orderBy("role")
    .limit(100_000)
    .execute();
}

export async function putRole(
  db: Db,
  {
    name,
    description,
    grants,
    inventory,
  }: {
    readonly name: string;
    readonly description: string;
    readonly grants: unknown;
    readonly inventory: unknown;
  },
): Promise<void> {
  const values = {
    description,
    grants: JSON.stringify(grants),
    inventory: JSON.stringify(inventory),
  };
  await db
    .insertInto("role")
    .values({ name, ...values })
    .onConflict((on) => on.column("name").doUpdateSet(values))
    .execute();
}

/** Removes a role and its assignments; true when there was one. */
export async function removeRole(db: Db, name: string): Promise<boolean> {
  await db.deleteFrom("role_assignment").where("role", "=", name).execute();
  const gone = await db.deleteFrom("role").where("name", "=", name).returning("name").execute();
  return gone.length > 0;
}

/** The assignment; one that is there stays as it is. */
export async function addAssignment(
  db: Db,
  assignment: { id: string; account: string; role: string; description: string },
): Promise<StoredAssignment> {
  const { description } = assignment;
  return db
    .insertInto("role_assignment")
    .values(assignment)
    .onConflict((on) => on.columns(["account", "role"]).doUpdateSet({ description }))
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** True when there was one. */
export async function removeAssignment(db: Db, id: string): Promise<boolean> {
  const gone = await db
    .deleteFrom("role_assignment")
    .where("id", "=", id)
    .returning("id")
    .execute();
  return gone.length > 0;
}
