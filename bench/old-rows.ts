/** `npm run bench:old-rows -- [--rows N]`: what old executions cost where the engine works. Two databases of one server, one of them with N old executions, are measured in
 * turn: a new event with its execution, its end, a look at it, a claim, a thousand at once, and what the sweep asks each second. Blocks touched and bytes logged are
 * counted, which other load does not change. */
import { rmSync } from "node:fs";
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { idMaker } from "../src/engine/ids.ts";
import { connect, migrate, openDatabase, type Database } from "../src/store/database.ts";
import { claimExecution, findExecution } from "../src/store/executions.ts";
import { startPostgres } from "../src/store/postgres.ts";
import { CommitPump } from "../src/store/pump.ts";
import { orphans, unheard } from "../src/store/sweep.ts";
import type { Db } from "../src/store/schema.ts";
import type { ExecutionRow, Unit } from "../src/store/unit.ts";
import { fill, prepare } from "./history-rows.ts";
import { median, rounded } from "./measure.ts";
import { temporaryDirectory } from "./site.ts";

const rounds = 5;
const each = 200;
const burst = 1_000;
const newId = idMaker();
const claimer = { process: "bench", pools: ["default"] };

interface Ledger {
  readonly database: Database;
}

function execution(status: "running" | "requested", instance: string): ExecutionRow {
  const running = status === "running";
  return {
    id: newId(),
    action: "bench.now",
    runner: "http-request",
    status,
    parameters: { message: "disk is full", host: "web-0123.example.net" },
    context: { user: "stanley", rule: { id: "bench.rule1", name: "bench.rule1" } },
    instance,
    ...(running ? { owner: "bench" } : {}),
    fence: running ? 1 : 0,
    attempt: running ? 1 : 0,
    delivered: true,
    started: running,
    ended: false,
  };
}

/** An event, what its rule made of it, and an execution. */
function event(status: "running" | "requested"): { readonly id: string; readonly unit: Unit } {
  const instance = newId();
  const row = execution(status, instance);
  return {
    id: row.id,
    unit: {
      instances: [
        {
          id: instance,
          trigger: "bench.event1",
          payload: { n: 1 },
          source: "bench",
          dedupe_key: instance,
          status: "processed",
        },
      ],
      enforcements: [
        {
          id: newId(),
          trigger_instance_id: instance,
          rule: "bench.rule1",
          execution_id: row.id,
          status: "succeeded",
        },
      ],
      executions: [row],
    },
  };
}

function end(id: string): Unit {
  const change = {
    id,
    fence: 1,
    status: "succeeded",
    result: { stdout: "x".repeat(300) },
  } as const;
  return { changes: [{ ...change, ended: true, delivered: true, released: true }] };
}

type Costs = Map<string, number[]>;

/** Blocks of tables and indexes that statements touched so far, in memory or on disk, and bytes of the write-ahead log. Counts, unlike times, do not depend on what else the machine does. */
async function touched(url: string): Promise<{ readonly blocks: number; readonly log: number }> {
  const client = await connect(url, "bench counts");
  const { rows } = await client.query<{ blocks: number; log: number }>(
    `select (select sum(coalesce(heap_blks_hit, 0) + coalesce(heap_blks_read, 0) + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0)
        + coalesce(toast_blks_hit, 0) + coalesce(toast_blks_read, 0) + coalesce(tidx_blks_hit, 0) + coalesce(tidx_blks_read, 0)) from pg_statio_user_tables)::float8 as blocks,
      pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as log`,
  );
  await client.end();
  const [row] = rows;
  if (row === undefined) throw new Error("no counts");
  return row;
}

