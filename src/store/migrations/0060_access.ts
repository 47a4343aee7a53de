import { type Kysely, sql } from "kysely";

const statements = [
  `alter table account add column disabled boolean not null default false,
    add column origin text not null default 'local', add column remote_roles text[] not null default '{}'`,
  // Roles and their assignments made through the API; those of files stay in their files.
  `create table role (name text primary key, description text not null default '', grants jsonb not null default '[]', created_at timestamptz not null default now())`,
  `create table role_assignment (id text primary key, account text not null, role text not null, description text not null default '',
    created_at timestamptz not null default now(), unique (account, role))`,
  // Webhooks that check signatures, made through the API.
  `create table webhook (name text primary key, settings jsonb not null, updated_at timestamptz not null default now())`,
  // What was answered to a request with an idempotency key.
  `create table idempotency (scope text not null, key text not null, fingerprint text not null, status int, body text, content_type text,
    at timestamptz not null default now(), primary key (scope, key))`,
  `create index idempotency_at on idempotency (at)`,
  // Who did what. Rows are chained: each holds a digest of itself and of the one before, so that a change of the past shows.
  `create table audit (seq bigserial primary key, at timestamptz not null default clock_timestamp(), account text not null, method text not null,
    action text not null, target text not null, status int not null, address text not null, request_id text not null, details jsonb not null default '{}',
    digest text not null default '')`,
  `create index audit_account on audit (account, seq)`,
  `create index audit_action on audit (action, seq)`,
  `create function audit_digest(before text, a audit) returns text language sql immutable as
    $$ select encode(sha256(convert_to(concat_ws(E'\\x1f', before, a.seq, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.account, a.method,
      a.action, a.target, a.status, a.address, a.request_id, a.details::text), 'UTF8')), 'hex') $$`,
  `create function audit_chain() returns trigger language plpgsql as
    $$ declare last text; begin
      perform pg_advisory_xact_lock(7241987);
      select digest into last from audit order by seq desc limit 1;
      new.seq := nextval('audit_seq_seq');
      new.digest := audit_digest(coalesce(last, ''), new);
      return new;
    end $$`,
  `create trigger audit_chain before insert on audit for each row execute function audit_chain()`,
  `create function audit_keep() returns trigger language plpgsql as
    $$ begin raise exception 'the audit log is append-only' using errcode = 'RA002'; end $$`,
  `create trigger audit_keep before update or delete on audit for each row execute function audit_keep()`,
  `create trigger audit_keep_all before truncate on audit for each statement execute function audit_keep()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
