import { type Kysely, sql } from "kysely";

const statements = [
  // Keys of StackStorm that were taken over, each sealed: the newest encrypts, all decrypt.
  `create table stackstorm_key (fingerprint text primary key, sealed text not null, imported_at timestamptz not null default clock_timestamp())`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