/** Carries it out `times` times on a connection of its own, whose end tells the counts. */
async function counted(
  { database: { url } }: Ledger,
  costs: Costs,
  {
    name,
    times,
    work,
  }: { name: string; times: number; work: (pump: CommitPump, n: number) => Promise<unknown> },
): Promise<void> {
  const before = await touched(url);
  const pump = new CommitPump({ url });
  const since = performance.now();
  for (let n = 0; n < times; n += 1) await work(pump, n);
  const ms = performance.now() - since;
  await pump.close();
  await delay(300);
  const after = await touched(url);
  for (const [what, amount] of [
    ["blocks", after.blocks - before.blocks],
    ["log bytes", after.log - before.log],
    ["ms", ms],
  ] as const) {
    const key = `${name}, ${what}`;
    costs.set(key, [...(costs.get(key) ?? []), amount / times]);
  }
}

async function round(ledger: Ledger, costs: Costs): Promise<void> {
  const { db, url } = ledger.database;
  const running = Array.from({ length: each }, () => event("running"));
  const waiting = Array.from({ length: each }, () => event("requested"));
  const none = event("running");
  await counted(ledger, costs, {
    name: "new event and execution",
    times: each,
    work: (pump, n) => pump.commit((running[n] ?? none).unit),
  });
  await counted(ledger, costs, {
    name: "end of an execution",
    times: each,
    work: (pump, n) => pump.commit(end((running[n] ?? none).id)),
  });
  await counted(ledger, costs, {
    name: `${burst} events at once`,
    times: 1,
    work: (pump) =>
      Promise.all(Array.from({ length: burst }, () => pump.commit(event("running").unit))),
  });
  const pump = new CommitPump({ url });
  await Promise.all(waiting.map(({ unit }) => pump.commit(unit)));
  await pump.close();
  // What asks through the pool is counted when its connections end.
  const asked = async (
    name: string,
    times: number,
    work: (db: Db, n: number) => Promise<unknown>,
  ) => {
    const own = openDatabase(url, { max: 1 });
    await counted(ledger, costs, {
      name,
      times: 1,
      work: async () => {
        for (let n = 0; n < times; n += 1) await work(own.db, n);
        await own.close();
      },
    });
  };
  await asked(`${each} looks at an execution`, each, (one, n) =>
    findExecution(one, (running[n] ?? none).id),
  );
  await asked(`${each} claims`, each, (one, n) =>
    claimExecution(one, (waiting[n] ?? none).id, claimer),
  );
  await asked("what the sweep asks", 1, async (one) => {
    await orphans(one);
    await unheard(one, 3);
  });
  await db
    .deleteFrom("execution")
    .where("action", "=", "bench.now")
    .where("status", "in", ["requested", "running"])
    .execute();
}

async function open(url: string, name: string, rows: number): Promise<Ledger> {
  const admin = await connect(url, "bench");
  await admin.query(`create database ${name}`);
  await admin.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  const database = openDatabase(own.href, { max: 4 });
  await migrate(database);
  await prepare(database, Math.max(1, rows));
  if (rows > 0) await fill(database, rows);
  return { database };
}

async function bench(rows: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const home = temporaryDirectory();
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  const server = await startPostgres({ home });
  stack.defer(() => server.stop());
  const ledgers = [await open(server.url, "none", 0), await open(server.url, "old", rows)] as const;
  const costs = ledgers.map((): Costs => new Map());
  for (let n = 0; n <= rounds; n += 1)
    for (const [index, ledger] of ledgers.entries())
      // The first round warms up.
      await round(ledger, n === 0 ? new Map() : (costs[index] ?? new Map()));
  for (const { database } of ledgers) await database.close();
  process.stdout.write(
    `median of ${rounds} rounds                     none   ${rows} old   ratio\n`,
  );
  for (const [name, without] of costs[0] ?? []) {
    const [a, b] = [median(without), median(costs[1]?.get(name) ?? [])];
    process.stdout.write(
      `${name.padEnd(38)} ${String(rounded(a)).padStart(9)} ${String(rounded(b)).padStart(9)}   ${(b / a).toFixed(2)}\n`,
    );
  }
  process.stdout.write(
    `load ${loadavg()
      .map((value) => value.toFixed(1))
      .join(" ")}\n`,
  );
}

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
await bench(Number(values.rows));
