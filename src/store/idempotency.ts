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
  | { readonly kind: "done"; readonly answer: KeptAnswer };

/** After that long a request without an answer is thought to have died with its process. */
const patienceSeconds = 60;

/** Takes the key for a request, or says what became of the request that took it. */
export async function claimKey(
  db: Db,
  { scope, key, fingerprint }: { scope: string; key: string; fingerprint: string },
): Promise<Claimed> {
  const { rows } = await sql`
    insert into idempotency (scope, key, fingerprint) values (${scope}, ${key}, ${fingerprint})
    on conflict (scope, key) do update set at = clock_timestamp()
      where idempotency.status is null and idempotency.fingerprint = ${fingerprint}
        and idempotency.at < clock_timestamp() - ${patienceSeconds} * interval '1 second'
    returning key`.execute(db);
  if (rows.length > 0) return { kind: "new" };
  const known = await db
    .selectFrom("idempotency")
    .selectAll()
    .where("scope", "=", scope)
    .where("key", "=", key)
    .executeTakeFirst();
  // Forgotten in between: whoever asks again begins anew.
  if (known === undefined) return { kind: "running" };
  if (known.fingerprint !== fingerprint) return { kind: "other" };
  if (known.status === null) return { kind: "running" };
  const { status, body, content_type } = known;
  return {
    kind: "done",
    answer: { status, body: body ?? "", contentType: content_type ?? "application/json" },
  };
}

export async function keepAnswer(
  db: Db,
  scope: string,
  key: string,
  { status, body, contentType: content_type }: KeptAnswer,
): Promise<void> {
  await db
    .updateTable("idempotency")
    .set({ status, body, content_type })
    .where("scope", "=", scope)
    .where("key", "=", key)
    .execute();
}

export async function releaseKey(db: Db, scope: string, key: string): Promise<void> {
  await db.deleteFrom("idempotency").where("scope", "=", scope).where("key", "=", key).execute();
}

/** Forgets answers after a day. */
export async function forgetAnswers(db: Db): Promise<void> {
  await sql`delete from idempotency where at < now() - interval '24 hours'`.execute(db);
}
