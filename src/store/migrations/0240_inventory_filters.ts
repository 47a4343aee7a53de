/** Saved filters: named queries, with every version that they had. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table inv.filter (id uuid primary key, name text not null, owner text not null, shared boolean not null, protected boolean not null,
    version int not null, document json not null, uses text[] not null, created_at timestamptz not null, updated_at timestamptz not null)`,
  // Two people may each keep one of a name for themselves; among those for all a name is one filter.
  `create unique index filter_shared on inv.filter (name) where shared`,
  `create unique index filter_own on inv.filter (owner, name) where not shared`,
  `create index filter_uses on inv.filter using gin (uses)`,
  `create table inv.filter_revision (filter_id uuid not null, version int not null, at timestamptz not null, actor text not null, op "char" not null,
    name text not null, owner text not null, shared boolean not null, protected boolean not null, document json not null, reason text,
    primary key (filter_id, version))`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
