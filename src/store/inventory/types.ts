import { sql } from "kysely";
import type { EntityTypes } from "../../inventory/definition.ts";
import type { Db } from "../schema.ts";

export interface StoredType {
  readonly id: number;
  readonly name: string;
  readonly schemaVersion: number;
}

/**
 * Makes the type table say what the packs say: new types get a row, changed ones a higher schema version, vanished ones are
 * retired (their entries stay). Returns the living types by name.
 */
export async function saveTypes(db: Db, types: EntityTypes): Promise<Map<string, StoredType>> {
  const rows = [...types.values()].map(({ name, pack, document }) => ({ name, pack, document }));
  await sql`
    insert into inv.type as t (name, pack, definition)
    select r.name, r.pack, r.document from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(name text, pack text, document jsonb)
    order by r.name
    on conflict (name) do update set pack = excluded.pack, definition = excluded.definition, retired_at = null,
      schema_version = t.schema_version + case when t.definition = excluded.definition then 0 else 1 end
      where t.definition <> excluded.definition or t.pack <> excluded.pack or t.retired_at is not null`.execute(
    db,
  );
  await sql`update inv.type set retired_at = now() where retired_at is null and name <> all(${[...types.keys()]}::text[])`.execute(
    db,
  );
  const { rows: stored } = await sql<StoredType>`
    select id, name, schema_version as "schemaVersion" from inv.type where retired_at is null`.execute(
    db,
  );
  return new Map(stored.map((type) => [type.name, type]));
}

/** Living entries per type name; types without entries are missing. */
export async function countEntries(db: Db): Promise<Map<string, number>> {
  const { rows } = await sql<{ name: string; count: number }>`
    select t.name, count(*) as count from inv.entry e join inv.type t on t.id = e.type_id where e.deleted_at is null group by t.name`.execute(
    db,
  );
  return new Map(rows.map(({ name, count }) => [name, count]));
}
