/** Tickets of any tracker: what is wanted is written here before the tracker is asked, and what became of it afterwards. */
import { sql, type Kysely } from "kysely";

const statements = [
  // state: intent (nobody was asked, or said no for now), created (the tracker gave a key), confirmed (read back), refused (a human is needed).
  // sent_at: a request may be on its way, or its answer was lost. due_at: when the desk has to look at it again; null = nothing to do.
  `create table ticket (id bigint generated always as identity primary key, key text not null, period text not null default '', kind text not null,
    backend text not null, state text not null default 'intent', remote_key text, url text, parent_id bigint references ticket,
    parent_key text, document jsonb not null, summary text not null, category text not null default '', assignee text, leader text,
    notes jsonb not null default '[]', status text, stage text not null default 'open', attempts int not null default 0, error text, sent_at timestamptz,
    due_at timestamptz, lease_until timestamptz, lease_owner text, fence int not null default 0, created_at timestamptz not null default clock_timestamp(),
    confirmed_at timestamptz, started_at timestamptz, fixed_at timestamptz, fixed_by text, closed_at timestamptz, closed_by text, seen_at timestamptz,
    facts jsonb not null default '{}', unique (key, period))`,
  `create index ticket_due on ticket (due_at) where due_at is not null`,
  `create unique index ticket_remote on ticket (backend, remote_key) where remote_key is not null`,
  `create index ticket_stage on ticket (stage, id)`,
  `create index ticket_parent on ticket (parent_id) where parent_id is not null`,
  `create index ticket_key on ticket (key, id desc)`,
  // state: waiting, done, merged (a later one says it), refused.
  `create table ticket_change (id bigint generated always as identity primary key, ticket_id bigint not null references ticket on delete cascade,
    key text not null, verb text not null, document jsonb not null, merge text, state text not null default 'waiting', attempts int not null default 0,
    error text, result jsonb, sent_at timestamptz, not_before timestamptz not null default clock_timestamp(),
    created_at timestamptz not null default clock_timestamp(), done_at timestamptz, unique (ticket_id, key))`,
  `create index ticket_change_waiting on ticket_change (ticket_id, id) where state = 'waiting'`,
  // The history of each ticket, oldest first by id.
  `create table ticket_event (id bigint generated always as identity primary key, ticket_id bigint not null references ticket on delete cascade,
    at timestamptz not null default clock_timestamp(), what text not null, actor text, detail jsonb not null default '{}')`,
  `create index ticket_event_of on ticket_event (ticket_id, id)`,
  // How the trackers are: blocked while one is away or asked to wait; how far its changes were read.
  `create table ticket_backend (name text primary key, blocked_until timestamptz, failures int not null default 0, reason text,
    last_key text, read_until timestamptz, read_at timestamptz)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
