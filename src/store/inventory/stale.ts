/** Entries whose change alters computed attributes of others. */
import { sql } from "kysely";
import type { JsonObject } from "../../model/json.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";

export interface StaleRow {
  readonly id: string;
  /** The entry that changed. */
  readonly entryId: string;
  readonly cause: JsonObject;
  readonly round: number;
  /** Those with a lower id were done. */
  readonly after: string;
}

export async function addStale(
  db: Db,
  rows: readonly Pick<StaleRow, "entryId" | "cause" | "round">[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into inv.stale (entry_id, cause, round)
    select r."entryId", r.cause, r.round from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r("entryId" uuid, cause jsonb, round int)`.execute(
    db,
  );
}

/** The oldest that nobody works on, held until the transaction ends. */
export async function takeStale(db: Db): Promise<StaleRow | undefined> {
  const { rows } = await sql<StaleRow>`
    select id, entry_id as "entryId", cause, round, after from inv.stale order by id limit 1 for update skip locked`.execute(
    db,
  );
  return rows[0];
}

/** Whether anything waits. */
export async function isStale(db: Db): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`${prepared}
    select exists (select 1 from inv.stale) as waits`.execute(db);
  return rows[0]?.waits === true;
}

/** `after` undefined = all of its readers are done. */
export async function advanceStale(db: Db, id: string, after: string | undefined): Promise<void> {
  if (after === undefined) await sql`delete from inv.stale where id = ${id}`.execute(db);
  else await sql`update inv.stale set after = ${after}::uuid where id = ${id}`.execute(db);
}

/** Living entries of these types that read an entry, over references of these kinds, in the order of their ids. */
export async function readersOf(
  db: Db,
  { entryId, after }: Pick<StaleRow, "entryId" | "after">,
  how: {
    readonly references: readonly { readonly typeId: number; readonly attribute: string }[];
    readonly types: readonly number[];
    readonly depth: number;
    readonly limit: number;
  },
): Promise<readonly string[]> {
  const types = how.references.map(({ typeId }) => typeId);
  const attributes = how.references.map(({ attribute }) => attribute);
  const { rows } = await sql<{ id: string }>`
    with recursive reading as (select * from unnest(${types}::int[], ${attributes}::text[]) as p(type_id, attr)),
    up as (
      select ${entryId}::uuid as id, 0 as depth
      union
      select g.src, up.depth + 1 from up join inv.edge g on g.dst = up.id
        join inv.entry s on s.id = g.src and s.deleted_at is null join reading p on p.type_id = s.type_id and p.attr = g.attr
      where up.depth < ${how.depth})
    select distinct e.id from up join inv.entry e on e.id = up.id
    where up.depth > 0 and e.type_id = any(${how.types}::int[]) and e.id > ${after}::uuid order by e.id limit ${how.limit}`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}
