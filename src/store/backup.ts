/** A backup: all rows of the ledger and the inventory as of one moment, taken while the engine works, and read into an empty database.
 * Tables come in the order of their foreign keys, so that they can be read in one pass. Its form: `backup-format.ts`. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import {
  backupEnd,
  BackupError,
  backupFormat,
  type BackupHeader,
  backupVersion,
  type OpenBackup,
  type Pieces,
  texts,
} from "./backup-format.ts";
import { connect } from "./database.ts";
import { migrations } from "./migrations/list.ts";

/** Told after each table. */
export type Progress = (table: string, rows: number) => void;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Who runs now is not part of a backup, and the schema is made by migrations. */
const left = ["public.process", "public.schema_migration"];

const tablesQuery = `with recursive t as (
    select c.oid, format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'inv') and c.relkind in ('r', 'p') and not c.relispartition),
  depth as (
    select oid, 0 as level from t union
    select k.conrelid, d.level + 1 from pg_constraint k join depth d on d.oid = k.confrelid
    where k.contype = 'f' and k.conrelid <> k.confrelid and d.level < 100)
  select t.name, (select json_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
    where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
  from t where t.name <> all ($1) order by (select max(level) from depth d where d.oid = t.oid), t.name`;

async function tablesOf(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(tablesQuery, [left]);
  return rows;
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** The rows as text; how many they were comes back. */
async function* copied(client: pg.Client, query: string): AsyncGenerator<Buffer, number> {
  const rows = client.query(copyTo(`copy (${query}) to stdout`));
  // When nobody reads on (the disk is full), the connection is ended under it: why is told by then.
  rows.on("error", () => undefined);
  yield* rows;
  // Their count comes after the last of them, maybe later; the answer to the next question comes after both.
  await client.query("select 1");
  return rows.rowCount;
}

async function* contents(
  client: pg.Client,
  { key, raicho }: { key: string; raicho: string },
  progress: Progress,
): AsyncGenerator<Buffer | string> {
  await client.query("set statement_timeout = 0");
  await client.query("begin isolation level repeatable read read only");
  const { rows: done } = await client.query<{ name: string; at: string }>(
    "select name, to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as at from public.schema_migration order by name",
  );
  // Sequences are read after the snapshot was taken: none is behind a row of it.
  const { rows: sequences } = await client.query<{ name: string; value: number }>(
    "select format('%I.%I', schemaname, sequencename) as name, last_value as value from pg_sequences where schemaname in ('public', 'inv') and last_value is not null",
  );
  const header: BackupHeader = {
    format: backupFormat,
    version: backupVersion,
    raicho,
    at: done[0]?.at ?? "",
    migrations: done.map(({ name }) => name),
    key,
    sequences,
  };
  yield line(header);
  for (const { name, columns } of await tablesOf(client)) {
    yield line({ table: name, columns });
    const rows = yield* copied(client, `select ${columns.join(", ")} from ${name}`);
    yield `${backupEnd}\n${line({ rows })}`;
    progress(name, rows);
  }
  yield line({ end: true });
  await client.query("commit");
}

/** Writes `file`, which must not exist, with mode 0600. The database may be in use. */
export async function writeBackup(
  { url, file, key, raicho }: { url: string; file: string; key: string; raicho: string },
  progress: Progress,
): Promise<void> {
  const client = await connect(url, "raicho backup");
  try {
    const target = createWriteStream(file, { mode: 0o600, flags: "wx", flush: true });
    await once(target, "open");
    const source = Readable.from(contents(client, { key, raicho }, progress), {
      objectMode: false,
    });
    await pipeline(source, createGzip({ level: 4 }), target);
  } finally {
    await client.end();
  }
}

/** Migrations on a connection of ours, in its transaction. */
function kyselyOn(client: pg.Client): Kysely<unknown> {
  const lent = { query: client.query.bind(client), release: () => undefined };
  return new Kysely<unknown>({
    dialect: new PostgresDialect({
      pool: { options: {}, connect: async () => lent, end: async () => undefined },
    }),
  });
}

async function isEmpty(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ used: boolean }>(
    "select to_regclass('public.schema_migration') is not null as used",
  );
  return rows[0]?.used === false;
}

