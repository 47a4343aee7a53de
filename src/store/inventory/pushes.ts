/** What was last written into services, by entry, attribute and source. */
import { sql } from "kysely";
import type { Push } from "../../inventory/echo.ts";
import type { Db } from "../schema.ts";

export interface PushRow extends Push {
  readonly entryId: string;
  readonly attr: string;
  readonly source: string;
}

export interface PushWrite extends PushRow {
  readonly pushedBy: string;
  readonly execution: string | null;
}

/** The latest counts. Call with the entries held. */
export async function savePushes(db: Db, pushes: readonly PushWrite[]): Promise<void> {
  if (pushes.length === 0) return;
  await sql`
    insert into inv.push as p (entry_id, attr, source, hash, pushed_at, pushed_by, execution)
    select "entryId", attr, source, hash, "pushedAt", "pushedBy", execution
    from jsonb_to_recordset(${JSON.stringify(pushes)}::jsonb) as r("entryId" uuid, attr text, source text, hash text, "pushedAt" timestamptz,
      "pushedBy" text, execution text)
    order by "entryId", attr, source
    on conflict (entry_id, attr, source) do update set hash = excluded.hash, pushed_at = excluded.pushed_at, pushed_by = excluded.pushed_by,
      execution = excluded.execution
    where excluded.pushed_at >= p.pushed_at`.execute(db);
}

/** Of entries; of all sources, or of one. */
export async function pushesOf(
  db: Db,
  entryIds: readonly string[],
  source?: string,
): Promise<readonly PushRow[]> {
  if (entryIds.length === 0) return [];
  const some = source === undefined ? sql`` : sql`and source = ${source}`;
  const { rows } = await sql<Omit<PushRow, "pushedAt"> & { readonly pushedAt: Date }>`
    select entry_id as "entryId", attr, source, hash, pushed_at as "pushedAt" from inv.push
    where entry_id = any(${entryIds}::uuid[]) ${some}`.execute(db);
  return rows.map((row) => ({ ...row, pushedAt: row.pushedAt.toISOString() }));
}
