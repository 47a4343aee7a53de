/** Which conditions hold of which entries, all of them in one question. */
import { sql, type RawBuilder } from "kysely";
import type { Predicate } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { Aliases, predicateSql } from "./predicate-sql.ts";

/** What is asked of a living entry, and of a deleted one. */
export interface Asked {
  readonly living: Predicate;
  readonly gone: Predicate;
}

/** Per id of an entry, living or deleted: which of the conditions hold, in their order. */
export async function holdingOf(
  db: Db,
  ids: readonly string[],
  asked: readonly Asked[],
): Promise<ReadonlyMap<string, readonly boolean[]>> {
  if (ids.length === 0 || asked.length === 0) return new Map();
  const aliases = new Aliases();
  const e = aliases.fresh();
  const holds = asked.map(
    ({ living, gone }) =>
      sql`case when e0.deleted_at is null then ${predicateSql(living, e, aliases)} else ${predicateSql(gone, e, aliases)} end`,
  );
  const { rows } = await sql<{ id: string; holds: boolean[] }>`
    select e0.id, ${listOf(holds)} as holds from inv.entry e0 where e0.id = any(${ids}::uuid[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row.holds]));
}

export interface ImageId {
  readonly id: string;
  readonly version: number;
}

export function imageKey({ id, version }: ImageId): string {
  return `${id} ${version}`;
}

/** The same of earlier images of entries, by `imageKey`. */
export async function holdingOfImages(
  db: Db,
  images: readonly ImageId[],
  asked: readonly Predicate[],
): Promise<ReadonlyMap<string, readonly boolean[]>> {
  if (images.length === 0 || asked.length === 0) return new Map();
  const aliases = new Aliases();
  const e = aliases.fresh();
  const holds = asked.map((predicate) => predicateSql(predicate, e, aliases));
  const { rows } = await sql<ImageId & { holds: boolean[] }>`
    select e0.id, e0.version, ${listOf(holds)} as holds from (
      select r.entry_id as id, r.type_id, r.name, r.doc, r.version, r.at as updated_at, n.created_at
      from unnest(${images.map(({ id }) => id)}::uuid[], ${images.map(({ version }) => version)}::int[]) as w(id, version)
        join inv.revision r on r.entry_id = w.id and r.version = w.version join inv.entry n on n.id = r.entry_id) e0`.execute(
    db,
  );
  return new Map(rows.map((row) => [imageKey(row), row.holds]));
}

function listOf(holds: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql`array[${sql.join(holds)}]::boolean[]`;
}
