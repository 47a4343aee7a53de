/** What hangs on an entry. */
import { sql } from "kysely";
import type { Predicate } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { Aliases, predicateSql } from "./predicate-sql.ts";

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
    seen,
    depth,
    limit,
  }: {
    /** `guard`: what must hold of the entry with the reference; undefined = nothing. */
    readonly references: readonly {
      readonly typeId: number;
      readonly attribute: string;
      readonly guard: Predicate | undefined;
    }[];
    /** Entries that count. */
    readonly seen: Predicate;
    readonly depth: number;
    readonly limit: number;
  },
): Promise<readonly ImpactRow[]> {
  const types = references.map(({ typeId }) => typeId);
  const attributes = references.map(({ attribute }) => attribute);
  const aliases = new Aliases();
  const s = aliases.fresh();
  const conditions = [predicateSql(seen, s, aliases)];
  for (const { typeId, attribute, guard } of references) {
    if (guard === undefined) continue;
    const holds = predicateSql(guard, s, aliases);
    conditions.push(sql`(e0.type_id <> ${typeId} or g.attr <> ${attribute} or ${holds})`);
  }
  const { rows } = await sql<ImpactRow>`
    with recursive passing as (select * from unnest(${types}::int[], ${attributes}::text[]) as p(type_id, attr)),
    up as (
      select ${id}::uuid as id, 0 as depth, null::uuid as via, null::text as attribute
      union
      select g.src, up.depth + 1, up.id, g.attr from up join inv.edge g on g.dst = up.id
        join inv.entry e0 on e0.id = g.src and e0.deleted_at is null join passing p on p.type_id = e0.type_id and p.attr = g.attr
      where up.depth < ${depth} and ${sql.join(conditions, sql` and `)}),
    nearest as (select distinct on (id) * from up where depth > 0 and id <> ${id}::uuid order by id, depth)
    select n.id, e.type_id as "typeId", e.name, n.depth, n.via, n.attribute from nearest n join inv.entry e on e.id = n.id
    order by n.depth, e.type_id, e.name, n.id limit ${limit}`.execute(db);
  return rows;
}
