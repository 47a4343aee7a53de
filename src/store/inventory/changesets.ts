/** Changesets and what each did. */
import { sql, type RawBuilder } from "kysely";
import type { OperationLetter } from "../../inventory/event.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Predicate } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { Aliases, predicateSql } from "./predicate-sql.ts";

export interface ChangesetHead {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly originKind: string;
  readonly source: string | null;
  readonly message: string | null;
  readonly ticket: string | null;
  readonly execution: string | null;
  readonly size: number;
  readonly reverts: string | null;
  /** The changeset that took this one back. */
  readonly revertedBy: string | null;
}

export interface ChangesetFilter {
  readonly actor: string | undefined;
  readonly source: string | undefined;
  readonly ticket: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly after: { readonly at: string; readonly id: string } | undefined;
  readonly limit: number;
}

/**
 * Revisions that a caller is told of, as alternatives: `when` holds of the image, and it changed one of the attributes, or ("whole") came,
 * went or came back. Undefined: all of them.
 */
export type Scope =
  | readonly { readonly when: Predicate; readonly changed: readonly string[] | "whole" }[]
  | undefined;

/** The revisions of changeset `c` in the scope. */
function revisionsIn(scope: NonNullable<Scope>): RawBuilder<unknown> {
  const aliases = new Aliases();
  const e = aliases.fresh();
  const parts = scope.map(({ when, changed }) => {
    const how = changed === "whole" ? sql`e0.op <> 'U'` : sql`e0.changed && ${changed}::text[]`;
    return sql`(${how} and ${predicateSql(when, e, aliases)})`;
  });
  const some = parts.length === 0 ? sql`false` : sql.join(parts, sql` or `);
  return sql`(select r.entry_id as id, r.type_id, r.name, r.doc, r.version, r.op, r.changed, r.at as updated_at, r.at as created_at
    from inv.revision r where r.changeset_id = c.id) e0 where (${some})`;
}

function headOf(scope: Scope): RawBuilder<unknown> {
  const size =
    scope === undefined
      ? sql`c.size`
      : sql`(select count(*)::int from ${revisionsIn(scope)}) as size`;
  return sql`c.id, c.at, c.actor, c.origin_kind as "originKind", c.source, c.message, c.ticket, c.execution, ${size}, c.reverts,
  (select r.id from inv.changeset r where r.reverts = c.id order by r.at desc limit 1) as "revertedBy"`;
}

/** Newest first; those that changed something. */
export async function listChangesets(
  db: Db,
  filter: ChangesetFilter,
  scope: Scope,
): Promise<readonly ChangesetHead[]> {
  const conditions = [sql`c.size > 0`];
  if (scope !== undefined) conditions.push(sql`exists (select 1 from ${revisionsIn(scope)})`);
  if (filter.actor !== undefined) conditions.push(sql`c.actor = ${filter.actor}`);
  if (filter.source !== undefined) conditions.push(sql`c.source = ${filter.source}`);
  if (filter.ticket !== undefined) conditions.push(sql`c.ticket = ${filter.ticket}`);
  if (filter.since !== undefined) conditions.push(sql`c.at >= ${filter.since}::timestamptz`);
  if (filter.until !== undefined) conditions.push(sql`c.at < ${filter.until}::timestamptz`);
  if (filter.after !== undefined)
    conditions.push(
      sql`(c.at, c.id) < (${filter.after.at}::timestamptz, ${filter.after.id}::uuid)`,
    );
  const { rows } = await sql<ChangesetHead>`
    select ${headOf(scope)} from inv.changeset c where ${sql.join(conditions, sql` and `)}
    order by c.at desc, c.id desc limit ${filter.limit}`.execute(db);
  return rows;
}

/** Undefined also when nothing that it did is in the scope. */
export async function loadChangeset(
  db: Db,
  id: string,
  scope: Scope,
): Promise<ChangesetHead | undefined> {
  const { rows } =
    await sql<ChangesetHead>`select ${headOf(scope)} from inv.changeset c where c.id = ${id}::uuid`.execute(
      db,
    );
  const [found] = rows;
  return scope !== undefined && found?.size === 0 ? undefined : found;
}

export interface DeedRow {
  readonly entryId: string;
  readonly typeId: number;
  readonly name: string;
  readonly firstOp: OperationLetter;
  readonly lastOp: OperationLetter;
  readonly version: number;
  /** The first of its versions that the changeset made. */
  readonly firstVersion: number;
  readonly before: JsonObject | null;
  readonly after: JsonObject;
  /** Versions of the type that they were written under. */
  readonly beforeSchema: number | null;
  readonly afterSchema: number;
}

/** What the changeset did, entry by entry in the order of their ids, after the id `after`. */
export async function loadDeeds(
  db: Db,
  changeset: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly DeedRow[]> {
  const { rows } = await sql<DeedRow>`
    with mine as (
      select entry_id, min(version) as first, max(version) as last from inv.revision
      where changeset_id = ${changeset}::uuid and entry_id > ${after ?? "00000000-0000-0000-0000-000000000000"}::uuid
      group by entry_id order by entry_id limit ${limit})
    select m.entry_id as "entryId", z.type_id as "typeId", z.name, a.op as "firstOp", z.op as "lastOp", z.version, m.first as "firstVersion", p.doc as before, z.doc as after,
      p.schema_version as "beforeSchema", z.schema_version as "afterSchema"
    from mine m join inv.revision a on a.entry_id = m.entry_id and a.version = m.first
      join inv.revision z on z.entry_id = m.entry_id and z.version = m.last
      left join inv.revision p on p.entry_id = m.entry_id and p.version = m.first - 1
    order by m.entry_id`.execute(db);
  return rows;
}

export interface RevisionHead {
  readonly version: number;
  readonly at: Date;
  readonly op: OperationLetter;
  readonly name: string;
  readonly typeId: number;
  readonly doc: JsonObject;
  readonly schemaVersion: number;
}

/** The entry as it was at a version, or at a moment; undefined when it was not there yet. */
export async function revisionAt(
  db: Db,
  entryId: string,
  when: { readonly version: number } | { readonly at: string },
): Promise<RevisionHead | undefined> {
  const condition =
    "version" in when ? sql`version = ${when.version}` : sql`at <= ${when.at}::timestamptz`;
  const { rows } = await sql<RevisionHead>`
    select version, at, op, name, type_id as "typeId", doc, schema_version as "schemaVersion" from inv.revision where entry_id = ${entryId}::uuid and ${condition}
    order by version desc limit 1`.execute(db);
  return rows[0];
}

/** What entries were called at a moment; those that did not exist yet are missing. */
export async function namesAt(
  db: Db,
  ids: readonly string[],
  at: string,
): Promise<
  ReadonlyMap<string, { readonly name: string; readonly typeId: number; readonly version: number }>
> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; name: string; typeId: number; version: number }>`
    select distinct on (entry_id) entry_id as id, name, type_id as "typeId", version from inv.revision
    where entry_id = any(${ids}::uuid[]) and at <= ${at}::timestamptz order by entry_id, version desc`.execute(
    db,
  );
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}
