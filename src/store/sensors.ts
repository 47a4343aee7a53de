import { sql, type Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type SensorRow = Selectable<LedgerSchema["sensor"]>;

/** What is known of sensors; of those never run or wished for there is nothing. */
export async function sensorRows(db: Db): Promise<ReadonlyMap<string, SensorRow>> {
  const rows = await db.selectFrom("sensor").selectAll().execute();
  return new Map(rows.map((row) => [row.ref, row]));
}

/** Switches a sensor on or off for the whole installation; null = as its file says. */
export async function enableSensor(db: Db, ref: string, enabled: boolean | null): Promise<void> {
  await db
    .insertInto("sensor")
    .values({ ref, enabled })
    .onConflict((on) => on.column("ref").doUpdateSet({ enabled }))
    .execute();
}

/** Wishes that a sensor is started anew, wherever it runs. */
export async function wishRestart(db: Db, ref: string): Promise<void> {
  await db
    .insertInto("sensor")
    .values({ ref, wish: 1 })
    .onConflict((on) => on.column("ref").doUpdateSet({ wish: sql<number>`sensor.wish + 1` }))
    .execute();
}

export type SensorReport = Pick<
  SensorRow,
  "state" | "owner" | "host" | "pid" | "restarts" | "failures" | "exit_code" | "words" | "dropped"
>;

/** What became of a sensor. `since` is when its state was another one. A report that a sensor ended here does not overwrite what its next owner says. */
export async function reportSensor(
  db: Db,
  ref: string,
  owner: string,
  report: SensorReport,
): Promise<void> {
  await db
    .insertInto("sensor")
    .values({ ref, ...report })
    .onConflict((on) =>
      on
        .column("ref")
        .doUpdateSet({
          ...report,
          since: sql<Date>`case when sensor.state = ${report.state} and sensor.owner is not distinct from ${report.owner} then sensor.since else now() end`,
        })
        .where((where) =>
          report.owner === null ? where("sensor.owner", "=", owner) : where.val(true),
        ),
    )
    .execute();
}

/** How many live processes run sensors. */
export async function countSensorHosts(db: Db): Promise<number> {
  const { hosts } = await db
    .selectFrom("process")
    .select((select) => select.fn.countAll<number>().as("hosts"))
    .where("role", "in", ["door", "sensors"])
    .where("beat_at", ">", sql<Date>`clock_timestamp() - interval '10 seconds'`)
    .executeTakeFirstOrThrow();
  return hosts;
}

export async function readCursor(db: Db, name: string): Promise<unknown> {
  const row = await db
    .selectFrom("sensor_cursor")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value;
}
