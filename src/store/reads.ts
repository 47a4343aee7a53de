/** Reads for the door: newest first, bounded. */
import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type StoredInstance = Selectable<LedgerSchema["trigger_instance"]>;
export type StoredEnforcement = Selectable<LedgerSchema["enforcement"]>;
export type StoredAlert = Selectable<LedgerSchema["alert"]>;

interface Page {
  readonly limit: number;
  readonly offset: number;
}

export async function listInstances(
  db: Db,
  filter: { trigger?: string | undefined; status?: string | undefined },
  { limit, offset }: Page,
): Promise<readonly StoredInstance[]> {
  let query = db.selectFrom("trigger_instance").selectAll();
  if (filter.trigger !== undefined) query = query.where("trigger", "=", filter.trigger);
  if (filter.status !== undefined) query = query.where(sql<string>`status`, "=", filter.status);
  return query.orderBy("id", "desc").limit(limit).offset(offset).execute();
}

export async function findInstance(db: Db, id: string): Promise<StoredInstance | undefined> {
  return db.selectFrom("trigger_instance").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function listEnforcements(
  db: Db,
  filter: { rule?: string | undefined; instance?: string | undefined },
  { limit, offset }: Page,
): Promise<readonly StoredEnforcement[]> {
  let query = db.selectFrom("enforcement").selectAll();
  if (filter.rule !== undefined) query = query.where("rule", "=", filter.rule);
  if (filter.instance !== undefined)
    query = query.where("trigger_instance_id", "=", filter.instance);
  return query.orderBy("id", "desc").limit(limit).offset(offset).execute();
}

export async function listAlerts(
  db: Db,
  filter: { day?: string | undefined; status?: string | undefined },
  { limit, offset }: Page,
): Promise<readonly StoredAlert[]> {
  let query = db.selectFrom("alert").selectAll();
  if (filter.day !== undefined) query = query.where("day", "=", filter.day);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  return query.orderBy("last_at", "desc").limit(limit).offset(offset).execute();
}
