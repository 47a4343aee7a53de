/** The one writer of the inventory's tables. */
import { sql, type RawBuilder } from "kysely";
import type { Derived, DerivedChange } from "../../inventory/derive.ts";
import type { OperationLetter } from "../../inventory/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { textArray } from "../columns.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";

export interface ChangesetRow {
  readonly id: string;
  readonly actor: string;
  readonly origin_kind: string;
  readonly source: string | null;
  readonly message: string | null;
  readonly ticket: string | null;
  readonly execution: string | null;
  readonly rule_chain: readonly string[];
  readonly causes: readonly string[];
  readonly depth: number;
  /** The changeset that this one takes back. */
  readonly reverts: string | null;
  /** True: further transactions add to it, and somebody closes it (`closeChangeset`). */
  readonly open?: boolean;
}

/** One entry's next version. */
export interface EntryChange {
  readonly id: string;
  readonly typeId: number;
  readonly schemaVersion: number;
  readonly op: OperationLetter;
  readonly name: string;
  readonly doc: JsonObject;
  /** The new version; the stored one must be this minus 1. */
  readonly version: number;
  readonly changed: readonly string[];
  readonly search: string;
  readonly grams: readonly string[];
  readonly derived: DerivedChange;
  /** True: all rows that were derived of it before go; it was written under an earlier version of its type. */
  readonly replace?: boolean;
}

/** One changeset with what it does. */
export interface ChangeSet {
  readonly changeset: ChangesetRow;
  readonly changes: readonly EntryChange[];
  /** True: the feed tells nobody. */
  readonly quiet?: boolean;
}

/** Rows derived of one entry. */
interface OwnRows {
  readonly id: string;
  readonly typeId: number;
  readonly rows: Pick<Derived, "edges" | "keys" | "index">;
}

function rowsOf(own: readonly OwnRows[]) {
  return {
    edges: own.flatMap(({ id, typeId, rows }) =>
      rows.edges.map((row) => ({ src: id, src_type: typeId, ...row })),
    ),
    keys: own.flatMap(({ id, typeId, rows }) =>
      rows.keys.map((row) => ({ entry_id: id, type_id: typeId, ...row })),
    ),
    index: own.flatMap(({ id, typeId, rows }) =>
      rows.index.map((row) => ({ entry_id: id, type_id: typeId, ...row })),
    ),
  };
}

/** The rows as tables `r` of a statement. */
export function derivedTables(own: readonly OwnRows[]) {
  const { edges, keys, index } = rowsOf(own);
  return { edges: tableOf.edges(edges), keys: tableOf.keys(keys), index: tableOf.index(index) };
}

function derivedRows(changes: readonly EntryChange[], which: "added" | "removed") {
  const own = changes.map(({ id, typeId, derived: { edges, keys, index } }) => ({
    id,
    typeId,
    rows: { edges: edges[which], keys: keys[which], index: index[which] },
  }));
  return rowsOf(own);
}

/**
 * Writes the changes with their changesets, revisions, events and derived rows, in two statements at most (what must go goes first, so
 * that another entry of the same call may take over a key). Call it inside a transaction that holds the entries (`loadEntries` with a lock).
 * Rejects with SQLSTATE 23505 when a key was taken meanwhile, and with RA001 when an entry is not at the version this change is based on,
 * or a reference leads to no entry.
 */
