/** Imports of spreadsheets: what was read, what it would do, what became of it. */
import { sql } from "kysely";
import type { ColumnMapping } from "../../inventory/sheet-heads.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

export type ImportState = "staged" | "committing" | "committed" | "discarded" | "reverted";

export interface ImportRow {
  readonly id: string;
  readonly state: ImportState;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly options: JsonObject;
  readonly decisions: readonly JsonObject[];
  readonly files: readonly JsonObject[];
  readonly summary: JsonObject;
  readonly fingerprint: string;
  readonly conflicts: readonly JsonObject[];
  readonly changeset: string | null;
  readonly committedBy: string | null;
  readonly committedAt: Date | null;
}

const columns = sql.raw(
  `i.id, i.state, i.created_by as "createdBy", i.created_at as "createdAt", i.options, i.decisions, i.files, i.summary, i.fingerprint, i.conflicts,
   i.changeset, i.committed_by as "committedBy", i.committed_at as "committedAt"`,
);

export async function createImport(
  db: Db,
  { id, createdBy, options }: { id: string; createdBy: string; options: JsonObject },
): Promise<void> {
  await sql`insert into inv.import (id, state, created_by, options, files) values (${id}::uuid, 'staged', ${createdBy}, ${JSON.stringify(options)}::jsonb, '[]')`.execute(
    db,
  );
}

/** `hold`: nobody else changes it until the transaction ends. */
export async function loadImport(db: Db, id: string, hold = false): Promise<ImportRow | undefined> {
  const { rows } = await sql<ImportRow>`
    select ${columns} from inv.import i where i.id = ${id}::uuid ${hold ? sql`for update` : sql``}`.execute(
    db,
  );
  return rows[0];
}

/** Newest first. */
export async function listImports(
  db: Db,
  {
    after,
    limit,
  }: { readonly after: { at: string; id: string } | undefined; readonly limit: number },
): Promise<readonly ImportRow[]> {
  const from =
    after === undefined
      ? sql`true`
      : sql`(date_trunc('milliseconds', i.created_at), i.id) < (${after.at}::timestamptz, ${after.id}::uuid)`;
  const { rows } = await sql<ImportRow>`
    select ${columns} from inv.import i where ${from} order by date_trunc('milliseconds', i.created_at) desc, i.id desc limit ${limit}`.execute(
    db,
  );
  return rows;
}

export type ImportChange = Partial<
  Pick<
    ImportRow,
    | "state"
    | "decisions"
    | "files"
    | "summary"
    | "fingerprint"
    | "conflicts"
    | "changeset"
    | "committedBy"
  >
>;

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export async function changeImport(db: Db, id: string, change: ImportChange): Promise<void> {
  await sql`
    update inv.import set state = coalesce(${change.state ?? null}, state), decisions = coalesce(${json(change.decisions)}::jsonb, decisions),
      files = coalesce(${json(change.files)}::jsonb, files), summary = coalesce(${json(change.summary)}::jsonb, summary),
      fingerprint = coalesce(${change.fingerprint ?? null}, fingerprint), conflicts = coalesce(${json(change.conflicts)}::jsonb, conflicts),
      changeset = coalesce(${change.changeset ?? null}::uuid, changeset), committed_by = coalesce(${change.committedBy ?? null}, committed_by),
      committed_at = case when ${change.state ?? null} = 'committed' then clock_timestamp() else committed_at end
    where id = ${id}::uuid`.execute(db);
}

export interface StagedRow {
  readonly ord: number;
  readonly action: string;
  readonly record: JsonObject;
  readonly plan: JsonObject;
}

/** Replaces the rows of an import. */
export async function saveRows(db: Db, id: string, rows: readonly StagedRow[]): Promise<void> {
  await sql`delete from inv.import_row where import_id = ${id}::uuid`.execute(db);
  for (let from = 0; from < rows.length; from += 5000)
    await sql`
      insert into inv.import_row (import_id, ord, action, record, plan)
      select ${id}::uuid, ord, action, record, plan
      from jsonb_to_recordset(${JSON.stringify(rows.slice(from, from + 5000))}::jsonb) as r(ord int, action text, record jsonb, plan jsonb)`.execute(
      db,
    );
}

export async function loadRows(
  db: Db,
  id: string,
  page: {
    readonly actions?: readonly string[] | undefined;
    readonly after?: number | undefined;
    readonly limit: number;
  },
): Promise<readonly StagedRow[]> {
  const some = page.actions === undefined ? sql`true` : sql`action = any(${page.actions}::text[])`;
  const { rows } = await sql<StagedRow>`
    select ord, action, record, plan from inv.import_row where import_id = ${id}::uuid and ord > ${page.after ?? -1} and ${some}
    order by ord limit ${page.limit}`.execute(db);
  return rows;
}

/** How the columns of a source's sheets are called, by type. */
export async function rememberedColumns(
  db: Db,
  source: string,
): Promise<Readonly<Record<string, ColumnMapping>>> {
  const { rows } = await sql<{ columns: Record<string, ColumnMapping> }>`
    select columns from inv.source where id = ${source}`.execute(db);
  return rows[0]?.columns ?? {};
}

export async function rememberColumns(
  db: Db,
  source: string,
  columnsByType: Readonly<Record<string, ColumnMapping>>,
): Promise<void> {
  await sql`
    insert into inv.source as s (id, columns) values (${source}, ${JSON.stringify(columnsByType)}::jsonb)
    on conflict (id) do update set columns = s.columns || excluded.columns, updated_at = clock_timestamp()`.execute(
    db,
  );
}

/** The latest import that had a file of these bytes and was committed. */
export async function importOfFile(db: Db, sha256: string): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date }>`
    select committed_at as at from inv.import where state = 'committed' and files @> ${JSON.stringify([{ sha256 }])}::jsonb
    order by committed_at desc limit 1`.execute(db);
  return rows[0]?.at;
}

/** Some names of living entries of these types that begin so: candidates for what was meant. */
export async function namesBeginning(
  db: Db,
  typeIds: readonly number[],
  beginning: string,
): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select e.name from inv.entry e where e.type_id = any(${typeIds}::int[]) and e.deleted_at is null and starts_with(e.name, ${beginning})
    order by e.name limit 1000`.execute(db);
  return rows.map(({ name }) => name);
}

/** Those of the names that more than one living entry has, of whatever type. */
export async function sharedNames(db: Db, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const { rows } = await sql<{ name: string }>`
    select e.name from inv.entry e where e.name = any(${names}::text[]) and e.deleted_at is null group by e.name having count(*) > 1`.execute(
    db,
  );
  return new Set(rows.map(({ name }) => name));
}

/** So many more entries of the import are written: in the transaction that writes them. */
export async function noteWritten(db: Db, id: string, count: number): Promise<void> {
  await sql`
    update inv.import set summary = summary || jsonb_build_object('written', coalesce((summary->>'written')::int, 0) + ${count}::int)
    where id = ${id}::uuid`.execute(db);
}
