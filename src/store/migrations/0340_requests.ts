/** Requests that were prepared (or not covered), and what became of each document. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table request (backend text not null, ticket text not null, component text, type text, covered boolean not null, reason text, commit text,
    summary text not null, reporter text, requested_at timestamptz, prepared_at timestamptz not null default clock_timestamp(),
    primary key (backend, ticket))`,
  `create index request_prepared on request (prepared_at desc)`,
  // The same attachment, view or correction counts once.
  `create table runbook_use (key text primary key, document text not null, commit text not null, what text not null, person text, ticket text,
    sub_ticket text, at timestamptz not null default clock_timestamp())`,
  `create index runbook_use_document on runbook_use (document, at desc)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
