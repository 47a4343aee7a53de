/** Types as the ledger knows them, with every version that entries may have been written under. */
import { sql } from "kysely";
import type { EntityType, EntityTypes } from "../../inventory/definition.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";
import { noteTypeChanges } from "./type-changes.ts";

export interface StoredType {
  readonly id: number;
  readonly name: string;
  readonly schemaVersion: number;
  /** Earlier definitions by version, and the present one. */
  readonly definitions: ReadonlyMap<number, JsonObject>;
}

interface TypeRow {
  readonly id: number;
  readonly name: string;
  readonly pack: string;
  readonly schemaVersion: number;
  readonly definition: JsonObject;
  readonly retired: boolean;
}

/** Decides whether entries stay as they are from one definition to the next. */
export type SameStructure = (before: JsonObject, after: JsonObject) => boolean;

/**
 * Makes the type table say what the packs say: new types get a row, renamed ones keep theirs, a structural change is a new version and
 * starts a migration, vanished ones are retired (their entries stay). Returns the living types by name. Run it in a transaction.
 */
export async function saveTypes(
  tx: Db,
  types: EntityTypes,
  same: SameStructure,
): Promise<Map<string, StoredType>> {
  // Several processes start at once: one writes, the others find it done.
  await sql`lock table inv.type in share row exclusive mode`.execute(tx);
  const rows = await typeRows(tx);
  const byName = new Map(rows.map((row) => [row.name, row]));
  for (const type of [...types.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    await saveType(tx, type, { row: rowOf(type, byName, types), same });
  await sql`update inv.type set retired_at = now() where retired_at is null and name <> all(${[...types.keys()]}::text[])`.execute(
    tx,
  );
  await noteTypeChanges(tx);
  return storedTypes(tx);
}

/** The row of that name, or of a name that it had and nobody else has now. */
function rowOf(
  type: EntityType,
  byName: ReadonlyMap<string, TypeRow>,
  types: EntityTypes,
): TypeRow | undefined {
  const names = [type.name, ...type.renamedFrom.filter((name) => !types.has(name))];
  return names.flatMap((name) => byName.get(name) ?? [])[0];
}

async function typeRows(tx: Db): Promise<readonly TypeRow[]> {
  const { rows } = await sql<TypeRow>`
    select id, name, pack, schema_version as "schemaVersion", definition, retired_at is not null as retired from inv.type`.execute(
    tx,
  );
  return rows;
}

async function saveType(
  tx: Db,
  { name, pack, document }: EntityType,
  { row, same }: { readonly row: TypeRow | undefined; readonly same: SameStructure },
): Promise<void> {
  const definition = JSON.stringify(document);
  if (row === undefined) {
    await sql`
      with t as (insert into inv.type (name, pack, definition) values (${name}, ${pack}, ${definition}::jsonb) returning id, schema_version, definition)
      insert into inv.type_version (type_id, schema_version, definition) select id, schema_version, definition from t`.execute(
      tx,
    );
    return;
  }
  const kept = same(row.definition, document);
  const { rows: changed } = await sql`
    update inv.type set name = ${name}, pack = ${pack}, definition = ${definition}::jsonb, retired_at = null,
      schema_version = schema_version + ${kept ? 0 : 1} where id = ${row.id}
      and (name <> ${name} or pack <> ${pack} or definition <> ${definition}::jsonb or retired_at is not null) returning id`.execute(
    tx,
  );
  if (kept || changed.length === 0) return;
  const version = row.schemaVersion + 1;
  await sql`insert into inv.type_version (type_id, schema_version, definition) values (${row.id}, ${version}, ${definition}::jsonb)`.execute(
    tx,
  );
  await sql`update inv.type_migration set state = 'superseded', finished_at = clock_timestamp() where type_id = ${row.id} and state = 'running'`.execute(
    tx,
  );
  await sql`
    insert into inv.type_migration (type_id, schema_version, total)
    select ${row.id}, ${version}, count(*) from inv.entry where type_id = ${row.id} and deleted_at is null`.execute(
    tx,
  );
}

async function storedTypes(tx: Db): Promise<Map<string, StoredType>> {
  const { rows } = await sql<{
    id: number;
    name: string;
    schemaVersion: number;
    definitions: readonly { readonly version: number; readonly definition: JsonObject }[];
  }>`
    select t.id, t.name, t.schema_version as "schemaVersion",
      (select jsonb_agg(jsonb_build_object('version', v.schema_version, 'definition', v.definition) order by v.schema_version)
        from inv.type_version v where v.type_id = t.id) as definitions
    from inv.type t where t.retired_at is null`.execute(tx);
  return new Map(
    rows.map(({ definitions, ...type }) => [
      type.name,
      {
        ...type,
        definitions: new Map(definitions.map(({ version, definition }) => [version, definition])),
      },
    ]),
  );
}

/** Living entries per type name; types without entries are missing. */
export async function countEntries(db: Db): Promise<Map<string, number>> {
  const { rows } = await sql<{ name: string; count: number }>`
    select t.name, count(*) as count from inv.entry e join inv.type t on t.id = e.type_id where e.deleted_at is null group by t.name`.execute(
    db,
  );
  return new Map(rows.map(({ name, count }) => [name, count]));
}
