/** Saved filters and the versions they had. */
import { sql } from "kysely";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

export interface FilterRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** For all; else only for its owner. */
  readonly shared: boolean;
  /** Only those whom nothing limits change it; roles name only such. */
  readonly protected: boolean;
  readonly version: number;
  readonly document: JsonObject;
  /** Names of the filters that it names. */
  readonly uses: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface FilterRevision {
  readonly version: number;
  readonly at: Date;
  readonly actor: string;
  /** I, U or D. */
  readonly op: string;
  readonly name: string;
  readonly shared: boolean;
  readonly protected: boolean;
  readonly document: JsonObject;
  readonly reason: string | null;
}

const columns = sql`id, name, owner, shared, protected, version, document, uses, created_at as "createdAt", updated_at as "updatedAt"`;

/** Those for all and, of somebody, the own ones; of two with one name the own one comes first. */
export async function visibleFilters(
  db: Db,
  viewer: string | undefined,
  names?: readonly string[],
): Promise<readonly FilterRow[]> {
  const wanted = names === undefined ? sql`true` : sql`name = any(${names}::text[])`;
  const { rows } = await sql<FilterRow>`
    select ${columns} from inv.filter where (shared or owner = ${viewer ?? ""}::text) and ${wanted} order by name, shared, id`.execute(
    db,
  );
  return rows;
}

/** Names of the shared filters, and of the own ones, that name this one. */
export async function filtersUsing(db: Db, name: string): Promise<readonly FilterRow[]> {
  const { rows } = await sql<FilterRow>`
    select ${columns} from inv.filter where uses @> array[${name}::text] order by name limit 100`.execute(
    db,
  );
  return rows;
}

export interface FilterChange {
  readonly row: Omit<FilterRow, "createdAt" | "updatedAt">;
  readonly op: "I" | "U" | "D";
  readonly actor: string;
  readonly reason: string | undefined;
}

/** Writes the filter and its version. False: it is not at the version before any more, or the name is taken. */
export async function writeFilter(
  db: Db,
  { row, op, actor, reason }: FilterChange,
): Promise<boolean> {
  const { id, name, owner, shared, version, uses } = row;
  const document = JSON.stringify(row.document);
  const before = version - 1;
  const written =
    op === "I"
      ? await sql`insert into inv.filter (id, name, owner, shared, protected, version, document, uses, created_at, updated_at)
          values (${id}::uuid, ${name}, ${owner}, ${shared}, ${row.protected}, ${version}, ${document}::json, ${uses}::text[], now(), now())
          on conflict do nothing returning id`.execute(db)
      : op === "U"
        ? await sql`update inv.filter set shared = ${shared}, protected = ${row.protected}, version = ${version}, document = ${document}::json,
            uses = ${uses}::text[], owner = ${owner}, updated_at = now() where id = ${id}::uuid and version = ${before} returning id`.execute(
            db,
          )
        : await sql`delete from inv.filter where id = ${id}::uuid and version = ${before} returning id`.execute(
            db,
          );
  if (written.rows.length === 0) return false;
  await sql`insert into inv.filter_revision (filter_id, version, at, actor, op, name, owner, shared, protected, document, reason)
    values (${id}::uuid, ${version}, now(), ${actor}, ${op}, ${name}, ${owner}, ${shared}, ${row.protected}, ${document}::json, ${reason ?? null})`.execute(
    db,
  );
  return true;
}

/** Newest first. */
export async function filterRevisions(db: Db, id: string): Promise<readonly FilterRevision[]> {
  const { rows } = await sql<FilterRevision>`
    select version, at, actor, op, name, shared, protected, document, reason from inv.filter_revision
    where filter_id = ${id}::uuid order by version desc limit 1000`.execute(db);
  return rows;
}

/** Living entries of those types whose attribute, one per type, speaks of a filter or a group. */
export async function documentsNaming(
  db: Db,
  places: readonly { readonly typeId: number; readonly attribute: string }[],
): Promise<
  readonly {
    readonly id: string;
    readonly name: string;
    readonly typeId: number;
    readonly value: unknown;
  }[]
> {
  if (places.length === 0) return [];
  const { rows } = await sql<{ id: string; name: string; typeId: number; value: unknown }>`
    select e.id, e.name, e.type_id as "typeId", e.doc -> p.attribute as value
    from unnest(${places.map(({ typeId }) => typeId)}::int[], ${places.map(({ attribute }) => attribute)}::text[]) as p(type_id, attribute)
      join inv.entry e on e.type_id = p.type_id and e.deleted_at is null and e.doc ? p.attribute
    where e.doc ->> p.attribute like '%"$filter"%' or e.doc ->> p.attribute like '%"$group"%' limit 10000`.execute(
    db,
  );
  return rows;
}
