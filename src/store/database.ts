import { setTimeout as delay } from "node:timers/promises";
import { Kysely, sql, type Transaction } from "kysely";
import pg from "pg";
import { AppError } from "../model/errors.ts";
import { KeyedDialect } from "./keyed-dialect.ts";
import { linkOptions, watchLink } from "./link.ts";
import { migrations } from "./migrations/list.ts";
import { preparing } from "./prepared.ts";
import type { LedgerSchema } from "./schema.ts";

export interface Database {
  readonly db: Kysely<LedgerSchema>;
  readonly url: string;
  /** The one door for atomic work. Runs again from the start when the database broke off or refused for a passing reason: `work` touches the database only. */
  transaction<Result>(work: (tx: Transaction<LedgerSchema>) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** SQLSTATEs and socket errors after which the same work may be tried again: broken off, in the way of other work, a full disk, a server that only reads. */
const passing =
  /^(40001|40P01|57P0[1235]|08...|53...|58030|25006|55P03|25P03|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const lostConnection =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed/;

/** True when the database could not be reached or broke off: nothing is wrong with the work itself. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return passing.test(code) || lostConnection.test(error.message);
}

/** The same, or what the engine makes of it: nothing was stored, and the same may be tried again. */
export function isAway(error: unknown): boolean {
  if (error instanceof AppError) return error.code === "LEDGER_DOWN" || error.code === "BUSY";
  return isOutage(error);
}

/** True when the database refused a value itself: a NUL in a text, a number out of range, a text too long for an index. */
export function isUnstorable(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && /^(22[0-9A-Z]{3}|54000)$/.test(error.code);
}

const int8 = 20;
pg.types.setTypeParser(int8, Number);

/** Opens a pool. Nothing connects until it is used. */
export function openDatabase(
  url: string,
  { max = 10, application = "raicho" }: { max?: number; application?: string } = {},
): Database {
  const pool = new pg.Pool({
    ...linkOptions(url),
    max,
    application_name: application,
    // Bounds of a single statement and of a forgotten transaction; the database ends them, we report it.
    statement_timeout: 60_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // A client without a listener for `error` ends the whole process when the database restarts.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<LedgerSchema>({ dialect: new KeyedDialect({ pool: preparing(pool) }) });
  return {
    db,
    url,
    transaction: async (work) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await db.transaction().execute(work);
        } catch (error) {
          if (!isOutage(error) || attempt === 4) throw error;
          await delay(50 * 4 ** (attempt - 1));
        }
      }
    },
    close: () => db.destroy(),
  };
}

/** A connection outside the pool: for LISTEN and for the commit pump. Errors end it; the caller opens another. */
export async function connect(url: string, application: string): Promise<pg.Client> {
  const client = new pg.Client({ ...linkOptions(url), application_name: application });
  client.on("error", () => undefined);
  await client.connect();
  await watchLink(url, client);
  return client;
}

/** Waits until the database answers and is one we can use. Gives up after `patienceMs`. */
export async function waitForDatabase(
  url: string,
  { patienceMs, onWait }: { patienceMs: number; onWait?: (reason: string) => void },
): Promise<void> {
  for (let waited = 0, pause = 250; ; waited += pause, pause = Math.min(pause * 2, 5_000)) {
    try {
      const client = await connect(url, "raicho boot");
      const { rows } = await client.query<{ version: number; durable: string }>(
        "select current_setting('server_version_num')::int as version, current_setting('synchronous_commit') as durable",
      );
      await client.end();
      const [server] = rows;
      if (server !== undefined && server.version < 140_000)
        throw new RangeError(`PostgreSQL 14 or newer is needed, this is ${server.version}`);
      if (server?.durable === "off")
        throw new RangeError(
          "synchronous_commit is off: acknowledged events could be lost; set it to on",
        );
      return;
    } catch (error) {
      if (error instanceof RangeError || waited >= patienceMs) throw error;
      onWait?.(error instanceof Error ? error.message : String(error));
      await delay(pause);
    }
  }
}

const migrationLock = 7_241_986;

/** Brings the schema up to date, once, whoever comes first. */
export async function migrate({ db }: Database): Promise<readonly string[]> {
  return db.connection().execute(async (connection) => {
    // Whoever has millions of rows may wait for them, and for another process that brings them up to date.
    await sql`set statement_timeout = 0`.execute(connection);
    await sql`select pg_advisory_lock(${migrationLock})`.execute(connection);
    try {
      await sql`create table if not exists schema_migration (name text primary key, at timestamptz not null default now())`.execute(
        connection,
      );
      const { rows } = await sql<{ name: string }>`select name from schema_migration`.execute(
        connection,
      );
      const done = new Set(rows.map((row) => row.name));
      const pending = migrations.filter(({ name }) => !done.has(name));
      for (const { name, up } of pending) {
        await connection.transaction().execute(async (tx) => {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a migration knows no schema
          await up(tx as unknown as Kysely<unknown>);
          await sql`insert into schema_migration (name) values (${name})`.execute(tx);
        });
      }
      return pending.map(({ name }) => name);
    } finally {
      await sql`select pg_advisory_unlock(${migrationLock})`.execute(connection);
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}
