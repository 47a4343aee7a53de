/** What sources say about attributes, imports of spreadsheets, and the news of all this. */
import { sql, type Kysely } from "kysely";

const statements = [
  // One row per entry, attribute and source: its latest word. value is JSON null when the source says that there is none.
  `create table inv.claim (id uuid primary key, entry_id uuid not null references inv.entry on delete cascade, attr text not null, source text not null,
    value jsonb not null, state text not null, observed_at timestamptz not null, first_seen timestamptz not null, since timestamptz not null,
    seen int not null default 1, enforced_at timestamptz, decided_by text, note text, place text, import_id uuid,
    unique (entry_id, attr, source))`,
  `create index claim_open on inv.claim (state, since) where state in ('drift', 'proposed', 'enforcing', 'conflict')`,
  // News for rules, written with what they tell of; read like the change feed, in the order (xid, seq) below the oldest running transaction.
  `create table inv.signal (xid xid8 not null default pg_current_xact_id(), seq bigint generated always as identity, trigger text not null,
    payload jsonb not null, at timestamptz not null default clock_timestamp(), primary key (xid, seq))`,
  // What is remembered of a source: how the columns of its sheets are called, by type.
  `create table inv.source (id text primary key, columns jsonb not null default '{}', updated_at timestamptz not null default clock_timestamp())`,
  // state: staged, committing, committed, discarded, reverted.
  `create table inv.import (id uuid primary key, state text not null, created_by text not null, created_at timestamptz not null default clock_timestamp(),
    options jsonb not null, decisions jsonb not null default '[]', files jsonb not null, summary jsonb not null default '{}', fingerprint text not null default '', conflicts jsonb not null default '[]',
    changeset uuid, committed_by text, committed_at timestamptz)`,
  `create index import_page on inv.import (created_at desc, id desc)`,
  // A row of a sheet as it was read, and what it would do.
  `create table inv.import_row (import_id uuid not null references inv.import on delete cascade, ord int not null, action text not null, record jsonb not null,
    plan jsonb not null, primary key (import_id, ord))`,
  `create index import_row_action on inv.import_row (import_id, action, ord)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
