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
    .orderBy(sql`left(day, 10) = ${day}`, "desc")
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

/** What is written of an alert. */
export interface AlertValues {
  readonly fingerprint: string;
  readonly day: string;
  readonly count: number;
  readonly status: string;
  readonly document: JsonObject;
  readonly at: Date;
  readonly lastAt: Date;
  readonly told: string | null;
  readonly held: unknown;
  readonly groupKey: string | null;
}

export async function saveAlert(db: Db, values: AlertValues): Promise<void> {
  const { fingerprint, day, count, status, at, lastAt, told, groupKey } = values;
  const document = JSON.stringify(values.document);
  const held = values.held === null ? null : JSON.stringify(values.held);
  const changing = { count, status, document, last_at: lastAt, told, held, group_key: groupKey };
  await db
    .insertInto("alert")
    .values({ fingerprint, day, first_at: at, ...changing })
    .onConflict((on) => on.columns(["fingerprint", "day"]).doUpdateSet(changing))
    .execute();
}

/** Earlier records of an alert that is over are over, too. Gives their tickets. */
export async function closeEarlier(
  db: Db,
  fingerprint: string,
  day: string,
): Promise<readonly string[]> {
  const rows = await db
    .updateTable("alert")
    .set({ status: "resolved", told: "resolved", held: null })
    .where("fingerprint", "=", fingerprint)
    .where("day", "<", day)
    .where("status", "!=", "resolved")
    .returning("ticket")
    .execute();
  return rows.flatMap(({ ticket }) => (ticket === null ? [] : [ticket]));
}

/** Alerts that are not over, newest first. */
export async function openAlerts(db: Db, limit: number): Promise<readonly AlertRow[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("status", "!=", "resolved")
    .orderBy("last_at", "desc")
    .limit(limit)
    .execute();
}

/** Alerts of which rules have not heard the newest, those that wait longest first. */
export async function heldAlerts(db: Db, limit: number): Promise<readonly AlertRow[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("held", "is not", null)
    .orderBy("last_at")
    .limit(limit)
    .execute();
}

/** Says what rules heard, and why they have not heard more. */
export async function markTold(
  db: Db,
  { fingerprint, day }: Pick<AlertRow, "fingerprint" | "day">,
  { told, held }: { readonly told: string | null; readonly held: unknown },
): Promise<void> {
  await db
    .updateTable("alert")
    .set({ told, held: held === null ? null : JSON.stringify(held) })
    .where("fingerprint", "=", fingerprint)
    .where("day", "=", day)
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

/** A ticket has its tracker's name from now on. */
export async function renameTicket(db: Db, from: string, to: string): Promise<void> {
  await db.updateTable("alert").set({ ticket: to }).where("ticket", "=", from).execute();
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

/** The newest record of an alert. */
export async function newestAlert(db: Db, fingerprint: string): Promise<AlertRow | undefined> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .orderBy("day", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** By the id that people see: the beginning of the fingerprint, and the day. */
export async function alertNamed(db: Db, id: string): Promise<AlertRow | undefined> {
  const parts = /^([0-9a-f]{16})-(.+)$/.exec(id);
  if (parts === null) return undefined;
  return db
    .selectFrom("alert")
    .selectAll()
    .where("fingerprint", "like", `${parts[1]}%`)
    .where("day", "=", parts[2] ?? "")
    .executeTakeFirst();
}

export interface AlertFilter {
  readonly day?: string | undefined;
  readonly status?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  readonly urgency?: string | undefined;
  readonly held?: boolean | undefined;
  readonly ticket?: string | undefined;
}

/** Newest first. */
export async function listAlerts(
  db: Db,
  { day, status, source, host, urgency, held, ticket }: AlertFilter,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly AlertRow[]> {
  let query = db.selectFrom("alert").selectAll();
  if (day !== undefined) query = query.where(sql`left(day, 10)`, "=", day);
  if (status !== undefined) query = query.where("status", "=", status);
  if (ticket !== undefined) query = query.where("ticket", "=", ticket);
  if (held !== undefined) query = query.where("held", held ? "is not" : "is", null);
  for (const [name, value] of Object.entries({ source, host_raw: host, urgency }))
    if (value !== undefined) query = query.where(sql`document ->> ${name}`, "=", value);
  return query
    .orderBy("last_at", "desc")
    .orderBy("fingerprint")
    .limit(limit)
    .offset(offset)
    .execute();
}

/** When the latest recovery happened that closed nothing, because no such alert was open; ISO 8601. */
export async function strayRecovery(db: Db, fingerprint: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("alert_occurrence")
    .select(sql<string | null>`document ->> 'occurred_at'`.as("at"))
    .where("fingerprint", "=", fingerprint)
    .where("effect", "=", "resolved-unknown")
    .orderBy("received_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** Messages that were counted in an alert's record, newest first. */
export async function occurrencesOf(
  db: Db,
  { fingerprint, day }: Pick<AlertRow, "fingerprint" | "day">,
  limit: number,
): Promise<readonly OccurrenceRow[]> {
  return db
    .selectFrom("alert_occurrence")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .where("day", "=", day)
    .orderBy("received_at", "desc")
    .limit(limit)
    .execute();
}
