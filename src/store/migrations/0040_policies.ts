import { type Kysely, sql } from "kysely";

const statements = [
  // Executions of actions with policies. seq: the order of arrival; since: when a burst of debounced executions began; gone once the execution ended.
  `create table admission (execution_id text collate "C" not null, gate text not null, policy text not null,
    seq bigint not null generated always as identity, state text not null default 'new', since timestamptz not null default clock_timestamp(),
    due_at timestamptz not null, primary key (execution_id, gate))`,
  `create index admission_gate on admission (gate, state, seq)`,
  `create index admission_open on admission (seq) where state <> 'admitted'`,
  // What a rate limit let through, and when a debounced gate was last knocked at.
  `create table admission_pass (gate text not null, at timestamptz not null default clock_timestamp())`,
  `create index admission_pass_gate on admission_pass (gate, at)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
