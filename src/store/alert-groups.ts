/** Groups of alerts that are told together. */
import { sql, type Selectable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { AlertRow } from "./alerts.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type GroupRow = Selectable<LedgerSchema["alert_group"]>;

/** Opens the group unless it is open. */
export async function openGroup(
  db: Db,
  group: {
    readonly key: string;
    readonly rule: string;
    readonly labels: JsonObject;
    readonly dueAt: Date;
  },
): Promise<void> {
  const { key, rule, labels, dueAt } = group;
  await db
    .insertInto("alert_group")
    .values({ key, rule, labels: JSON.stringify(labels), due_at: dueAt })
    .onConflict((on) => on.column("key").doNothing())
    .execute();
}

export async function dueGroups(db: Db, now: Date, limit: number): Promise<readonly GroupRow[]> {
  return db
    .selectFrom("alert_group")
    .selectAll()
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .limit(limit)
    .execute();
}

/** The group, held until the transaction ends; undefined when it is gone or somebody else holds it. */
export async function holdGroup(db: Db, key: string): Promise<GroupRow | undefined> {
  return db
    .selectFrom("alert_group")
    .selectAll()
    .where("key", "=", key)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

export async function saveGroup(
  db: Db,
  key: string,
  next: { readonly dueAt: Date; readonly told: readonly string[]; readonly toldAt: Date },
): Promise<void> {
  await db
    .updateTable("alert_group")
    .set({ due_at: next.dueAt, told: JSON.stringify(next.told), told_at: next.toldAt })
    .where("key", "=", key)
    .execute();
}

export async function removeGroup(db: Db, key: string): Promise<void> {
  await db.deleteFrom("alert_group").where("key", "=", key).execute();
}

/** Alerts of the group that are not over and that rules heard of. */
export async function membersOf(db: Db, key: string): Promise<readonly AlertRow[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("group_key", "=", key)
    .where("status", "!=", "resolved")
    .where("told", "is not", null)
    .orderBy("first_at")
    .orderBy("fingerprint")
    .limit(500)
    .execute();
}

export async function listGroups(
  db: Db,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly (GroupRow & { readonly firing: number })[]> {
  const { rows } = await sql<GroupRow & { firing: number }>`
    select g.*, (select count(*) from alert a where a.group_key = g.key and a.status <> 'resolved' and a.told is not null) as firing
    from alert_group g order by g.opened_at desc, g.key limit ${limit} offset ${offset}`.execute(
    db,
  );
  return rows;
}
