/** How the trackers are: whether they may be asked, and how far their changes were read. */
import { sql, type Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type TicketBackendRow = Selectable<LedgerSchema["ticket_backend"]>;

export async function backendRow(db: Db, name: string): Promise<TicketBackendRow | undefined> {
  return db.selectFrom("ticket_backend").selectAll().where("name", "=", name).executeTakeFirst();
}

export async function listBackends(db: Db): Promise<readonly TicketBackendRow[]> {
  return db.selectFrom("ticket_backend").selectAll().orderBy("name").execute();
}

/** Nobody asks it for so many seconds. */
export async function blockBackend(
  db: Db,
  name: string,
  { seconds, reason }: { readonly seconds: number; readonly reason: string },
): Promise<void> {
  await sql`
    insert into ticket_backend as b (name, blocked_until, failures, reason)
    values (${name}, clock_timestamp() + make_interval(secs => ${seconds}), 1, ${reason})
    on conflict (name) do update set failures = b.failures + 1, reason = excluded.reason,
      blocked_until = greatest(b.blocked_until, excluded.blocked_until)`.execute(db);
}

/** It works. `lastKey`: the newest key that it gave. */
export async function backendWorks(db: Db, name: string, lastKey?: string): Promise<void> {
  await sql`
    insert into ticket_backend as b (name, last_key) values (${name}, ${lastKey ?? null})
    on conflict (name) do update set failures = 0, reason = null, blocked_until = null, last_key = coalesce(excluded.last_key, b.last_key)
    where b.failures > 0 or b.blocked_until is not null or excluded.last_key is distinct from b.last_key`.execute(
    db,
  );
}

/** Forgets that it was away: everything is tried at once. */
export async function unblockBackends(db: Db): Promise<void> {
  await db.updateTable("ticket_backend").set({ blocked_until: null, failures: 0 }).execute();
}

export async function backendRead(db: Db, name: string, until: Date): Promise<void> {
  await sql`
    insert into ticket_backend (name, read_until, read_at) values (${name}, ${until}, clock_timestamp())
    on conflict (name) do update set read_until = excluded.read_until, read_at = excluded.read_at`.execute(
    db,
  );
}
