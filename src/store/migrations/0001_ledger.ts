import { type Kysely, sql } from "kysely";

/** Hot tables carry few indexes on purpose: an index costs every event and every step; most rows are born finished. What events and executions
 * carry is `json`, kept as it was written: making `jsonb` of it costs the database as much as storing it. */
const statements = [
  // What happened. `pending` until its rules were matched.
  `create table trigger_instance (
    id text collate "C" primary key, trigger text not null, parameters json, payload json, source text not null, dedupe_key text,
    status text not null, occurred_at timestamptz not null default now(), trace_tag text)`,
  `create unique index trigger_instance_delivery on trigger_instance (source, dedupe_key) where dedupe_key is not null`,
  `create index trigger_instance_pending on trigger_instance (id) where status = 'pending'`,
  // One per trigger instance and matching (or failing) rule.
  `create table enforcement (
    id text collate "C" primary key, trigger_instance_id text collate "C" not null, rule text not null, execution_id text collate "C",
    status text not null, failure_reason text, enforced_at timestamptz not null default now(),
    unique (trigger_instance_id, rule))`,
  // One per run of an action. fence: rises with each claim; attempt: claims so far; delivered: its end was told to the parent workflow.
  `create table execution (
    id text collate "C" primary key, action text not null, runner text not null, status text not null,
    parameters json not null, context json, result json, parent text collate "C", task_key text,
    created_at timestamptz not null default now(), started_at timestamptz, ended_at timestamptz, run_at timestamptz,
    owner text, fence int not null default 0, attempt int not null default 0, delivered boolean not null default true, log jsonb)`,
  `create unique index execution_task on execution (parent, task_key) where parent is not null`,
  `create index execution_open on execution (status, id) where status not in ('succeeded','failed','timeout','abandoned','canceled')`,
  `create index execution_undelivered on execution (parent) where not delivered`,
  // A workflow's state = snapshot + journal entries after it. (execution_id, seq) is what makes each step happen once.
  `create table workflow (execution_id text collate "C" primary key, definition text not null, snapshot jsonb, snapshot_seq int not null default 0)`,
  // Entries are JSON text: the database never looks inside.
  `create table journal (execution_id text collate "C" not null, seq int not null, entries text not null, primary key (execution_id, seq))`,
  // Workflow texts that executions are pinned to.
  `create table definition (hash text primary key, text text not null, first_seen timestamptz not null default now())`,
  `create table output (execution_id text collate "C" not null, seq bigint generated always as identity, stream text not null, text text not null,
    at timestamptz not null default now(), primary key (execution_id, seq))`,
  // Live processes; an execution whose owner has no fresh beat is taken over.
  `create table process (id text primary key, role text not null, beat_at timestamptz not null default clock_timestamp(),
    started_at timestamptz not null default clock_timestamp(), host text not null, pid int not null)`,
  `create table sensor_cursor (name text primary key, value jsonb not null, updated_at timestamptz not null default now())`,
  `create table setting (name text primary key, value jsonb not null)`,
  `create table account (name text primary key, password text not null, roles text[] not null default '{}', created_at timestamptz not null default now())`,
  `create table token (hash text primary key, id text not null unique, account text not null, kind text not null, enabled boolean not null default true,
    expires_at timestamptz, created_at timestamptz not null default now(), metadata jsonb not null default '{}')`,
  `create table datastore (scope text not null, name text not null, value text not null, secret boolean not null default false,
    expires_at timestamptz, updated_at timestamptz not null default now(), primary key (scope, name))`,
  // One per alert identity and calendar day in the site's time zone; occurrences make a delivery count once.
  `create table alert (fingerprint text not null, day text not null, count int not null, status text not null, ticket text, document jsonb not null,
    first_at timestamptz not null, last_at timestamptz not null, workflow jsonb, primary key (fingerprint, day))`,
  `create table alert_occurrence (message_key text primary key, fingerprint text not null, day text not null, effect text not null,
    received_at timestamptz not null default now(), document jsonb)`,
  `create index alert_occurrence_of on alert_occurrence (fingerprint, day)`,
  // Raised inside a statement whose fenced updates did not all apply, so that the whole unit is undone.
  `create function raicho_all(applied bigint, expected bigint) returns boolean language plpgsql immutable as
    $$ begin if applied <> expected then raise exception 'stale fence: % of % rows', applied, expected using errcode = 'RA001'; end if; return true; end $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
