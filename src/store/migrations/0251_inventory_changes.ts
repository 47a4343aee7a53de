/** Changes of several entries that somebody proposed, and what was decided about them. */
import { sql, type Kysely } from "kysely";

const statements = [
  // state: open, approved (it waits for its time), applied, blocked, refused, cancelled.
  `create table inv.change_request (id uuid primary key, state text not null, title text not null, description text, ticket text, items jsonb not null,
    created_by text not null, created_at timestamptz not null default clock_timestamp(), apply_at timestamptz, cause jsonb not null, decided_by text,
    decided_at timestamptz, comment text, applied_at timestamptz, changeset uuid, problems jsonb not null default '[]')`,
  `create index change_request_page on inv.change_request (created_at desc, id desc)`,
  `create index change_request_due on inv.change_request (apply_at) where state = 'approved'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