async function makeSchema(client: pg.Client, names: readonly string[]): Promise<void> {
  const db = kyselyOn(client);
  await sql`create table schema_migration (name text primary key, at timestamptz not null default now())`.execute(
    db,
  );
  const wanted = new Set(names);
  for (const { name, up } of migrations.filter((each) => wanted.has(each.name))) {
    await up(db);
    await sql`insert into schema_migration (name) values (${name})`.execute(db);
  }
}

async function loadTable(client: pg.Client, table: Table, pieces: Pieces): Promise<number> {
  await client.query(`alter table ${table.name} disable trigger user`);
  await client.query(`delete from ${table.name}`);
  const sink = client.query(
    copyFrom(`copy ${table.name} (${table.columns.join(", ")}) from stdin`),
  );
  await pipeline(Readable.from(pieces.rows(), { objectMode: false }), sink);
  await client.query(`alter table ${table.name} enable trigger user`);
  return sink.rowCount;
}

/** What is read in the order of transactions, and the place up to which it was told. */
const feeds = [
  { table: "inv.event", cursor: "inventory.feed" },
  { table: "inv.signal", cursor: "inventory.signals" },
] as const;

/** Numbers of transactions begin anew in another cluster: what a feed has passed comes first, what it has not comes with this transaction. */
async function renumber(client: pg.Client, { table, cursor }: (typeof feeds)[number]) {
  await client.query(
    `update ${table} v set xid = case when (v.xid, v.seq) <= ((c.value ->> 'xid')::xid8, (c.value ->> 'seq')::bigint)
       then '0'::xid8 else pg_current_xact_id() end
     from (select coalesce((select value from sensor_cursor where name = $1), '{"xid": "0", "seq": "0"}') as value) c`,
    [cursor],
  );
  await client.query(
    `update sensor_cursor set value = jsonb_build_object('xid', '0', 'seq', (select coalesce(max(seq), 0)::text from ${table} where xid = '0'::xid8))
     where name = $1`,
    [cursor],
  );
}

/** Reads the backup into an empty database, whole or not at all. Throws BackupError when something is there already, or the backup is not whole. */
export async function readBackup(
  { url, backup }: { url: string; backup: OpenBackup },
  progress: Progress,
): Promise<void> {
  const client = await connect(url, "raicho restore");
  try {
    if (!(await isEmpty(client)))
      throw new BackupError(
        "there is a ledger in this database already; restore into an empty one",
      );
    await client.query("set statement_timeout = 0");
    await client.query("begin");
    await makeSchema(client, backup.header.migrations);
    const known = new Map((await tablesOf(client)).map((table) => [table.name, table]));
    for (;;) {
      const next = await backup.pieces.object();
      if (next["end"] === true) break;
      const table = tableOf(next, known);
      const rows = await loadTable(client, table, backup.pieces);
      const said = (await backup.pieces.object())["rows"];
      if (said !== rows)
        throw new BackupError(`${table.name} has ${rows} rows, ${String(said)} were written`);
      progress(table.name, rows);
    }
    for (const { name, value } of backup.header.sequences)
      await client.query("select setval($1::regclass, $2)", [name, value]);
    for (const feed of feeds) if (known.has(feed.table)) await renumber(client, feed);
    await client.query("commit");
  } finally {
    backup.close();
    await client.end();
  }
}

/** Names go into statements: only those that this schema has. */
function tableOf(said: Record<string, unknown>, known: ReadonlyMap<string, Table>): Table {
  const table = known.get(String(said["table"]));
  const columns = texts(said["columns"]);
  const strange = columns.find((column) => table?.columns.includes(column) !== true);
  if (table === undefined || strange !== undefined)
    throw new BackupError(
      `the backup holds ${String(said["table"])}${strange === undefined ? "" : `.${strange}`}, which this schema does not have`,
    );
  return { name: table.name, columns };
}
