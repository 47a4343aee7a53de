/** `npm run bench:streams -- [--streams 500] [--rate 20] [--seconds 20]`: open event streams while executions are requested through the door;
 * milliseconds from the request of an execution until each listener has its event. The server is `raicho start --role api`; the listeners are
 * this process. */
import { rmSync } from "node:fs";
import { Agent, get, request } from "node:http";
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startPostgres } from "../src/store/postgres.ts";
import { startDoor } from "./door.ts";
import { quantile, rounded } from "./measure.ts";
import { temporaryDirectory, writeSite } from "./site.ts";

const limitMs = 250;
const poster = new Agent({ keepAlive: true, maxSockets: 16 });
const listeners = new Agent({ maxSockets: Infinity });

interface Heard {
  readonly id: string;
  readonly at: number;
}

/** Opens a stream; each event is noted when its last byte has come. */
function listen(address: string, heard: Heard[]): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const asked = get(
      `${address}/stream/v1/stream?events=st2.execution__create`,
      { agent: listeners },
      (answer) => {
        let held = "";
        answer.setEncoding("utf8");
        answer.on("error", () => undefined);
        answer.on("data", (chunk: string) => {
          held += chunk;
          for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
            const id = /"id":"([0-9a-f]{24})"/.exec(held.slice(0, end))?.[1];
            if (id !== undefined) heard.push({ id, at: performance.now() });
            held = held.slice(end + 2);
          }
        });
        resolve(() => void answer.destroy());
      },
    );
    asked.on("error", reject);
  });
}

/** Requests a no-op and gives its id. */
function post(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${address}/v1/executions`,
      { method: "POST", agent: poster, headers: { "content-type": "application/json" } },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => void (body += chunk));
        answer.once("end", () => {
          const id = /"id":"([0-9a-f]{24})"/.exec(body)?.[1];
          if (answer.statusCode === 201 && id !== undefined) resolve(id);
          else reject(new Error(`${answer.statusCode}: ${body}`));
        });
      },
    );
    sent.once("error", reject);
    sent.end('{"action":"core.noop"}');
  });
}

interface Effort {
  readonly streams: number;
  readonly rate: number;
  readonly seconds: number;
}

async function open(
  address: string,
  streams: number,
  heard: Heard[],
): Promise<readonly (() => void)[]> {
  const stops: (() => void)[] = [];
  // As clients come: not all in the same millisecond.
  while (stops.length < streams) {
    const group = Math.min(25, streams - stops.length);
    stops.push(
      ...(await Promise.all(Array.from({ length: group }, async () => listen(address, heard)))),
    );
  }
  return stops;
}

async function measure(address: string, { streams, rate, seconds }: Effort): Promise<boolean> {
  const heard: Heard[] = [];
  const stops = await open(address, streams, heard);
  await delay(2_000);
  const sent = new Map<string, number>();
  const count = rate * seconds;
  const start = performance.now();
  const posts: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    await delay(Math.max(0, start + (n * 1_000) / rate - performance.now()));
    const at = performance.now();
    posts.push(post(address).then((id) => void sent.set(id, at)));
  }
  await Promise.all(posts);
  const patience = performance.now() + 10_000;
  while (heard.length < count * streams && performance.now() < patience) await delay(50);
  for (const stop of stops) stop();
  const times = heard.flatMap(({ id, at }) => {
    const from = sent.get(id);
    return from === undefined ? [] : [at - from];
  });
  const missing = count * streams - times.length;
  const [p50, p95, most] = [0.5, 0.95, 1].map((part) => quantile(times, part));
  const met = missing === 0 && (p95 ?? Infinity) < limitMs;
  process.stdout.write(
    `${met ? "ok  " : "MISS"} ${streams} streams, ${rate} events/s, ${times.length} deliveries in ${seconds} s (${streams * rate}/s), ${missing} missing: ` +
      `p50 ${rounded(p50 ?? 0)} ms, p95 ${rounded(p95 ?? 0)} ms (limit ${limitMs}), most ${rounded(most ?? 0)} ms, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  return met;
}

async function bench(effort: Effort): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const site = temporaryDirectory();
  stack.defer(() => rmSync(site, { recursive: true, force: true }));
  writeSite(site);
  const server = await startPostgres({ home: site });
  stack.defer(() => server.stop());
  const database = openDatabase(server.url, { max: 1 });
  await migrate(database);
  await database.close();
  const door = stack.use(await startDoor(server.url, site));
  return await measure(door.address, effort);
}

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "500" },
    rate: { type: "string", default: "20" },
    seconds: { type: "string", default: "20" },
  },
});
const { streams, rate, seconds } = values;
const effort = { streams: Number(streams), rate: Number(rate), seconds: Number(seconds) };
process.exitCode = (await bench(effort)) ? 0 : 1;
poster.destroy();
listeners.destroy();
