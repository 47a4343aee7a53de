/** Alerts that wait for a digest, and digests that were made. */
import { sql, type Selectable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type DigestRow = Selectable<LedgerSchema["digest"]>;

export interface WaitingAlert {
  readonly fingerprint: string;
  readonly days: readonly string[];
  readonly first_at: Date;
  readonly last_at: Date;
  /** The newest day's document. */
  readonly document: JsonObject;
}

/** Alerts of days before `date` without a ticket whose urgency is none of those that become tickets at once; one row per identity, in order. */
export async function waitingAlerts(
  db: Db,
  range: {
    readonly from: string;
    readonly date: string;
    readonly urgencies: readonly string[];
    readonly limit: number;
    readonly after: string;
  },
): Promise<readonly WaitingAlert[]> {
  const { rows } = await sql<WaitingAlert>`
    select fingerprint, array_agg(day order by day) as days, min(first_at) as first_at, max(last_at) as last_at,
      (array_agg(document order by day desc))[1] as document
    from alert where day >= ${range.from} and day < ${range.date} and ticket is null and count > 0 and fingerprint > ${range.after}
      and coalesce(document ->> 'urgency', 'immediate') <> all(${[...range.urgencies]}::text[])
    group by fingerprint order by fingerprint limit ${range.limit}`.execute(db);
  return rows;
}

/** When the alerts of those days occurred, oldest first, by identity. */
export async function occurrencesOf(
  db: Db,
  alerts: readonly Pick<WaitingAlert, "fingerprint" | "days">[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const wanted = alerts.flatMap(({ fingerprint, days }) =>
    days.map((day) => ({ fingerprint, day })),
  );
  const { rows } = await sql<{ fingerprint: string; times: string[] }>`
    select o.fingerprint, array_agg(o.document ->> 'occurred_at' order by o.document ->> 'occurred_at') as times
    from alert_occurrence o join jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w(fingerprint text, day text)
      on w.fingerprint = o.fingerprint and w.day = o.day
    where o.effect in ('firing', 'repeated') group by o.fingerprint`.execute(db);
  return new Map(rows.map(({ fingerprint, times }) => [fingerprint, times]));
}

/** Those days' alerts have that ticket; one that has one keeps it. */
export async function ticketOfDays(
  db: Db,
  { fingerprint, days }: Pick<WaitingAlert, "fingerprint" | "days">,
  ticket: string,
): Promise<void> {
  await db
    .updateTable("alert")
    .set({ ticket })
    .where("fingerprint", "=", fingerprint)
    .where("day", "in", [...days])
    .where("ticket", "is", null)
    .execute();
}

/** Counts what a digest made; it is made of many transactions and may be run again. */
export async function countDigest(
  db: Db,
  digest: Pick<DigestRow, "date" | "window_from" | "window_to" | "tickets" | "alerts">,
): Promise<void> {
  await sql`
    insert into digest as d (date, window_from, window_to, tickets, alerts)
    values (${digest.date}, ${digest.window_from}, ${digest.window_to}, ${digest.tickets}, ${digest.alerts})
    on conflict (date) do update set tickets = d.tickets + excluded.tickets, alerts = d.alerts + excluded.alerts, ran_at = clock_timestamp()`.execute(
    db,
  );
}

export async function digestOf(db: Db, date: string): Promise<DigestRow | undefined> {
  return db.selectFrom("digest").selectAll().where("date", "=", date).executeTakeFirst();
}
