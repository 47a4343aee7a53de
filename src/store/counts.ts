/** How many rows there are, without counting them all each time. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

/** Rows that are counted one by one; of more it is only said that they are more. */
export const mostCounted = 10_000;

/** The first half of an id made that many seconds before or after a time: ids sort by time. */
export function idAround(at: Date, seconds: number): string {
  const second = Math.max(0, Math.floor(at.getTime() / 1_000) + seconds);
  return second.toString(16).padStart(8, "0");
}

/** Seconds that the clocks of processes, which make ids, may differ from the database's, which writes times. */
export const clockSlack = 300;

interface Kept {
  readonly upTo: string;
  readonly count: number;
  readonly until: number;
}

const kept = new WeakMap<Db, Map<string, Kept>>();
const settleSeconds = 120;
const recountMs = 3_600_000;

/** All rows of a table, or those for which a condition holds that never changes: only what is new is counted, and everything once an hour. */
export async function countKept(
  db: Db,
  table: "trigger_instance" | "enforcement",
  condition = "true",
): Promise<number> {
  const name = `${table} ${condition}`;
  const mine = kept.get(db) ?? new Map<string, Kept>();
  kept.set(db, mine);
  const now = Date.now();
  const known = mine.get(name);
  const base =
    known === undefined || known.until < now
      ? { upTo: "", count: 0, until: now + recountMs }
      : known;
  const settled = idAround(new Date(now), -settleSeconds);
  const { rows } = await sql<{ old: number; all: number }>`
    select count(*) filter (where id <= ${settled}) as old, count(*) as "all"
    from ${sql.table(table)} where id > ${base.upTo} and ${sql.raw(condition)}`.execute(db);
  const { old = 0, all = 0 } = rows[0] ?? {};
  if (settled > base.upTo)
    mine.set(name, { upTo: settled, count: base.count + old, until: base.until });
  return base.count + all;
}