export async function writeChanges(db: Db, sets: readonly ChangeSet[]): Promise<void> {
  const changes = sets.flatMap((set) => set.changes);
  if (changes.length === 0) return;
  await clearDerived(
    db,
    changes.flatMap(({ id, replace }) => (replace === true ? [id] : [])),
  );
  const removed = derivedRows(changes, "removed");
  if (removed.edges.length + removed.keys.length + removed.index.length > 0)
    await removeDerived(db, removed);
  const changesets = sets.map((set) => ({ ...set.changeset, size: set.changes.length }));
  await sql`${prepared}
    with moment as materialized (select clock_timestamp() as at),
    input as materialized (${inputOf(sets)}),
    cs as (
      insert into inv.changeset as c (id, at, actor, origin_kind, source, message, ticket, execution, rule_chain, causes, depth, reverts, size, open_at)
      select r.id, at, actor, origin_kind, source, message, ticket, execution, rule_chain, causes, depth, reverts, r.size, case when open then at end
      from moment, jsonb_to_recordset(${JSON.stringify(changesets)}::jsonb) as r(id uuid, actor text, origin_kind text, source text, message text, ticket text,
        execution text, rule_chain text[], causes uuid[], depth int, reverts uuid, size int, open boolean)
      on conflict (id) do update set size = c.size + excluded.size, open_at = excluded.open_at returning id),
    born as (
      insert into inv.entry (id, type_id, name, doc, version, schema_version, search, grams, created_at, updated_at, last_changeset)
      select i.id, "typeId", name, doc, version, "schemaVersion", search, grams, at, at, i.changeset from input i where op = 'I' returning id),
    changed as (
      update inv.entry e set name = i.name, doc = i.doc, version = i.version, schema_version = i."schemaVersion", search = i.search, grams = i.grams,
        updated_at = i.at, last_changeset = i.changeset, deleted_at = case when op = 'D' then i.at end
      from input i where op <> 'I' and e.id = i.id and e.version = i.version - 1 returning e.id),
    rev as (
      insert into inv.revision (entry_id, version, type_id, schema_version, at, op, name, doc, changed, changeset_id)
      select i.id, version, "typeId", "schemaVersion", at, op::"char", name, doc, changed, i.changeset from input i),
    ev as (
      insert into inv.event (entry_id, version, op) select id, version, op::"char" from input where not quiet order by ord),
    ${addDerived(derivedRows(changes, "added"))}
    select raicho_all((select count(*) from born) + (select count(*) from changed) - ${strayReferences}, (select count(*) from input))`.execute(
    db,
  );
}

const unit = "\u001F";

/** The changes as rows. Each column is one list: a document is read once, not as part of one large document and then again by itself.
 * The planner is not told how many there are: it would rather read a whole table than look up a thousand entries. */
function inputOf(sets: readonly ChangeSet[]): RawBuilder<unknown> {
  const own = sets.flatMap((set) => set.changes.map((change) => ({ ...set, change })));
  const list = (text: (one: (typeof own)[number]) => string): RawBuilder<unknown> =>
    sql`(select ${textArray(own.map(text))}::text[])`;
  return sql`
    select id::uuid, "typeId"::int, "schemaVersion"::int, op, name, doc::jsonb, version::int, string_to_array(changed, ${unit}) as changed, search,
      string_to_array(grams, ${unit}) as grams, changeset::uuid, ord, quiet::boolean, at
    from moment, unnest(${list(({ change }) => change.id)}, ${list(({ change }) => `${change.typeId}`)}, ${list(({ change }) => `${change.schemaVersion}`)},
      ${list(({ change }) => change.op)}, ${list(({ change }) => change.name)}, ${list(({ change }) => JSON.stringify(change.doc))},
      ${list(({ change }) => `${change.version}`)}, ${list(({ change }) => change.changed.join(unit))}, ${list(({ change }) => change.search)},
      ${list(({ change }) => change.grams.join(unit))}, ${list(({ changeset }) => changeset.id)}, ${list(({ quiet = false }) => `${quiet}`)})
      with ordinality as r(id, "typeId", "schemaVersion", op, name, doc, version, changed, search, grams, changeset, quiet, ord)`;
}

/** How many of the entries that new references lead to are neither there nor born now. */
const strayReferences = sql`(select count(*) from (select distinct dst from edges) g
  where not exists (select 1 from inv.entry e where e.id = g.dst) and not exists (select 1 from born where born.id = g.dst))`;

type DerivedRows = ReturnType<typeof derivedRows>;

