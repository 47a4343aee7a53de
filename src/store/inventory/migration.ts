/** Bringing entries along when their type changes. */
import { sql } from "kysely";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";
import { entryColumns, type EntryRow } from "./entries.ts";

export interface MigrationRow {
  readonly typeId: number;
  readonly schemaVersion: number;
  readonly state: "running" | "finished" | "superseded";
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  readonly unfit: number;
  readonly error: string | null;
  readonly after: string;
  /** All that it changes. */
  readonly changesetId: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

const columns = sql.raw(
  `m.type_id as "typeId", m.schema_version as "schemaVersion", m.state, m.total, m.done, m.changed, m.unfit, m.error, m.after, m.changeset_id as "changesetId",
    m.started_at as "startedAt", m.finished_at as "finishedAt"`,
);

/** A running migration that nobody works on at the moment, held until the transaction ends. */
export async function takeMigration(db: Db): Promise<MigrationRow | undefined> {
  const { rows } = await sql<MigrationRow>`
    select ${columns} from inv.type_migration m where m.state = 'running' and m.error is null
    order by m.started_at limit 1 for update skip locked`.execute(db);
  return rows[0];
}

/** The newest first. */
export async function listMigrations(
  db: Db,
  typeIds: readonly number[],
): Promise<readonly MigrationRow[]> {
  const { rows } = await sql<MigrationRow>`
    select ${columns} from inv.type_migration m where m.type_id = any(${typeIds}::int[]) order by m.started_at desc limit 200`.execute(
    db,
  );
  return rows;
}

/** Living entries of a type below a version, in the order of their ids. */
export async function outdatedEntries(
  db: Db,
  where: {
    readonly typeId: number;
    readonly below: number;
    readonly after: string;
    readonly limit: number;
    readonly lock: boolean;
  },
): Promise<readonly EntryRow[]> {
  const { typeId, below, after, limit, lock } = where;
  const { rows } = await sql<EntryRow>`
    select ${entryColumns("e")} from inv.entry e
    where e.type_id = ${typeId} and e.schema_version < ${below} and e.id > ${after}::uuid and e.deleted_at is null
    order by e.id limit ${limit} ${lock ? sql`for no key update of e` : sql``}`.execute(db);
  return rows;
}

export async function advanceMigration(
  db: Db,
  { typeId, schemaVersion }: Pick<MigrationRow, "typeId" | "schemaVersion">,
  piece: {
    readonly done: number;
    readonly changed: number;
    readonly unfit: number;
    /** Undefined = that was the last. */
    readonly after: string | undefined;
  },
): Promise<void> {
  const { done, changed, unfit, after } = piece;
  await sql`
    update inv.type_migration set done = done + ${done}, changed = changed + ${changed}, unfit = unfit + ${unfit},
      total = greatest(total, done + ${done}), after = coalesce(${after ?? null}::uuid, after),
      state = case when ${after === undefined} then 'finished' else state end,
      finished_at = case when ${after === undefined} then clock_timestamp() end
    where type_id = ${typeId} and schema_version = ${schemaVersion}`.execute(db);
}

export async function failMigration(
  db: Db,
  { typeId, schemaVersion }: Pick<MigrationRow, "typeId" | "schemaVersion">,
  error: string,
): Promise<void> {
  await sql`update inv.type_migration set error = ${error} where type_id = ${typeId} and schema_version = ${schemaVersion}`.execute(
    db,
  );
}

/** Those that an error stopped go on. */
export async function retryMigrations(db: Db): Promise<void> {
  await sql`update inv.type_migration set error = null where state = 'running' and error is not null`.execute(
    db,
  );
}

export interface Misfit {
  readonly entryId: string;
  readonly typeId: number;
  readonly schemaVersion: number;
  readonly problems: readonly JsonObject[];
}

export async function addMisfits(db: Db, misfits: readonly Misfit[]): Promise<void> {
  if (misfits.length === 0) return;
  await sql`
    insert into inv.misfit (entry_id, type_id, schema_version, problems)
    select r."entryId", r."typeId", r."schemaVersion", r.problems
    from jsonb_to_recordset(${JSON.stringify(misfits)}::jsonb) as r("entryId" uuid, "typeId" int, "schemaVersion" int, problems jsonb)
    on conflict (entry_id) do update set schema_version = excluded.schema_version, problems = excluded.problems`.execute(
    db,
  );
}

/** Entries that still do not fit, by id. */
export async function listMisfits(
  db: Db,
  {
    typeId,
    after,
    limit,
  }: { readonly typeId: number; readonly after: string; readonly limit: number },
): Promise<readonly (Misfit & { readonly name: string })[]> {
  const { rows } = await sql<Misfit & { name: string }>`
    select m.entry_id as "entryId", m.type_id as "typeId", m.schema_version as "schemaVersion", m.problems, e.name
    from inv.misfit m join inv.entry e on e.id = m.entry_id and e.deleted_at is null and e.schema_version < m.schema_version
    where m.type_id = ${typeId} and m.entry_id > ${after}::uuid order by m.entry_id limit ${limit}`.execute(
    db,
  );
  return rows;
}
