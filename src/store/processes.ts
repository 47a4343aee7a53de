import { sql } from "kysely";
import type { Db } from "./schema.ts";

/** A live process says so; times are the database's. Gives when that was. */
export async function beat(
  db: Db,
  {
    pools,
    ...process
  }: { id: string; role: string; host: string; pid: number; pools: readonly string[] },
): Promise<Date> {
  const { beat_at: at } = await db
    .insertInto("process")
    .values({ ...process, pools: [...pools] })
    .onConflict((on) => on.column("id").doUpdateSet({ beat_at: sql<Date>`clock_timestamp()` }))
    .returning("beat_at")
    .executeTakeFirstOrThrow();
  return at;
}

/** Forgets a process that ended; what it owned is then taken over at once. */
export async function forgetProcess(db: Db, id: string): Promise<void> {
  await db.deleteFrom("process").where("id", "=", id).execute();
}

/** Forgets all processes of that host and process id: their supervisor saw them end. */
export async function forgetProcessOf(db: Db, host: string, pid: number): Promise<void> {
  await db.deleteFrom("process").where("host", "=", host).where("pid", "=", pid).execute();
}

/** Forgets processes without a beat for that long. */
export async function forgetSilentProcesses(db: Db, seconds: number): Promise<readonly string[]> {
  const rows = await db
    .deleteFrom("process")
    .where("beat_at", "<", sql<Date>`clock_timestamp() - ${seconds} * interval '1 second'`)
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}

/** Process ids of that host that are thought to live. */
export async function processesOf(db: Db, host: string): Promise<readonly number[]> {
  const rows = await db.selectFrom("process").select("pid").where("host", "=", host).execute();
  return rows.map(({ pid }) => pid);
}

/** Processes that gave a sign of life lately. */
export async function liveProcesses(
  db: Db,
): Promise<readonly { id: string; role: string; host: string; pid: number }[]> {
  return db
    .selectFrom("process")
    .select(["id", "role", "host", "pid"])
    .where("beat_at", ">", sql<Date>`clock_timestamp() - interval '10 seconds'`)
    .orderBy("id")
    .execute();
}
