/** What hangs on an entry. */
import { sql } from "kysely";
import type { Db } from "../schema.ts";

export interface ImpactRow {
  readonly id: string;
  readonly typeId: number;
  readonly name: string;
  /** Steps from the entry asked about. */
  readonly depth: number;
  /** The entry it hangs on, and by which of its attributes. */
  readonly via: string;
  readonly attribute: string;
}

/** Entries that lead to the given one by references that pass trouble on, nearest first; each once, by its shortest way. */
export async function impactOf(
  db: Db,
  id: string,
  {
    references,
    depth,
    limit,
  }: {
    readonly references: readonly { readonly typeId: number; readonly attribute: string }[];
    readonly depth: number;
    readonly limit: number;
  },
): Promise<readonly ImpactRow[]> {
  const types = references.map(({ typeId }) => typeId);
  const attributes = references.map(({ attribute }) => attribute);
  const { rows } = await sql<ImpactRow>`
    with recursive passing as (select * from unnest(${types}::int[], ${attributes}::text[]) as p(type_id, attr)),
    up as (
      select ${id}::uuid as id, 0 as depth, null::uuid as via, null::text as attribute
      union
      select g.src, up.depth + 1, up.id, g.attr from up join inv.edge g on g.dst = up.id
        join inv.entry s on s.id = g.src and s.deleted_at is null join passing p on p.type_id = s.type_id and p.attr = g.attr
      where up.depth < ${depth}),
    nearest as (select distinct on (id) * from up where depth > 0 and id <> ${id}::uuid order by id, depth)
    select n.id, e.type_id as "typeId", e.name, n.depth, n.via, n.attribute from nearest n join inv.entry e on e.id = n.id
    order by n.depth, e.type_id, e.name, n.id limit ${limit}`.execute(db);
  return rows;
}
