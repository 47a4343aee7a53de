/** What people said of the work at a ticket when it was done. */
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table ticket_rating (ticket_id bigint not null references ticket on delete cascade, person text not null, rating int not null,
    minutes int, words text, at timestamptz not null default clock_timestamp(), primary key (ticket_id, person))`.execute(
    db,
  );
}
