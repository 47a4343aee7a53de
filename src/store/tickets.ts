/** The map of tickets: what is wanted, and what the trackers made of it. */
import { sql, type Insertable, type Selectable, type Updateable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type TicketRow = Selectable<LedgerSchema["ticket"]>;
export type TicketEventRow = Selectable<LedgerSchema["ticket_event"]>;
export type TicketUpdate = Updateable<LedgerSchema["ticket"]>;
export type NewTicket = Pick<
  Insertable<LedgerSchema["ticket"]>,
  "key" | "period" | "kind" | "backend" | "document" | "summary" | "category" | "leader"
> & {
  readonly parent_id: number | null;
  readonly parent_key: string | null;
};

/** Decisions about one key are taken one after the other: holds it until the transaction ends. */
export async function lockTicketKey(db: Db, key: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 8))`.execute(db);
}

/** Takes (key, period) for a new ticket; the one that has it already stays as it is. A sub-ticket waits until its parent has a key. */
export async function takeTicket(
  db: Db,
  wanted: NewTicket,
): Promise<{ readonly row: TicketRow; readonly taken: boolean }> {
  const taken = await db
    .insertInto("ticket")
    .values({
      ...wanted,
      due_at: sql<Date>`case when ${wanted.parent_id}::bigint is null or exists (select from ticket p where p.id = ${wanted.parent_id}::bigint and p.remote_key is not null) then clock_timestamp() end`,
    })
    .onConflict((on) => on.columns(["key", "period"]).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (taken !== undefined) return { row: taken, taken: true };
  const row = await db
    .selectFrom("ticket")
    .selectAll()
    .where("key", "=", wanted.key)
    .where("period", "=", wanted.period ?? "")
    .executeTakeFirstOrThrow();
  return { row, taken: false };
}

/** A ticket that somebody else made in the tracker, known from now on. */
export async function adoptTicket(
  db: Db,
  { backend, remoteKey }: { readonly backend: string; readonly remoteKey: string },
): Promise<TicketRow> {
  const found = await ticketByRemoteKey(db, backend, remoteKey);
  if (found !== undefined) return found;
  await db
    .insertInto("ticket")
    .values({
      key: `adopted:${backend}:${remoteKey}`,
      kind: "adopted",
      backend,
      state: "created",
      remote_key: remoteKey,
      document: {},
      summary: "",
      due_at: sql<Date>`clock_timestamp()`,
    })
    .onConflict((on) => on.doNothing())
    .execute();
  const row = await ticketByRemoteKey(db, backend, remoteKey);
  if (row === undefined) throw new Error(`the ticket ${remoteKey} could not be kept`);
  return row;
}

export async function ticketById(db: Db, id: number): Promise<TicketRow | undefined> {
  return db.selectFrom("ticket").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function ticketByRemoteKey(
  db: Db,
  backend: string,
  remoteKey: string,
): Promise<TicketRow | undefined> {
  return db
    .selectFrom("ticket")
    .selectAll()
    .where("backend", "=", backend)
    .where("remote_key", "=", remoteKey)
    .executeTakeFirst();
}

/** The ticket of exactly that key and period, or without a period the newest of that key. */
export async function ticketByKey(
  db: Db,
  key: string,
  period?: string,
): Promise<TicketRow | undefined> {
  let query = db.selectFrom("ticket").selectAll().where("key", "=", key);
  if (period !== undefined) query = query.where("period", "=", period);
  return query.orderBy("id", "desc").limit(1).executeTakeFirst();
}

/** Tickets with work that is due, now held by `owner`, as long as that process lives and at most `leaseSeconds`. What was sent before and not recorded
 * keeps its `sent_at`. */
export async function claimTickets(
  db: Db,
  {
    limit,
    owner,
    leaseSeconds,
  }: { readonly limit: number; readonly owner: string; readonly leaseSeconds: number },
): Promise<readonly TicketRow[]> {
  const { rows } = await sql<TicketRow>`
    update ticket set lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}), lease_owner = ${owner}, fence = fence + 1
    where id in (select t.id from ticket t left join ticket_backend b on b.name = t.backend
      where t.due_at <= clock_timestamp() and (t.lease_until is null or t.lease_until < clock_timestamp() or not exists (select from process p where p.id = t.lease_owner))
        and (b.blocked_until is null or b.blocked_until <= clock_timestamp())
      order by t.due_at, t.id limit ${limit} for update of t skip locked)
    returning *`.execute(db);
  return rows.toSorted((a, b) => a.id - b.id);
}

/** Writes what became of a claimed ticket. False when somebody else holds it by now. */
export async function changeTicket(
  db: Db,
  { id, fence }: Pick<TicketRow, "id" | "fence">,
  change: TicketUpdate,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("ticket")
    .set(change)
    .where("id", "=", id)
    .where("fence", "=", fence)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Gives a claimed ticket back; it is due again in `seconds`, or when its next change is. */
export async function releaseTicket(
  db: Db,
  { id, fence }: Pick<TicketRow, "id" | "fence">,
  seconds?: number,
): Promise<void> {
  // The row is locked first: a change that is added meanwhile sees the ticket without a time, and sets it.
  await sql`
    with next as (select min(not_before) as at from ticket_change where ticket_id = ${id} and state = 'waiting')
    update ticket t set lease_until = null, lease_owner = null,
      due_at = coalesce(clock_timestamp() + make_interval(secs => ${seconds ?? null}::float8), case when t.remote_key is not null then next.at end)
    from next where id = ${id} and fence = ${fence}`.execute(db);
  await wakeTicket(db, id);
}

/** Makes a ticket due when its oldest waiting change is. */
export async function wakeTicket(db: Db, id: number): Promise<void> {
  await sql`
    update ticket t set due_at = c.at
    from (select min(not_before) as at from ticket_change where ticket_id = ${id} and state = 'waiting') c
    where t.id = ${id} and c.at is not null and t.remote_key is not null and (t.due_at is null or t.due_at > c.at) and t.lease_until is null`.execute(
    db,
  );
}

/** Sub-tickets that waited for their parent's key. */
export async function wakeChildren(db: Db, parent: number): Promise<void> {
  await sql`
    update ticket set due_at = clock_timestamp()
    where parent_id = ${parent} and state = 'intent' and due_at is null and error is null`.execute(
    db,
  );
}

/** Puts a refused ticket, and its refused changes, up for another try. */
export async function retryTicket(db: Db, id: number): Promise<boolean> {
  const { rows } = await sql<{ id: number }>`
    with changes as (update ticket_change set state = 'waiting', error = null, not_before = clock_timestamp()
      where ticket_id = ${id} and state = 'refused' returning 1)
    update ticket set state = case when state = 'refused' then 'intent' else state end, error = null, due_at = clock_timestamp()
    where id = ${id} and (state in ('refused', 'intent') or exists (select from changes)) returning id`.execute(
    db,
  );
  return rows.length > 0;
}

export async function noteTicket(
  db: Db,
  ticketId: number,
  event: { readonly what: string; readonly actor?: string | null; readonly detail?: JsonObject },
): Promise<void> {
  const { what, actor = null, detail = {} } = event;
  await db
    .insertInto("ticket_event")
    .values({ ticket_id: ticketId, what, actor, detail: JSON.stringify(detail) })
    .execute();
}

export async function eventsOf(db: Db, ticketId: number): Promise<readonly TicketEventRow[]> {
  return db
    .selectFrom("ticket_event")
    .selectAll()
    .where("ticket_id", "=", ticketId)
    .orderBy("id")
    .execute();
}

export interface TicketFilter {
  readonly state?: string | undefined;
  readonly stage?: string | undefined;
  readonly kind?: string | undefined;
  readonly category?: string | undefined;
  readonly assignee?: string | undefined;
  readonly backend?: string | undefined;
  /** Only those with something left to tell the tracker. */
  readonly waiting?: boolean;
  readonly parent?: number | undefined;
  readonly key?: string | undefined;
  readonly period?: string | undefined;
}

/** Newest first. */
export async function listTickets(
  db: Db,
  filter: TicketFilter,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly TicketRow[]> {
  const { waiting = false, parent, ...equal } = filter;
  let query = db.selectFrom("ticket").selectAll();
  for (const name of [
    "state",
    "stage",
    "kind",
    "category",
    "assignee",
    "backend",
    "key",
    "period",
  ] as const)
    if (equal[name] !== undefined) query = query.where(sql.ref(name), "=", equal[name]);
  if (parent !== undefined) query = query.where("parent_id", "=", parent);
  if (waiting)
    query = query.where(
      sql<boolean>`(state = 'intent' or due_at is not null or exists (select from ticket_change c where c.ticket_id = ticket.id and c.state = 'waiting'))`,
    );
  return query.orderBy("id", "desc").limit(limit).offset(offset).execute();
}
