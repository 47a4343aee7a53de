/** Definitions that were written through the API instead of a file. */
import { sql } from "kysely";
import type { StoredDefinition } from "../model/definitions.ts";
import type { Db } from "./schema.ts";

/** A version is read before the rows: what is newer than it may be there, nothing that is older is missing. */
export async function listResources(
  db: Db,
): Promise<{ readonly version: number; readonly resources: readonly StoredDefinition[] }> {
  const version = await resourceVersion(db);
  const resources = await db
    .selectFrom("resource")
    .select(["kind", "pack", "name", "document"])
    .orderBy("kind")
    .orderBy("pack")
    .orderBy("name")
    .execute();
  return { version, resources };
}

export async function resourceVersion(db: Db): Promise<number> {
  const { n } = await db.selectFrom("resource_version").select("n").executeTakeFirstOrThrow();
  return Number(n);
}

/** Counts up, and lets writers in one after the other until the transaction ends. */
export async function nextResourceVersion(tx: Db): Promise<number> {
  const { n } = await tx
    .updateTable("resource_version")
    .set({ n: sql<string>`n + 1` })
    .returning("n")
    .executeTakeFirstOrThrow();
  return Number(n);
}

export async function findResource(
  db: Db,
  { kind, pack, name }: Pick<StoredDefinition, "kind" | "pack" | "name">,
): Promise<StoredDefinition | undefined> {
  return db
    .selectFrom("resource")
    .select(["kind", "pack", "name", "document"])
    .where("kind", "=", kind)
    .where("pack", "=", pack)
    .where("name", "=", name)
    .executeTakeFirst();
}

export async function putResource(
  db: Db,
  { kind, pack, name, document }: StoredDefinition,
): Promise<void> {
  const text = document === null ? null : JSON.stringify(document);
  await db
    .insertInto("resource")
    .values({ kind, pack, name, document: text })
    .onConflict((on) =>
      on
        .columns(["kind", "pack", "name"])
        .doUpdateSet({ document: text, updated_at: sql<Date>`now()` }),
    )
    .execute();
}

/** Gives up what was written through the API; what files say counts again. */
export async function removeResource(
  db: Db,
  { kind, pack, name }: Pick<StoredDefinition, "kind" | "pack" | "name">,
): Promise<void> {
  await db
    .deleteFrom("resource")
    .where("kind", "=", kind)
    .where("pack", "=", pack)
    .where("name", "=", name)
    .execute();
}

/** Notes that a process knows everything up to that version. */
export async function noteResources(db: Db, process: string, version: number): Promise<void> {
  await db
    .updateTable("process")
    .set({ resources: String(version) })
    .where("id", "=", process)
    .execute();
}

/** Whether every live process knows that version. */
export async function everybodyKnows(db: Db, version: number): Promise<boolean> {
  const behind = await db
    .selectFrom("process")
    .select("id")
    .where("beat_at", ">", sql<Date>`clock_timestamp() - interval '10 seconds'`)
    .where("resources", "<", String(version))
    .limit(1)
    .executeTakeFirst();
  return behind === undefined;
}
