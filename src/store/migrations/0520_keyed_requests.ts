import { sql, type Kysely } from "kysely";

/** Which process does a request with an idempotency key, and whether it has changed something: then nobody does it again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table idempotency add column process text, add column changed boolean not null default false, add column made text`.execute(
    db,
  );
}
