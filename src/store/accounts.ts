import { sql } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";
import type { Selectable } from "kysely";

export type StoredToken = Selectable<LedgerSchema["token"]>;
export type StoredAccount = Selectable<LedgerSchema["account"]>;

export async function findAccount(db: Db, name: string): Promise<StoredAccount | undefined> {
  return db.selectFrom("account").selectAll().where("name", "=", name).executeTakeFirst();
}

/** All accounts by name. */
export async function listAccounts(db: Db): Promise<readonly StoredAccount[]> {
  return db.selectFrom("account").selectAll().orderBy("name").limit(100_000).execute();
}

/** Changes an account; what is undefined stays. True when there is one. */
export async function changeAccount(
  db: Db,
  name: string,
  {
    password,
    disabled,
    roles,
  }: {
    readonly password?: string | undefined;
    readonly disabled?: boolean | undefined;
    readonly roles?: readonly string[] | undefined;
  },
): Promise<boolean> {
  const changed = await db
    .updateTable("account")
    .set({
      name,
      ...(password === undefined ? {} : { password }),
      ...(disabled === undefined ? {} : { disabled }),
      ...(roles === undefined ? {} : { roles: [...roles] }),
    })
    .where("name", "=", name)
    .returning("name")
    .executeTakeFirst();
  return changed !== undefined;
}

/** Somebody whom another service let in: the account is made at the first login, what its groups give is kept. Undefined
 * when the name belongs to an account of another origin. */
export async function keepRemoteAccount(
  db: Db,
  { name, origin, roles }: { name: string; origin: string; roles: readonly string[] },
): Promise<StoredAccount | undefined> {
  return db
    .insertInto("account")
    .values({ name, password: "!", roles: [], origin, remote_roles: [...roles] })
    .onConflict((on) =>
      on
        .column("name")
        .doUpdateSet({ remote_roles: [...roles] })
        .where("account.origin", "=", origin),
    )
    .returningAll()
    .executeTakeFirst();
}

/** Ends every token of an account; its API keys stay. */
export async function removeTokensOf(db: Db, account: string): Promise<void> {
  await db.deleteFrom("token").where("account", "=", account).where("kind", "=", "token").execute();
}

/** Removes an account with its tokens and keys; true when there was one. */
export async function removeAccount(db: Db, name: string): Promise<boolean> {
  await db.deleteFrom("token").where("account", "=", name).execute();
  await db.deleteFrom("role_assignment").where("account", "=", name).execute();
  const gone = await db
    .deleteFrom("account")
    .where("name", "=", name)
    .returning("name")
    .executeTakeFirst();
  return gone !== undefined;
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

/** Whether it may be used before its end. An API key may belong to somebody who never signed in; a token belongs to an account. */
const usable = sql<boolean>`token.enabled and case when account.name is null then token.kind = 'api_key' else not account.disabled end`;

/** The token with its account's roles, when it is enabled and not expired. */
export async function findToken(
  db: Db,
  hashes: readonly string[],
): Promise<
  | {
      account: string;
      roles: string[];
      remote_roles: string[];
      kind: "token" | "api_key";
      expires_at: Date | null;
    }
  | undefined
> {
  return db
    .selectFrom("token")
    .leftJoin("account", "account.name", "token.account")
    .select((row) => [
      "token.account",
      row.fn.coalesce("account.roles", sql<string[]>`'{}'::text[]`).as("roles"),
      row.fn.coalesce("account.remote_roles", sql<string[]>`'{}'::text[]`).as("remote_roles"),
      "token.kind",
      "token.expires_at",
    ])
    .where("token.hash", "in", hashes)
    .where(usable)
    .where((where) =>
      where.or([
        where("token.expires_at", "is", null),
        where("token.expires_at", ">", where.fn<Date>("now", [])),
      ]),
    )
    .executeTakeFirst();
}

/** Why a token or API key that was shown is of no use. */
export type Refused = "unknown" | "expired" | "disabled";

/** What is wrong with a token or API key that `findToken` does not find. */
export async function whyRefused(db: Db, hashes: readonly string[]): Promise<Refused> {
  const found = await db
    .selectFrom("token")
    .leftJoin("account", "account.name", "token.account")
    .select(usable.as("enabled"))
    .where("token.hash", "in", hashes)
    .executeTakeFirst();
  if (found === undefined) return "unknown";
  return found.enabled ? "expired" : "disabled";
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
export async function findApiKey(
  db: Db,
  idOrHashes: readonly string[],
): Promise<StoredToken | undefined> {
  return db
    .selectFrom("token")
    .selectAll()
    .where("kind", "=", "api_key")
    .where((where) => where.or([where("id", "in", idOrHashes), where("hash", "in", idOrHashes)]))
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

/** Signs out: removes a token by what is stored of it; API keys stay. */
export async function removeTokenByHash(db: Db, hash: string): Promise<void> {
  await db.deleteFrom("token").where("hash", "=", hash).where("kind", "=", "token").execute();
}

/** Removes a token by its public id; true when there was one. */
export async function removeToken(db: Db, id: string): Promise<boolean> {
  return (
    (await db.deleteFrom("token").where("id", "=", id).returning("id").executeTakeFirst()) !==
    undefined
  );
}

/** Lets a token live that long from now on. */
export async function extendToken(db: Db, id: string, seconds: number): Promise<void> {
  await db
    .updateTable("token")
    .set({ expires_at: sql<Date>`now() + ${seconds} * interval '1 second'` })
    .where("id", "=", id)
    .execute();
}
