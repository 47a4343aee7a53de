/** `npm run bench:inventory -- [--entries N] [--minutes N] [--report FILE]`: an inventory of a million entries, made and asked through its API: import, single
 * reads, searches of every kind with their plans, durable single writes of 16 clients, next free address. */
import { rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startPostgres } from "../src/store/postgres.ts";
import { startDoor } from "./door.ts";
import { client, type Client } from "./http.ts";
import { bareCommits, bareInserts } from "./inventory-bare.ts";
import { sizesOf, type Sizes } from "./inventory-data.ts";
import { planner, plansText } from "./inventory-plans.ts";
import { questions } from "./inventory-questions.ts";
import { allocations, fill, reads, searches, someDevices, writes } from "./inventory-work.ts";
import { rounded } from "./measure.ts";
import { processorTime } from "./processor.ts";
import { temporaryDirectory, writeSite } from "./site.ts";

const usage = "usage: npm run bench:inventory -- [--entries N] [--minutes N] [--report FILE]\n";
const turns = 40;
const bareMs = 3_000;

/** One line of the table: what was measured, what is promised, the figure, and whether it keeps the promise. */
interface Line {
  readonly what: string;
  readonly promised: string;
  readonly figure: string;
  readonly met: boolean | undefined;
}

const lines: Line[] = [];
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";
const ms = (value: number): string => `${rounded(value)} ms`;

function note(what: string, figure: string, promised = "", met?: boolean): void {
  const line = { what, promised, figure: `${figure} (load ${load()})`, met };
  lines.push(line);
  process.stderr.write(`${textOf(line)}\n`);
}

const verdict = ({ met }: Line): string => (met === undefined ? "" : met ? "met" : "MISSED");

function textOf(line: Line): string {
  const { what, promised, figure } = line;
  return [verdict(line).padEnd(7), what.padEnd(42), promised.padEnd(12), figure]
    .join(" ")
    .trimEnd();
}

interface Programs {
  readonly http: Client;
  readonly url: string;
  /** Of Raicho and of the database. */
  readonly pids: readonly number[];
}

/** What each of them cost the programs, as text. */
async function costing<Result>(
  { pids }: Programs,
  work: () => Promise<Result>,
  count: (result: Result) => number,
): Promise<{ readonly result: Result; readonly cost: string }> {
  const before = processorTime(pids);
  const result = await work();
  const after = processorTime(pids);
  if (before === undefined || after === undefined) return { result, cost: "" };
  const each = Math.round(((after - before) * 1_000) / count(result));
  return { result, cost: `, ${each} µs of processor each` };
}

async function importAll(programs: Programs, sizes: Sizes): Promise<void> {
  const { http, url } = programs;
  const bare = await bareInserts(url, bareMs);
  note("bare INSERT of 1,000 rows", `${Math.round(bare)} rows/s`);
  const done = await costing(
    programs,
    () => fill(http, sizes),
    ({ rows }) => rows,
  );
  const { result: filled, cost } = done;
  const rate = Math.round(filled.rowsPerSecond);
  const ratio = rounded(filled.rowsPerSecond / bare);
  note(
    "import with history and feed",
    `${rate} rows/s for ${Math.round(filled.seconds)} s${cost}, ${ratio} of bare`,
    ">= 5,000/s",
    rate >= 5_000,
  );
  for (const [type, own] of filled.byType) note(`  of ${type}`, `${Math.round(own)} rows/s`);
  const database = openDatabase(url, { max: 1 });
  await sql`set statement_timeout = 0`.execute(database.db);
  await sql`vacuum analyze`.execute(database.db);
  await database.close();
}

async function readSingly({ http }: Programs, ids: readonly string[]): Promise<void> {
  await reads(http, ids);
  const { p50, p95 } = await reads(http, [...ids, ...ids]);
  note("single reads", `p50 ${ms(p50)}, p95 ${ms(p95)}`, "p95 < 50 ms", p95 < 50);
}

async function searchAll({ http }: Programs, sizes: Sizes): Promise<void> {
  const all: { readonly name: string; readonly p95: number }[] = [];
  for (const [name, question] of Object.entries(questions)) {
    const queries = Array.from({ length: turns }, (_, turn) => question(turn, sizes));
    const { p50, p95 } = await searches(http, queries);
    all.push({ name, p95 });
    note(`  ${name}`, `p50 ${ms(p50)}, p95 ${ms(p95)}`, "p95 < 200 ms", p95 < 200);
  }
  const met = all.filter(({ p95 }) => p95 < 200).length;
  const worst = all.toSorted((a, b) => b.p95 - a.p95).slice(0, 3);
  note(
    "searches, of each kind",
    `${met} of ${all.length} met; slowest: ${worst.map(({ name, p95 }) => `${name} ${ms(p95)}`).join(", ")}`,
    "p95 < 200 ms",
    met === all.length,
  );
}

