/** Alerts that a flapping rule watches: when they changed, and whether they flap. */
import { sql, type Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type FlappingRow = Selectable<LedgerSchema["alert_flapping"]>;

export async function flappingOf(db: Db, fingerprint: string): Promise<FlappingRow | undefined> {
  return db
    .selectFrom("alert_flapping")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .executeTakeFirst();
}

export async function saveFlapping(
  db: Db,
  row: {
    readonly fingerprint: string;
    readonly changes: readonly number[];
    readonly flapping: boolean;
    readonly rule: string;
  },
): Promise<void> {
  const { fingerprint, flapping, rule } = row;
  const changes = JSON.stringify(row.changes);
  await db
    .insertInto("alert_flapping")
    .values({ fingerprint, changes, flapping, rule })
    .onConflict((on) =>
      on
        .column("fingerprint")
        .doUpdateSet({ changes, flapping, rule, updated_at: sql<Date>`clock_timestamp()` }),
    )
    .execute();
}

/** Fingerprints of alerts that flap. */
export async function flappingNow(db: Db, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("alert_flapping")
    .select("fingerprint")
    .where("flapping", "=", true)
    .orderBy("updated_at")
    .limit(limit)
    .execute();
  return rows.map(({ fingerprint }) => fingerprint);
}
