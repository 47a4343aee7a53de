/** What is done to the big inventory, through its API. */
import { isObject } from "../src/model/json.ts";
import type { Client } from "./http.ts";
import { calls, entriesIn, freePool, hostname, type Item, type Sizes } from "./inventory-data.ts";
import type { Search } from "./inventory-questions.ts";
import { median, quantile } from "./measure.ts";

const api = "/api/v2/inventory";
const callSize = 5_000;
/** Calls at once, where nothing of one type refers to another entry of it. */
const callers = 4;

export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly slowest: number;
}

function timesOf(times: readonly number[]): Times {
  return { p50: median(times), p95: quantile(times, 0.95), slowest: Math.max(...times) };
}

async function upsert(http: Client, items: readonly Item[]): Promise<void> {
  const { body } = await http.ask("POST", `${api}/upsert`, { items });
  const results: unknown = isObject(body) ? body["results"] : undefined;
  const bad: unknown = Array.isArray(results)
    ? results.find((one) => !isObject(one) || one["result"] !== "created")
    : body;
  if (bad !== undefined) throw new Error(JSON.stringify(bad));
}

export interface Filled {
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly seconds: number;
  /** By type: entries per second. */
  readonly byType: ReadonlyMap<string, number>;
}

/** Imports everything; types one after the other. */
export async function fill(http: Client, sizes: Sizes): Promise<Filled> {
  const byType = new Map<string, number>();
  const wanted = entriesIn(sizes);
  let rows = 0;
  const start = performance.now();
  for (const [type, parts] of Map.groupBy(calls(sizes, callSize), ([first]) => first?.type ?? "")) {
    const before = performance.now();
    const waiting = parts.values();
    const caller = async (): Promise<void> => {
      for (const items of waiting) {
        await upsert(http, items);
        rows += items.length;
        const rate = Math.round((rows * 1_000) / (performance.now() - start));
        process.stderr.write(`\r${rows} of ${wanted} entries, ${rate}/s (${type})      `);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    const count = parts.reduce((sum, items) => sum + items.length, 0);
    byType.set(type, (count * 1_000) / (performance.now() - before));
  }
  process.stderr.write("\n");
  const seconds = (performance.now() - start) / 1_000;
  return { rows, rowsPerSecond: rows / seconds, seconds, byType };
}

async function idOf(http: Client, search: Search): Promise<string> {
  const { body } = await http.ask("POST", `${api}/search`, { ...search, limit: 1 });
  const entries: unknown = isObject(body) ? body["entries"] : [];
  const [first]: readonly unknown[] = Array.isArray(entries) ? entries : [];
  if (isObject(first) && typeof first["id"] === "string") return first["id"];
  throw new Error(`nothing found: ${JSON.stringify(search)}`);
}

/** Ids of machines spread over all of them. */
export function someDevices(http: Client, sizes: Sizes, count: number): Promise<readonly string[]> {
  return Promise.all(
    Array.from({ length: count }, (_, n) =>
      idOf(http, {
        type: "Device",
        where: { hostname: hostname((n * 7_919) % sizes.devices) },
      }),
    ),
  );
}

/** One entry after the other, with the names of what it refers to. */
export async function reads(http: Client, ids: readonly string[]): Promise<Times> {
  const times: number[] = [];
  for (const id of ids) times.push((await http.ask("GET", `${api}/entries/${id}`)).ms);
  return timesOf(times);
}

/** Questions asked at least, and how long they are asked further. */
const leastAsked = 10;
const askedMs = 10_000;

export async function searches(http: Client, queries: readonly Search[]): Promise<Times> {
  const times: number[] = [];
  const start = performance.now();
  for (const query of queries) {
    if (times.length >= leastAsked && performance.now() - start > askedMs) break;
    times.push((await http.ask("POST", `${api}/search`, { ...query })).ms);
  }
  return timesOf(times);
}

export interface Written extends Times {
  readonly count: number;
  readonly perSecond: number;
}

/** Durable changes of single entries by so many clients, each of which waits for its answer. */
export async function writes(
  http: Client,
  ids: readonly string[],
  { clients, ms }: { readonly clients: number; readonly ms: number },
): Promise<Written> {
  const times: number[] = [];
  const start = performance.now();
  const one = async (client: number): Promise<void> => {
    for (let n = client; performance.now() - start < ms; n += clients) {
      const path = `${api}/entries/${ids[n % ids.length] ?? ""}`;
      const attributes = { note: `${n}回目の変更` };
      times.push((await http.ask("PATCH", path, { attributes })).ms);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  const { length: count } = times;
  return { ...timesOf(times), count, perSecond: (count * 1_000) / (performance.now() - start) };
}

export interface Allocated extends Times {
  readonly unique: number;
}

/** Next free addresses of one /23, all asked for at once or so many at a time. */
export async function allocations(
  http: Client,
  {
    pool,
    count,
    atOnce,
  }: { readonly pool: number; readonly count: number; readonly atOnce: number },
): Promise<Allocated> {
  const times: number[] = [];
  const taken = new Set<unknown>();
  let left = count;
  const one = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      const body = { type: "IPAddress", from: freePool(pool) };
      const answer = await http.ask("POST", `${api}/allocate`, body);
      times.push(answer.ms);
      const entries: unknown = isObject(answer.body) ? answer.body["entries"] : [];
      for (const entry of Array.isArray(entries) ? entries : [])
        if (isObject(entry)) taken.add(entry["name"]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { ...timesOf(times), unique: taken.size };
}