async function writeSingly(programs: Programs, ids: readonly string[]): Promise<void> {
  const { http, url } = programs;
  const commits = await bareCommits(url, 16, bareMs);
  note("bare commits of 16 connections", `${Math.round(commits)}/s`);
  await writes(http, ids, { clients: 16, ms: 3_000 });
  const { result, cost } = await costing(
    programs,
    () => writes(http, ids, { clients: 16, ms: 10_000 }),
    ({ count }) => count,
  );
  const { perSecond, p50, p95 } = result;
  note(
    "single durable writes of 16 clients",
    `${Math.round(perSecond)}/s, ${rounded(perSecond / commits)} of bare; p50 ${ms(p50)}, p95 ${ms(p95)}${cost}`,
    ">= 500/s",
    perSecond >= 500,
  );
}

async function allocateAll(programs: Programs): Promise<void> {
  const { http } = programs;
  await allocations(http, { pool: 3, count: 200, atOnce: 20 });
  const { result: all, cost } = await costing(
    programs,
    () => allocations(http, { pool: 1, count: 200, atOnce: 200 }),
    ({ unique }) => unique,
  );
  note(
    "next free address of a /23, 200 at once",
    `${all.unique} unique, slowest ${ms(all.slowest)}${cost}`,
    "<= 300 ms",
    all.unique === 200 && all.slowest <= 300,
  );
  const some = await allocations(http, { pool: 2, count: 200, atOnce: 20 });
  note(
    "next free address, 20 at a time",
    `${some.unique} unique, p95 ${ms(some.p95)}`,
    "p95 < 30 ms",
    some.unique === 200 && some.p95 < 30,
  );
}

async function measure(programs: Programs, sizes: Sizes): Promise<void> {
  await importAll(programs, sizes);
  const ids = await someDevices(programs.http, sizes, 400);
  await readSingly(programs, ids);
  await searchAll(programs, sizes);
  await writeSingly(programs, ids);
  await allocateAll(programs);
}

interface Wanted {
  readonly entries: number;
  readonly minutes: number;
  readonly report: string | undefined;
}

/** True when every promise was kept, and everything was measured in time. */
async function bench({ entries, minutes, report }: Wanted): Promise<boolean> {
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
  const programs = { http, url: server.url, pids: [door.pid, server.pid] };
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), minutes * 60_000);
  const work = measure(programs, sizes);
  const ended = await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
  if (ended === "late") {
    work.catch(() => undefined);
    note("the whole measurement", `not done within ${minutes} minutes`, "", false);
  } else if (report !== undefined) {
    const plans = stack.use(await planner(server.url));
    writeFileSync(report, `${table()}\n${await plansText(plans, sizes)}`);
  }
  const promises = lines.filter(({ met }) => met !== undefined);
  const kept = promises.filter(({ met }) => met === true);
  const end = `${kept.length} of ${promises.length} promises met`;
  process.stdout.write(`\n${lines.map(textOf).join("\n")}\n\n${end}\n`);
  return kept.length === promises.length;
}

function table(): string {
  const rows = lines.map((line) => {
    return `| ${line.what.trim()} | ${line.promised} | ${line.figure} | ${verdict(line)} |`;
  });
  return ["| what | promised | measured | |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

try {
  const { values } = parseArgs({
    options: {
      entries: { type: "string", default: "1000000" },
      minutes: { type: "string", default: "20" },
      report: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) process.stdout.write(usage);
  else if (!/^[1-9]\d{2,8}$/.test(values.entries))
    throw new RangeError(`--entries ${values.entries}: expected a number of at least 100`);
  else if (!/^[1-9]\d{0,3}$/.test(values.minutes))
    throw new RangeError(`--minutes ${values.minutes}: expected a number from 1 to 9999`);
  else {
    const { report } = values;
    const wanted = { entries: Number(values.entries), minutes: Number(values.minutes), report };
    process.exitCode = (await bench(wanted)) ? 0 : 1;
  }
} catch (error) {
  const reason = error instanceof RangeError ? `${error.message}\n${usage}` : String(error);
  process.stderr.write(`bench:inventory: ${reason}\n`);
  process.exitCode = 2;
}
