/** What is still to be told to the trackers about tickets that are there, in order per ticket. */
import { sql, type Selectable, type Updateable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type TicketChangeRow = Selectable<LedgerSchema["ticket_change"]>;

export interface NewChange {
  readonly ticketId: number;
  /** The same key is the same change. */
  readonly key: string;
  readonly verb: string;
  readonly document: JsonObject;
  /** Waiting changes of the same name become one: the newest says it. */
  readonly merge: string | null;
  /** At least so many seconds after the last one of that name, be it told or on its way. */
  readonly spacingSeconds: number;
}

/** Adds a change, once. Gives its row. */
export async function addChange(db: Db, change: NewChange): Promise<TicketChangeRow> {
  const { ticketId, key, verb, merge, spacingSeconds } = change;
  const document = JSON.stringify(change.document);
  const { rows } = await sql<TicketChangeRow>`
    insert into ticket_change (ticket_id, key, verb, document, merge, not_before)
    values (${ticketId}, ${key}, ${verb}, ${document}::jsonb, ${merge},
      greatest(clock_timestamp(), (select max(coalesce(done_at, sent_at)) + make_interval(secs => ${spacingSeconds}) from ticket_change
        where ticket_id = ${ticketId} and merge = ${merge} and state <> 'merged')))
    on conflict (ticket_id, key) do nothing returning *`.execute(db);
  const [added] = rows;
  if (added === undefined)
    return db
      .selectFrom("ticket_change")
      .selectAll()
      .where("ticket_id", "=", ticketId)
      .where("key", "=", key)
      .executeTakeFirstOrThrow();
  if (merge !== null) await mergeEarlier(db, added);
  return added;
}

/** Whether the newest change of that name says the same, be it told or not yet. */
export async function lastSays(
  db: Db,
  {
    ticketId,
    merge,
    document,
  }: Pick<NewChange, "ticketId" | "document"> & { readonly merge: string },
): Promise<boolean> {
  const { rows } = await sql<{ same: boolean }>`
    select document = ${JSON.stringify(document)}::jsonb as same from ticket_change
    where ticket_id = ${ticketId} and merge = ${merge} and merge is not null and state <> 'merged' order by id desc limit 1`.execute(
    db,
  );
  return rows[0]?.same === true;
}

/** A change that may be on its way already is left alone. */
async function mergeEarlier(
  db: Db,
  { id, ticket_id, merge, not_before }: TicketChangeRow,
): Promise<void> {
  const { rows } = await sql<{ not_before: Date }>`
    update ticket_change set state = 'merged', done_at = clock_timestamp()
    where ticket_id = ${ticket_id} and merge = ${merge} and state = 'waiting' and id < ${id} and sent_at is null
    returning not_before`.execute(db);
  const earliest = rows.map((row) => row.not_before).toSorted((a, b) => a.getTime() - b.getTime());
  const [first] = earliest;
  if (first !== undefined && first < not_before)
    await db.updateTable("ticket_change").set({ not_before: first }).where("id", "=", id).execute();
}

/** The oldest waiting change; later ones wait for it. */
export async function nextChange(db: Db, ticketId: number): Promise<TicketChangeRow | undefined> {
  return db
    .selectFrom("ticket_change")
    .selectAll()
    .where("ticket_id", "=", ticketId)
    .where("state", "=", "waiting")
    .where("not_before", "<=", sql<Date>`clock_timestamp()`)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
}

/** Marks it as on its way; false when it was merged meanwhile. */
export async function sendingChange(db: Db, id: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("ticket_change")
    .set({ sent_at: sql<Date>`clock_timestamp()`, attempts: sql<number>`attempts + 1` })
    .where("id", "=", id)
    .where("state", "=", "waiting")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function endChange(
  db: Db,
  id: number,
  change: Updateable<LedgerSchema["ticket_change"]>,
): Promise<void> {
  await db.updateTable("ticket_change").set(change).where("id", "=", id).execute();
}

export async function changeById(db: Db, id: number): Promise<TicketChangeRow | undefined> {
  return db.selectFrom("ticket_change").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function changesOf(db: Db, ticketId: number): Promise<readonly TicketChangeRow[]> {
  return db
    .selectFrom("ticket_change")
    .selectAll()
    .where("ticket_id", "=", ticketId)
    .orderBy("id")
    .execute();
}