/** Rows as a table `r` of the statement: lists of values are far cheaper to read than JSON. */
const tableOf = {
  edges: (
    rows: DerivedRows["edges"],
  ) => sql`unnest(${rows.map(({ src }) => src)}::uuid[], ${rows.map(({ attr }) => attr)}::text[],
    ${rows.map(({ ord }) => ord)}::int[], ${rows.map(({ label }) => label)}::text[], ${rows.map(({ dst }) => dst)}::uuid[],
    ${rows.map((row) => row.src_type)}::int[]) as r(src, attr, ord, label, dst, src_type)`,
  keys: (
    rows: DerivedRows["keys"],
  ) => sql`unnest(${rows.map((row) => row.type_id)}::int[], ${rows.map((row) => row.key_name)}::text[],
    ${rows.map((row) => row.key_value)}::text[], ${rows.map((row) => row.entry_id)}::uuid[]) as r(type_id, key_name, key_value, entry_id)`,
  index: (
    rows: DerivedRows["index"],
  ) => sql`unnest(${rows.map((row) => row.entry_id)}::uuid[], ${rows.map((row) => row.type_id)}::int[],
    ${rows.map(({ attr }) => attr)}::text[], ${rows.map(({ scope }) => scope)}::uuid[], ${rows.map(({ d }) => d)}::date[],
    ${rows.map(({ ts }) => ts)}::timestamptz[], ${rows.map(({ n }) => n)}::numeric[], ${rows.map(({ net }) => net)}::inet[],
    ${rows.map(({ t }) => t)}::text[]) as r(entry_id, type_id, attr, scope, d, ts, n, net, t)`,
};

/** The rows go into the tables. */
function addDerived({ edges, keys, index }: DerivedRows): RawBuilder<unknown> {
  return sql`
  edges as (
    insert into inv.edge (src, attr, ord, label, dst, src_type)
    select src, attr, ord, label, dst, src_type from ${tableOf.edges(edges)} returning dst),
  keys as (
    insert into inv.key (type_id, key_name, key_value, entry_id)
    select type_id, key_name, key_value, entry_id from ${tableOf.keys(keys)}),
  idx as (
    insert into inv.idx (entry_id, type_id, attr, scope, d, ts, n, net, t)
    select entry_id, type_id, attr, scope, d, ts, n, net, t from ${tableOf.index(index)})`;
}

async function clearDerived(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    with given as (select ${ids}::uuid[] as ids),
    edges as (delete from inv.edge g using given where g.src = any(ids)),
    keys as (delete from inv.key k using given where k.entry_id = any(ids))
    delete from inv.idx x using given where x.entry_id = any(ids)`.execute(db);
}

/** Derives anew what is derived of entries whose documents stay as they are, and notes under which version of the type. */
export async function rewriteDerived(db: Db, changes: readonly EntryChange[]): Promise<void> {
  if (changes.length === 0) return;
  await clearDerived(
    db,
    changes.map(({ id }) => id),
  );
  const entries = changes.map(({ id, schemaVersion, name, search, grams }) => {
    return { id, schemaVersion, name, search, grams };
  });
  await sql`
    with ${addDerived(derivedRows(changes, "added"))}
    update inv.entry e set schema_version = r."schemaVersion", name = r.name, search = r.search, grams = r.grams
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as r(id uuid, "schemaVersion" int, name text, search text, grams text[])
    where e.id = r.id`.execute(db);
}

async function removeDerived(db: Db, { edges, keys, index }: DerivedRows): Promise<void> {
  await sql`${prepared}
    with edges as (
      delete from inv.edge g using ${tableOf.edges(edges)} where g.src = r.src and g.attr = r.attr and g.ord = r.ord),
    keys as (
      delete from inv.key k using ${tableOf.keys(keys)}
      where k.type_id = r.type_id and k.key_name = r.key_name and k.key_value = r.key_value and k.entry_id = r.entry_id)
    delete from inv.idx x using ${tableOf.index(index)}
    where x.entry_id = r.entry_id and x.attr = r.attr and x.scope = r.scope and (x.d, x.ts, x.n, x.net, x.t) is not distinct from (r.d, r.ts, r.n, r.net, r.t)`.execute(
    db,
  );
}

/** Says that a changeset is complete, if it was open: the feed then tells of it. */
export async function closeChangeset(db: Db, id: string): Promise<void> {
  await sql`
    with closed as (update inv.changeset set open_at = null where id = ${id}::uuid and open_at is not null returning id)
    insert into inv.event (op, changeset_id) select 'C', id from closed`.execute(db);
}

/** Closes what was left open by a process that ended in the middle of it. */
export async function closeAbandonedChangesets(db: Db, seconds: number): Promise<void> {
  await sql`
    with closed as (update inv.changeset set open_at = null where open_at < clock_timestamp() - ${seconds}::float8 * interval '1 second' returning id)
    insert into inv.event (op, changeset_id) select 'C', id from closed`.execute(db);
}
