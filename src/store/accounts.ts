import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";
import type { Selectable } from "kysely";

export type StoredToken = Selectable<LedgerSchema["token"]>;

export async function findAccount(
  db: Db,
  name: string,
): Promise<{ name: string; password: string; roles: string[] } | undefined> {
  return db
    .selectFrom("account")
    .select(["name", "password", "roles"])
    .where("name", "=", name)
    .executeTakeFirst();
}

/** Adds an account unless one of that name exists; true when it was added. */
export async function addAccount(
  db: Db,
  account: { name: string; password: string; roles: string[] },
): Promise<boolean> {
  const added = await db
    .insertInto("account")
    .values(account)
    .onConflict((on) => on.column("name").doNothing())
    .returning("name")
    .executeTakeFirst();
  return added !== undefined;
}

export async function addToken(
  db: Db,
  token: {
    hash: string;
    id: string;
    account: string;
    kind: "token" | "api_key";
    expires_at: Date | null;
    metadata: unknown;
  },
): Promise<void> {
  await db
    .insertInto("token")
    .values({ ...token, metadata: JSON.stringify(token.metadata) })
    .execute();
}

/** The token with its account's roles, when it is enabled and not expired. */
export async function findToken(
  db: Db,
  hash: string,
): Promise<
  | { account: string; roles: string[]; kind: "token" | "api_key"; expires_at: Date | null }
  | undefined
> {
  return db
    .selectFrom("token")
    .innerJoin("account", "account.name", "token.account")
    .select(["token.account", "account.roles", "token.kind", "token.expires_at"])
    .where("token.hash", "=", hash)
    .where("token.enabled", "=", true)
    .where((where) =>
      where.or([
        where("token.expires_at", "is", null),
        where("token.expires_at", ">", where.fn<Date>("now", [])),
      ]),
    )
    .executeTakeFirst();
}

export async function listTokens(
  db: Db,
  kind: "token" | "api_key",
): Promise<readonly StoredToken[]> {
  return db
    .selectFrom("token")
    .selectAll()
    .where("kind", "=", kind)
    .orderBy("created_at")
    .limit(10_000)
    .execute();
}

/** The API key of that id, or with that hash. */
export async function findApiKey(db: Db, idOrHash: string): Promise<StoredToken | undefined> {
  return db
    .selectFrom("token")
    .selectAll()
    .where("kind", "=", "api_key")
    .where((where) => where.or([where("id", "=", idOrHash), where("hash", "=", idOrHash)]))
    .executeTakeFirst();
}

/** Changes an API key; what is undefined stays. */
export async function changeApiKey(
  db: Db,
  id: string,
  { enabled, metadata }: { readonly enabled?: boolean; readonly metadata?: JsonObject },
): Promise<void> {
  await db
    .updateTable("token")
    .set({
      ...(enabled === undefined ? {} : { enabled }),
      ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
    })
    .where("id", "=", id)
    .where("kind", "=", "api_key")
    .execute();
}

/** Removes a token by its public id; true when there was one. */
export async function removeToken(db: Db, id: string): Promise<boolean> {
  return (
    (await db.deleteFrom("token").where("id", "=", id).returning("id").executeTakeFirst()) !==
    undefined
  );
}

/** Forgets tokens that expired. */
export async function removeExpiredTokens(db: Db): Promise<void> {
  await db
    .deleteFrom("token")
    .where("expires_at", "<", (from) => from.fn<Date>("now", []))
    .execute();
}
