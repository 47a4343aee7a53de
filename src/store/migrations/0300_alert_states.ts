/** What keeps alerts from being told, groups of alerts, sources that may fall silent, and every message as it came. */
import { sql, type Kysely } from "kysely";

const statements = [
  // told: what rules last heard of it (firing, resolved), null = nothing yet. held: why they have not heard the newest, null = they have.
  `alter table alert add column told text, add column held jsonb, add column group_key text`,
  `update alert set told = case when status = 'resolved' then 'resolved' else 'firing' end`,
  `create index alert_unresolved on alert (last_at) where status <> 'resolved'`,
  `create index alert_held on alert (last_at) where held is not null`,
  `create index alert_group_members on alert (group_key) where group_key is not null and status <> 'resolved'`,
  // When an alert changed between open and resolved, for alerts that a flapping rule watches. Milliseconds since the epoch.
  `create table alert_flapping (fingerprint text primary key, changes jsonb not null, flapping boolean not null, rule text not null,
    updated_at timestamptz not null default clock_timestamp())`,
  `create index alert_flapping_now on alert_flapping (updated_at) where flapping`,
  `create table alert_silence (id text collate "C" primary key, match jsonb not null, starts_at timestamptz not null, ends_at timestamptz not null,
    comment text not null, author text not null, created_at timestamptz not null default clock_timestamp())`,
  `create index alert_silence_ends on alert_silence (ends_at)`,
  // due_at: the next look. told: ids of the firing alerts it was last told with.
  `create table alert_group (key text primary key, rule text not null, labels jsonb not null, due_at timestamptz not null, told jsonb,
    told_at timestamptz, opened_at timestamptz not null default clock_timestamp())`,
  `create index alert_group_due on alert_group (due_at)`,
  `create table alert_source (source text primary key, last_at timestamptz not null, silent_since timestamptz)`,
  // Every message that was received, as it came. A mail's raw bytes as far as the sensor keeps them.
  `create table alert_message (key text primary key, kind text not null, received_at timestamptz not null default clock_timestamp(), ref text not null,
    subject text not null, sender text not null, parser text, reason text, alerts jsonb not null, document jsonb not null, raw bytea)`,
  `create index alert_message_received on alert_message (received_at)`,
  `create index alert_message_unparsed on alert_message (received_at) where parser is null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
