/** The inventory: documents are the truth; edge, key, idx and the search columns are derived from them in the same transaction. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create extension if not exists pg_trgm`,
  `create extension if not exists btree_gin`,
  `create schema inv`,
  `create table inv.type (id int generated always as identity primary key, name text not null unique, pack text not null,
    schema_version int not null default 1, definition jsonb not null, retired_at timestamptz)`,
  // One write, or one import: who, why, and what caused it. size counts its revisions.
  `create table inv.changeset (id uuid primary key, at timestamptz not null default clock_timestamp(), actor text not null,
    origin_kind text not null, source text, message text, ticket text, execution text, rule_chain text[] not null default '{}',
    causes uuid[] not null default '{}', depth int not null default 0, size int not null default 0)`,
  `create table inv.entry (id uuid primary key, type_id int not null references inv.type, name text not null, doc jsonb not null,
    version int not null default 1, schema_version int not null default 1, search text not null default '', grams text[] not null default '{}',
    created_at timestamptz not null, updated_at timestamptz not null, last_changeset uuid not null, deleted_at timestamptz)`,
  // A reference; label is the name of a named reference. Deleted entries have no outgoing edges.
  `create table inv.edge (src uuid not null references inv.entry on delete cascade, attr text not null, ord int not null default 0, label text,
    dst uuid not null references inv.entry on delete restrict, primary key (src, attr, ord))`,
  // A natural key, unique among the living entries of a type.
  `create table inv.key (type_id int not null, key_name text not null, key_value text not null,
    entry_id uuid not null references inv.entry on delete cascade, primary key (type_id, key_name, key_value))`,
  // Values of attributes declared index: range (d, ts, n), network (net) or lookup (t, folded). scope is never null: its comparisons use the index.
  `create table inv.idx (entry_id uuid not null references inv.entry on delete cascade, type_id int not null, attr text not null,
    scope uuid not null default '00000000-0000-0000-0000-000000000000', d date, ts timestamptz, n numeric, net inet, t text)`,
  // The whole document after each change; op: I created, U updated, D deleted, R restored.
  `create table inv.revision (entry_id uuid not null, version int not null, type_id int not null, schema_version int not null, at timestamptz not null,
    op "char" not null, name text not null, doc jsonb not null, changed text[] not null, changeset_id uuid not null, primary key (entry_id, version))`,
  // The change feed, read in the order (xid, seq) and only below pg_snapshot_xmin: sequence order is not commit order.
  `create table inv.event (xid xid8 not null default pg_current_xact_id(), seq bigint generated always as identity, entry_id uuid not null,
    version int not null, op "char" not null, primary key (xid, seq))`,

  `create index entry_page on inv.entry (type_id, name, id) where deleted_at is null`,
  `create index entry_page_all on inv.entry (name, id) where deleted_at is null`,
  // A small pending list: writes stay cheap (a trigram index costs sixty insertions a row), and no search reads more than 512 kB of it.
  `create index entry_doc on inv.entry using gin (type_id, doc jsonb_path_ops) with (gin_pending_list_limit = 512) where deleted_at is null`,
  `create index entry_search on inv.entry using gin (search gin_trgm_ops) with (gin_pending_list_limit = 512) where deleted_at is null`,
  `create index entry_grams on inv.entry using gin (grams) with (gin_pending_list_limit = 512) where deleted_at is null`,
  `create index edge_dst on inv.edge (dst, attr, src)`,
  `create index key_entry on inv.key (entry_id)`,
  `create index idx_entry on inv.idx (entry_id)`,
  `create index idx_d on inv.idx (type_id, attr, d) include (entry_id) where d is not null`,
  `create index idx_ts on inv.idx (type_id, attr, ts) include (entry_id) where ts is not null`,
  `create index idx_n on inv.idx (type_id, attr, n) include (entry_id) where n is not null`,
  `create index idx_net on inv.idx (type_id, attr, scope, net) include (entry_id) where net is not null`,
  `create index idx_net_within on inv.idx using gist (net inet_ops) where net is not null`,
  `create index idx_t on inv.idx (t text_pattern_ops) include (type_id, attr, entry_id) where t is not null`,
  `create index revision_changeset on inv.revision (changeset_id)`,
  `create index revision_type on inv.revision (type_id, entry_id, version desc) include (at)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
