/** Webhooks that check signatures, as the API made them. */
import type { Db } from "./schema.ts";

export async function listHooks(
  db: Db,
): Promise<readonly { readonly name: string; readonly settings: unknown }[]> {
  return db
    .selectFrom("webhook")
    .select(["name", "settings"])
    .orderBy("name")
    .limit(10_000)
    .execute();
}

export async function putHook(db: Db, name: string, settings: unknown): Promise<void> {
  const text = JSON.stringify(settings);
  await db
    .insertInto("webhook")
    .values({ name, settings: text })
    .onConflict((on) => on.column("name").doUpdateSet({ settings: text, updated_at: new Date() }))
    .execute();
}

/** True when there was one. */
export async function removeHook(db: Db, name: string): Promise<boolean> {
  const gone = await db.deleteFrom("webhook").where("name", "=", name).returning("name").execute();
  return gone.length > 0;
}
