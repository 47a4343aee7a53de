/** `npm run bench:history -- [--rows N]`: the history with 1,000,000 executions, asked through the door: p50 and p95 of lists, filters, counts,
 * facets and details. The rows are made by the database; everything else is what `raicho start --role api` does. */
import { rmSync } from "node:fs";
import { Agent, get, type IncomingHttpHeaders } from "node:http";
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startPostgres } from "../src/store/postgres.ts";
import { startDoor } from "./door.ts";
import { fill, prepare, start } from "./history-rows.ts";
import { quantile, rounded } from "./measure.ts";
import { temporaryDirectory, writeSite } from "./site.ts";

const limitMs = 100;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

interface Answer {
  readonly ms: number;
  readonly bytes: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(address: string): Promise<Answer> {
  const before = performance.now();
  return new Promise((resolve, reject) => {
    get(address, { agent }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => void (body += chunk));
      answer.once("end", () => {
        const ms = performance.now() - before;
        if (answer.statusCode === 200)
          resolve({ ms, bytes: body.length, headers: answer.headers, body });
        else reject(new Error(`${address}: ${body}`));
      });
    }).once("error", reject);
  });
}

const id = (g: number, rows: number): string => {
  const second = Math.floor(start + (g * 2_592_000) / rows);
  return second.toString(16) + g.toString(16).padStart(16, "0");
};

const root = "parent=null&exclude_attributes=result,trigger_instance";

/** Name → path. `turn` counts the repetitions, so that not the same page is asked for again. */
const requests: Readonly<Record<string, (turn: number, rows: number) => string>> = {
  "list, newest 50": () => "/v1/executions?limit=50",
  "list, newest 50 roots": () => `/v1/executions?limit=50&${root}`,
  "list, page by page": (turn) => `/v1/executions?limit=100&offset=${turn * 100}&${root}`,
  "list, oldest 50": () => "/v1/executions?limit=50&sort_asc=True",
  "action, often": () => `/v1/executions?limit=50&action=bench.flow1`,
  "action, seldom": () => `/v1/executions?limit=50&action=bench.seldom`,
  "action, ten times": () => `/v1/executions?limit=50&action=bench.rare`,
  "action, never": () => `/v1/executions?limit=50&action=bench.unknown`,
  "status failed": () => `/v1/executions?limit=50&status=failed`,
  "status running": () => `/v1/executions?limit=50&status=running`,
  "status succeeded": () => `/v1/executions?limit=50&status=succeeded`,
  "runner, seldom": () => `/v1/executions?limit=50&runner=http-request`,
  user: (turn) => `/v1/executions?limit=50&user=user${turn % 40}`,
  rule: (turn) => `/v1/executions?limit=50&rule=bench.rule${turn % 20}`,
  trigger: (turn) => `/v1/executions?limit=50&trigger=bench.event${turn % 5}`,
  "action and status": () => `/v1/executions?limit=50&action=bench.task5&status=failed`,
  "one day": () =>
    `/v1/executions?limit=50&timestamp_gt=${new Date(Date.now() - 15 * 86_400_000).toISOString()}&timestamp_lt=${new Date(Date.now() - 14 * 86_400_000).toISOString()}`,
  facets: () => "/v1/executions/views/filters",
  detail: (turn, rows) => `/v1/executions/${id((turn * 7_919) % rows, rows)}`,
  "detail of a workflow": (turn, rows) =>
    `/v1/executions/${id(((turn * 7_919) % Math.floor(rows / 4)) * 4, rows)}`,
};

const turns = 60;

async function measure(address: string, rows: number): Promise<boolean> {
  let met = true;
  for (const [name, path] of Object.entries(requests)) {
    const times: number[] = [];
    let last: Answer | undefined;
    for (let turn = 0; turn < turns; turn++) {
      last = await ask(`${address}${path(turn, rows)}`);
      times.push(last.ms);
    }
    const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
    met &&= p95 < limitMs;
    const count = last?.headers["x-total-count"];
    process.stdout.write(
      `${p95 < limitMs ? "ok  " : "MISS"} ${name.padEnd(24)} p50 ${String(rounded(p50)).padStart(6)} ms   p95 ${String(rounded(p95)).padStart(6)} ms   ${String(last?.bytes ?? 0).padStart(7)} bytes${typeof count === "string" ? `   X-Total-Count ${count}` : ""}\n`,
    );
  }
  return met;
}

async function bench(rows: number): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const site = temporaryDirectory();
  stack.defer(() => rmSync(site, { recursive: true, force: true }));
  writeSite(site);
  const server = await startPostgres({ home: site });
  stack.defer(() => server.stop());
  const database = openDatabase(server.url, { max: 1 });
  await migrate(database);
  await prepare(database, rows);
  const before = performance.now();
  await fill(database, rows);
  process.stdout.write(
    `${rows} executions in ${Math.round((performance.now() - before) / 1_000)} s\n`,
  );
  await database.close();
  const door = stack.use(await startDoor(server.url, site));
  for (let warm = 0; warm < 20; warm++) await ask(`${door.address}/v1/executions?limit=50`);
  const met = await measure(door.address, rows);
  const load = loadavg().map((value) => value.toFixed(1));
  process.stdout.write(`load ${load.join(" ")}, limit p95 < ${limitMs} ms\n`);
  return met;
}

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
process.exitCode = (await bench(Number(values.rows))) ? 0 : 1;
agent.destroy();
