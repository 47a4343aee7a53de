/** Reading back what people did in the trackers. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";
import type { TicketRow } from "./tickets.ts";

/** Trackers that nobody read for so many seconds and that may be asked; the caller reads them now. `since` = how far they were read. */
export async function claimReading(
  db: Db,
  seconds: number,
): Promise<readonly { readonly name: string; readonly since: Date | null }[]> {
  await sql`
    insert into ticket_backend (name) select distinct backend from ticket where state = 'confirmed' and not exists
      (select from ticket_backend b where b.name = ticket.backend) on conflict do nothing`.execute(
    db,
  );
  const { rows } = await sql<{ name: string; since: Date | null }>`
    update ticket_backend b set read_at = clock_timestamp()
    where (read_at is null or read_at < clock_timestamp() - make_interval(secs => ${seconds}))
      and (blocked_until is null or blocked_until <= clock_timestamp())
      and exists (select from ticket t where t.backend = b.name and t.state = 'confirmed')
    returning name, read_until as since`.execute(db);
  return rows;
}

export interface Standing {
  readonly key: string;
  readonly status: string;
  readonly assignee: string | null;
}

/** Has those tickets read again whose tracker tells something else than we know. Gives how many. */
export async function rereadTickets(
  db: Db,
  backend: string,
  seen: readonly Standing[],
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    update ticket t set state = 'created', due_at = clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) as s(key text, status text, assignee text)
    where t.backend = ${backend} and t.remote_key = s.key and t.state = 'confirmed'
      and (t.status is distinct from s.status or t.assignee is distinct from s.assignee)
    returning t.id`.execute(db);
  return rows.length;
}

/** Has one ticket read again. */
export async function rereadTicket(db: Db, id: number): Promise<void> {
  await sql`update ticket set state = 'created', due_at = clock_timestamp() where id = ${id} and state = 'confirmed'`.execute(
    db,
  );
}

/** Tickets at which nobody works, or which nobody reviewed, oldest first. */
export async function idleTickets(db: Db, limit: number): Promise<readonly TicketRow[]> {
  return db
    .selectFrom("ticket")
    .selectAll()
    .where("state", "=", "confirmed")
    .where("stage", "in", ["open", "fixed"])
    .orderBy("id")
    .limit(limit)
    .execute();
}
