import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type StoredKey = Selectable<LedgerSchema["datastore"]>;

const alive = sql<boolean>`(expires_at is null or expires_at > now())`;

/** `scope` is `system` or `user:<name>`. */
export async function findKey(db: Db, scope: string, name: string): Promise<StoredKey | undefined> {
  return db
    .selectFrom("datastore")
    .selectAll()
    .where("scope", "=", scope)
    .where("name", "=", name)
    .where(alive)
    .executeTakeFirst();
}

/** Until the end of the transaction nobody else changes that key, whether it is there or not. */
export async function lockKey(tx: Db, scope: string, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`datastore ${scope}/${name}`}, 0))`.execute(
    tx,
  );
}

export async function listKeys(
  db: Db,
  scope: string,
  prefix: string,
  limit: number,
): Promise<readonly StoredKey[]> {
  return db
    .selectFrom("datastore")
    .selectAll()
    .where("scope", "=", scope)
    .where(sql<boolean>`starts_with(name, ${prefix})`)
    .where(alive)
    .orderBy("name")
    .limit(limit)
    .execute();
}

export async function putKey(
  db: Db,
  {
    scope,
    name,
    value,
    secret,
    ttlSeconds,
  }: {
    scope: string;
    name: string;
    value: string;
    secret: boolean;
    ttlSeconds: number | undefined;
  },
): Promise<StoredKey> {
  const expires_at =
    ttlSeconds === undefined ? null : sql<Date>`now() + ${ttlSeconds} * interval '1 second'`;
  return db
    .insertInto("datastore")
    .values({ scope, name, value, secret, expires_at })
    .onConflict((on) =>
      on
        .columns(["scope", "name"])
        .doUpdateSet({ value, secret, expires_at, updated_at: sql<Date>`now()` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function removeKey(db: Db, scope: string, name: string): Promise<void> {
  await db.deleteFrom("datastore").where("scope", "=", scope).where("name", "=", name).execute();
}

/** All secrets, locked until the end of the transaction. */
export async function lockSecrets(tx: Db): Promise<readonly StoredKey[]> {
  return tx.selectFrom("datastore").selectAll().where("secret", "=", true).forUpdate().execute();
}

/** The same secret, sealed anew: not a change of the key. */
export async function resealKey(tx: Db, scope: string, name: string, value: string): Promise<void> {
  await tx
    .updateTable("datastore")
    .set({ value })
    .where("scope", "=", scope)
    .where("name", "=", name)
    .execute();
}

/** Keys of StackStorm, sealed, the newest first. */
export async function listStackStormKeys(
  db: Db,
): Promise<readonly { readonly fingerprint: string; readonly sealed: string }[]> {
  return db
    .selectFrom("stackstorm_key")
    .select(["fingerprint", "sealed"])
    .orderBy("imported_at", "desc")
    .execute();
}

/** Makes it the newest. */
export async function putStackStormKey(
  db: Db,
  { fingerprint, sealed }: { readonly fingerprint: string; readonly sealed: string },
): Promise<void> {
  const imported_at = sql<Date>`clock_timestamp()`;
  await db
    .insertInto("stackstorm_key")
    .values({ fingerprint, sealed, imported_at })
    .onConflict((on) => on.column("fingerprint").doUpdateSet({ sealed, imported_at }))
    .execute();
}
