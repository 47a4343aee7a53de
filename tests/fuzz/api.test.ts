/** Random requests made from the door's own OpenAPI document: whatever comes, no answer is 5xx and the server lives. `npm run fuzz:api` sends 20,000. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { request } from "../../src/engine/request.ts";
import { doorOf, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { site, testInventory, type TestInventory } from "../store/inventory-site.ts";

const requests = Number(process.env["FUZZ_API"] ?? 1_000);
const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_121);
const atOnce = 8;

let world: TestInventory;
let engine: TestEngine;
let url: string;
let close: () => void;
let execution: string;

beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  const rule = { trigger: { type: "core.st2.webhook", parameters: { url: "in" } } };
  engine = testEngine(world.database.url, { content: { rules: [rule] } });
  execution = await request(engine.core, { action: "core.noop", parameters: {}, context: {} });
  const { server, url: at } = listenAt(makeDoor(doorOf(engine.core), world.inventory));
  url = at;
  close = () => server.close().closeAllConnections();
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** Small and repeatable. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(seed);

function pick<Each>(list: readonly Each[]): Each {
  return list[Math.floor(random() * list.length)] as Each;
}

const texts = [
  "",
  "a",
  "core.noop",
  "core",
  "admin",
  "last",
  "null",
  "0",
  "-1",
  "1e309",
  "99999999999999999999",
  "2026-01-01T00:00:00Z",
  "2026-99-99T99:99:99Z",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\ud800",
  "日本語 🗾",
  "' or 1=1 --",
  "{{ ''.__class__ }}",
  "<% ctx() %>",
  "<$ $ $>",
  "__proto__",
  "constructor",
  "<img onerror=x>",
  "x".repeat(3_000),
  "*",
  "(",
  "a,b,c",
  "[1,2",
] as const;

function value(depth = 0): unknown {
  const kind = Math.floor(random() * (depth > 3 ? 5 : 7));
  if (kind === 0) return pick([null, true, false, 0, -1, 1.5, 2 ** 53, 1e308]);
  if (kind < 5) return pick([...texts, execution]);
  if (kind === 5) return Array.from({ length: Math.floor(random() * 4) }, () => value(depth + 1));
  return Object.fromEntries(
    Array.from({ length: Math.floor(random() * 4) }, () => [pick(texts), value(depth + 1)]),
  );
}

const fields = [
  ..."action parameters context user status result tasks reset delay name pack ref trigger payload".split(
    " ",
  ),
  ..."value scope ttl secret encrypted password roles role description permission_grants command".split(
    " ",
  ),
  ..."format response metadata enabled type attributes where text limit items scheme secret_key".split(
    " ",
  ),
  ..."resource_ref policy_type criteria formats action_ref runner_type entry_point id uid".split(
    " ",
  ),
];

function body(schema: unknown): unknown {
  if (random() < 0.1) return value();
  const known =
    typeof schema === "object" && schema !== null && "properties" in schema
      ? Object.keys(schema.properties as object)
      : [];
  const names = [...known, ...known, ...known, ...fields];
  const made = Array.from({ length: Math.floor(random() * 7) }, () => [pick(names), value()]);
  if (random() < 0.3) made.push(["action", "core.noop"], ["pack", "core"]);
  return Object.fromEntries(made) as unknown;
}

const queries = [
  ..."limit offset sort include_attributes exclude_attributes id name pack scope user decrypt".split(
    " ",
  ),
  ..."prefix status action parent timestamp_gt timestamp_lt show_secrets max_result_size depth".split(
    " ",
  ),
  ..."output_type types trigger rule cursor since until q type after where order day remote system".split(
    " ",
  ),
];

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly schema: unknown;
}

async function operations(): Promise<readonly Operation[]> {
  const document = (await (await fetch(`${url}/api/v2/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<
        string,
        {
          parameters: Operation["parameters"];
          requestBody?: { content: { "application/json": { schema: unknown } } };
        }
      >
    >;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => ({
      method,
      path,
      parameters,
      schema: requestBody?.content["application/json"].schema,
    })),
  );
}

interface Sent {
  readonly what: string;
  readonly status: number;
  readonly text: string;
}

function draw({ method, path, parameters, schema }: Operation): {
  address: string;
  init: RequestInit;
} {
  const filled = path.replaceAll(/\{\w+\}/g, () =>
    encodeURIComponent(pick([...texts, execution, "in", "k"]).toWellFormed() || "x"),
  );
  const known = parameters.filter((each) => each.in === "query").map(({ name }) => name);
  const query = new URLSearchParams();
  while (random() < 0.5) query.append(pick([...known, ...known, ...queries]), pick(texts));
  const address = `${url}${filled}${query.size === 0 ? "" : `?${query.toString()}`}`;
  const type =
    random() < 0.9
      ? "application/json"
      : pick([
          "text/plain",
          "application/xml",
          "application/x-www-form-urlencoded",
          "application/merge-patch+json",
        ]);
  const headers: Record<string, string> = { "content-type": type };
  if (random() < 0.1) headers["idempotency-key"] = pick(["k1", "k2", "x".repeat(300)]);
  if (random() < 0.05) headers["if-match"] = pick(['"1"', "*", "odd"]);
  if (random() < 0.05) headers["last-event-id"] = pick(["1-1", "odd"]);
  if (random() < 0.05)
    headers["st2-context"] = pick(["{}", "odd", '{"trace_context":{"id_":"x"}}']);
  const sends = method !== "get" && random() < 0.95;
  const written =
    random() < 0.95 ? JSON.stringify(body(schema)) : pick(["{", "", "[]", "\u0000", "nul"]);
  return {
    address,
    init: { method: method.toUpperCase(), headers, ...(sends ? { body: written } : {}) },
  };
}

async function sendOne(operation: Operation): Promise<Sent> {
  const { address, init } = draw(operation);
  const stop = new AbortController();
  const response = await fetch(address, { ...init, signal: stop.signal });
  const { status } = response;
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const text = status >= 500 ? await response.text() : "";
  if (isStream) stop.abort();
  else if (status < 500) await response.arrayBuffer();
  const sent = typeof init.body === "string" ? ` ${init.body.slice(0, 500)}` : "";
  return {
    what: `${init.method ?? ""} ${address.slice(url.length, url.length + 500)}${sent}`,
    status,
    text,
  };
}

test(
  `${requests} random requests`,
  async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(120);
    const failures: Sent[] = [];
    const statuses = new Map<number, number>();
    let left = requests;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const sent = await sendOne(pick(all));
        statuses.set(sent.status, (statuses.get(sent.status) ?? 0) + 1);
        if (sent.status >= 500) failures.push(sent);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    expect(failures.slice(0, 20)).toStrictEqual([]);
    // Not everything is refused at the door.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(requests / 20);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const polluted: { polluted?: unknown } = {};
    expect(polluted.polluted).toBeUndefined();
  },
  Math.max(120_000, requests * 60),
);
