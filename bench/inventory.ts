/** `npm run bench:inventory -- [--entries N] [--report FILE]`: an inventory of a million entries, made and asked through its API: import, single
 * reads, searches of every kind with their plans, durable single writes of 16 clients, next free address. */
import { rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startPostgres } from "../src/store/postgres.ts";
import { startProgram, type Started } from "./children.ts";
import { client, type Client } from "./http.ts";
import { bareCommits, bareInserts } from "./inventory-bare.ts";
import { sizesOf, type Sizes } from "./inventory-data.ts";
import { planner, plansText } from "./inventory-plans.ts";
import { questions } from "./inventory-questions.ts";
import {
  allocations,
  fill,
  reads,
  searches,
  someDevices,
  writes,
  type Times,
} from "./inventory-work.ts";
import { rounded } from "./measure.ts";
import { temporaryDirectory, writeSite } from "./site.ts";

const usage = "usage: npm run bench:inventory -- [--entries N] [--report FILE]\n";
const turns = 40;
const bareMs = 3_000;

/** One line of the report: what was measured, the figure, and whether it keeps the promise. */
interface Line {
  readonly what: string;
  readonly figure: string;
  readonly met: boolean | undefined;
}

const lines: Line[] = [];
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";
const ms = (value: number): string => `${rounded(value)} ms`;

function note(what: string, figure: string, met?: boolean): void {
  lines.push({ what, figure: `${figure} (load ${load()})`, met });
  const sign = met === undefined ? "    " : met ? "ok  " : "MISS";
  process.stdout.write(`${sign} ${what}: ${figure} (load ${load()})\n`);
}

function noteTimes(what: string, { p50, p95 }: Times, limit: number): void {
  note(what, `p50 ${ms(p50)}, p95 ${ms(p95)}`, p95 < limit);
}

function startDoor(url: string, home: string): Promise<Started> {
  return startProgram({
    command: process.execPath,
    args: [fileURLToPath(new URL("../src/main.ts", import.meta.url)), "start", "--role", "api"],
    cwd: home,
    env: {
      DATABASE_URL: url,
      REDIS_URL: "",
      RAICHO_HOME: home,
      RAICHO_HOST: "127.0.0.1",
      RAICHO_PORT: "0",
      RAICHO_AUTH: "off",
      RAICHO_PACKS: "",
      RAICHO_CONFIGS: "",
    },
    ready: /raicho ready (http:\S+)/,
  });
}

async function importAll(http: Client, url: string, sizes: Sizes): Promise<void> {
  const bare = await bareInserts(url, bareMs);
  const filled = await fill(http, sizes);
  const rate = Math.round(filled.rowsPerSecond);
  const ratio = rounded(filled.rowsPerSecond / bare);
  note("bare INSERT of 1,000 rows", `${Math.round(bare)} rows/s`);
  note(
    "import with history and feed",
    `${rate} rows/s for ${Math.round(filled.seconds)} s, ${ratio} of bare`,
    rate >= 5_000,
  );
  for (const [type, each] of filled.byType) note(`  of ${type}`, `${Math.round(each)} rows/s`);
  const database = openDatabase(url, { max: 1 });
  await sql`set statement_timeout = 0`.execute(database.db);
  await sql`vacuum analyze`.execute(database.db);
  await database.close();
}

async function writeSingly(http: Client, url: string, ids: readonly string[]): Promise<void> {
  const commits = await bareCommits(url, 16, bareMs);
  const written = await writes(http, ids, { clients: 16, ms: 10_000 });
  note("bare commits of 16 connections", `${Math.round(commits)}/s`);
  const ratio = rounded(written.perSecond / commits);
  note(
    "single durable writes of 16 clients",
    `${Math.round(written.perSecond)}/s, ${ratio} of bare; p50 ${ms(written.p50)}, p95 ${ms(written.p95)}`,
    written.perSecond >= 500,
  );
  const all = await allocations(http, { pool: 1, count: 200, atOnce: 200 });
  note(
    "next free address of a /23, 200 at once",
    `${all.unique} unique, slowest ${ms(all.slowest)}`,
    all.unique === 200 && all.slowest <= 300,
  );
  const some = await allocations(http, { pool: 2, count: 200, atOnce: 20 });
  note(
    "next free address, 20 at a time",
    `${some.unique} unique, p95 ${ms(some.p95)}`,
    some.unique === 200 && some.p95 < 30,
  );
}

async function measure(http: Client, url: string, sizes: Sizes): Promise<void> {
  await importAll(http, url, sizes);
  const ids = await someDevices(http, sizes, 400);
  noteTimes("single reads", await reads(http, [...ids, ...ids]), 50);
  for (const [name, question] of Object.entries(questions)) {
    const queries = Array.from({ length: turns }, (_, turn) => question(turn, sizes));
    noteTimes(`search, ${name}`, await searches(http, queries), 200);
  }
  await writeSingly(http, url, ids);
}

async function bench(entries: number, report: string | undefined): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const home = temporaryDirectory();
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  writeSite(home);
  const server = await startPostgres({ home });
  stack.defer(() => server.stop());
  const database = openDatabase(server.url, { max: 1 });
  await migrate(database);
  await database.close();
  const door = stack.use(await startDoor(server.url, home));
  const http = client(door.address, 256);
  stack.defer(() => http.close());
  const sizes = sizesOf(entries);
  await measure(http, server.url, sizes);
  if (report !== undefined) {
    const plans = stack.use(await planner(server.url));
    writeFileSync(report, `${table()}\n${await plansText(plans, sizes)}`);
  }
  return lines.every(({ met }) => met !== false);
}

function table(): string {
  const rows = lines.map(({ what, figure, met }) => {
    const verdict = met === undefined ? "" : met ? "met" : "missed";
    return `| ${what.trim()} | ${figure} | ${verdict} |`;
  });
  return ["| what | measured | |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

try {
  const { values } = parseArgs({
    options: {
      entries: { type: "string", default: "1000000" },
      report: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) process.stdout.write(usage);
  else if (!/^[1-9]\d{2,8}$/.test(values.entries))
    throw new RangeError(`--entries ${values.entries}: expected a number of at least 100`);
  else process.exitCode = (await bench(Number(values.entries), values.report)) ? 0 : 1;
} catch (error) {
  const reason = error instanceof RangeError ? `${error.message}\n${usage}` : String(error);
  process.stderr.write(`bench:inventory: ${reason}\n`);
  process.exitCode = 2;
}
