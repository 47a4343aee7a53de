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
): Promise<void> {
  const expires_at =
    ttlSeconds === undefined ? null : sql<Date>`now() + ${ttlSeconds} * interval '1 second'`;
  await db
    .insertInto("datastore")
    .values({ scope, name, value, secret, expires_at })
    .onConflict((on) =>
      on
        .columns(["scope", "name"])
        .doUpdateSet({ value, secret, expires_at, updated_at: sql<Date>`now()` }),
    )
    .execute();
}

export async function removeKey(db: Db, scope: string, name: string): Promise<boolean> {
  return (
    (await db
      .deleteFrom("datastore")
      .where("scope", "=", scope)
      .where("name", "=", name)
      .returning("name")
      .executeTakeFirst()) !== undefined
  );
}
