/** Answers to requests that carry an idempotency key. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

export interface KeptAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

export type Claimed =
  | { readonly kind: "new" | "running" | "other" }
  | { readonly kind: "done"; readonly answer: KeptAnswer }
  /** It changed something, and its process ended before it answered. */
  | { readonly kind: "unanswered"; readonly made: string | undefined };

export interface Key {
  readonly scope: string;
  readonly key: string;
  /** Which process does it. */
  readonly process: string;
}

/** Without a sign of life for that long a process is thought to have ended; those of earlier releases do not say which they are. */
const silence = sql`case when idempotency.process is null then 60 else 6 end * interval '1 second'`;
const gone = sql<boolean>`(idempotency.at < clock_timestamp() - ${silence} and not exists (select from process p
  where p.id = idempotency.process and p.beat_at > clock_timestamp() - ${silence}))`;

/** Takes the key for a request, or says what became of the request that took it. */
export async function claimKey(
  db: Db,
  { scope, key, process, fingerprint }: Key & { readonly fingerprint: string },
): Promise<Claimed> {
  const { rows } = await sql`
    insert into idempotency (scope, key, fingerprint, process) values (${scope}, ${key}, ${fingerprint}, ${process})
    on conflict (scope, key) do update set at = clock_timestamp(), process = excluded.process
      where idempotency.status is null and not idempotency.changed and idempotency.fingerprint = ${fingerprint} and ${gone}
    returning key`.execute(db);
  if (rows.length > 0) return { kind: "new" };
  const known = await db
    .selectFrom("idempotency")
    .selectAll()
    .select(gone.as("gone"))
    .where("scope", "=", scope)
    .where("key", "=", key)
    .executeTakeFirst();
  // Forgotten in between: whoever asks again begins anew.
  if (known === undefined) return { kind: "running" };
  if (known.fingerprint !== fingerprint) return { kind: "other" };
  const { status, body, content_type, changed, made } = known;
  if (status === null)
    return changed && known.gone
      ? { kind: "unanswered", made: made ?? undefined }
      : { kind: "running" };
  return {
    kind: "done",
    answer: { status, body: body ?? "", contentType: content_type ?? "application/json" },
  };
}

/** Keeps the answer, unless the request is another process's by now. */
export async function keepAnswer(
  db: Db,
  { scope, key, process }: Key,
  { status, body, contentType: content_type }: KeptAnswer,
): Promise<void> {
  await db
    .updateTable("idempotency")
    .set({ status, body, content_type })
    .where("scope", "=", scope)
    .where("key", "=", key)
    .where("process", "=", process)
    .execute();
}

/** Forgets a request that changed nothing, so that it may be done again; of one that did, that it is not worked on any more. */
export async function releaseKey(db: Db, { scope, key, process }: Key): Promise<void> {
  await sql`with forgotten as (delete from idempotency where scope = ${scope} and key = ${key} and process = ${process} and not changed)
    update idempotency set process = '' where scope = ${scope} and key = ${key} and process = ${process} and changed`.execute(
    db,
  );
}

/** Forgets answers after a day. */
export async function forgetAnswers(db: Db): Promise<void> {
  await sql`delete from idempotency where at < now() - interval '24 hours'`.execute(db);
}
