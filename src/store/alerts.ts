/** Alerts: one record per identity and calendar day, and every message that was counted in it. */
import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type AlertRow = Selectable<LedgerSchema["alert"]>;
export type OccurrenceRow = Selectable<LedgerSchema["alert_occurrence"]>;

/** Messages of one alert identity are taken in one after the other: holds it until the transaction ends. */
export async function lockAlert(db: Db, fingerprint: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${fingerprint}, 7))`.execute(db);
}

export async function findOccurrence(
  db: Db,
  messageKey: string,
): Promise<OccurrenceRow | undefined> {
  return db
    .selectFrom("alert_occurrence")
    .selectAll()
    .where("message_key", "=", messageKey)
    .executeTakeFirst();
}

/** The record of that day, else the newest of any day. */
export async function findAlert(
  db: Db,
  fingerprint: string,
  day: string,
): Promise<AlertRow | undefined> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .orderBy(sql`day = ${day}`, "desc")
    .orderBy("day", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** The newest record that is not over. */
export async function openAlert(db: Db, fingerprint: string): Promise<AlertRow | undefined> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .where("status", "!=", "resolved")
    .orderBy("day", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** The record of exactly that day. */
export async function alertOf(
  db: Db,
  fingerprint: string,
  day: string,
): Promise<AlertRow | undefined> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .where("day", "=", day)
    .executeTakeFirst();
}

export async function saveAlert(
  db: Db,
  {
    fingerprint,
    day,
    count,
    status,
    document,
    at,
    lastAt,
  }: {
    fingerprint: string;
    day: string;
    count: number;
    status: string;
    document: JsonObject;
    at: Date;
    lastAt: Date;
  },
): Promise<void> {
  const json = JSON.stringify(document);
  await db
    .insertInto("alert")
    .values({ fingerprint, day, count, status, document: json, first_at: at, last_at: lastAt })
    .onConflict((on) =>
      on
        .columns(["fingerprint", "day"])
        .doUpdateSet({ count, status, document: json, last_at: lastAt }),
    )
    .execute();
}

export async function saveOccurrence(
  db: Db,
  row: {
    message_key: string;
    fingerprint: string;
    day: string;
    effect: string;
    document: JsonObject;
  },
): Promise<void> {
  await db
    .insertInto("alert_occurrence")
    .values({ ...row, document: JSON.stringify(row.document) })
    .execute();
}

/** Remembers the ticket of that day; the first one stays. Gives the one that is remembered. */
export async function rememberTicket(
  db: Db,
  fingerprint: string,
  day: string,
  ticket: string,
): Promise<string | undefined> {
  const row = await db
    .updateTable("alert")
    .set({ ticket: sql<string>`coalesce(ticket, ${ticket})` })
    .where("fingerprint", "=", fingerprint)
    .where("day", "=", day)
    .returning("ticket")
    .executeTakeFirst();
  return row?.ticket ?? undefined;
}

/** Merges facts that workflows keep with the alert. */
export async function mergeFacts(
  db: Db,
  fingerprint: string,
  day: string,
  facts: JsonObject,
): Promise<AlertRow | undefined> {
  return db
    .updateTable("alert")
    .set({
      workflow: sql`coalesce(workflow, '{}'::jsonb) || ${JSON.stringify(facts)}::jsonb`,
    })
    .where("fingerprint", "=", fingerprint)
    .where("day", "=", day)
    .returningAll()
    .executeTakeFirst();
}
