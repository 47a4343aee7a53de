/** A plain webhook takes the quick way in, anything else goes through Express: both must answer and store the same. */
import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import type { Door } from "../../src/api/door.ts";
import { doorOf, emptyInventory } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const rule = { trigger: { type: "core.st2.webhook", parameters: { url: "in" } } };
const json = { "content-type": "application/json" };
/** A query sends a request through Express. */
const ways = [
  ["quick", ""],
  ["Express", "?through=express"],
] as const;

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
  readonly requestId: string | null;
  readonly retryAfter: string | null;
}

let database: TestDatabase;
let engine: TestEngine;
let open: string;
let guarded: string;
const servers: ReturnType<typeof createServer>[] = [];

async function serve(auth: boolean): Promise<string> {
  const door: Door = {
    ...doorOf(engine.core),
    auth,
    authenticate: (secret) =>
      Promise.resolve(
        secret === "right"
          ? {
              name: "sender",
              roles: ["senders"],
              grants: [{ resource: "webhook:in", permissions: ["webhook_send"] }],
            }
          : undefined,
      ),
    webhooks: () => new Set(["in", "deep/er"]),
  };
  const server = createServer(makeDoor(door, emptyInventory));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/v1/webhooks`;
}

async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = json,
): Promise<Answer> {
  const response = await fetch(url, { method: "POST", body: body as string, headers });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: JSON.parse(text) as unknown,
    requestId: response.headers.get("x-request-id"),
    retryAfter: response.headers.get("retry-after"),
  };
}

function stored(
  marker: string,
): Promise<{ payload: unknown; dedupe_key: string | null; trace_tag: string | null }[]> {
  return database.db
    .selectFrom("trigger_instance")
    .select(["payload", "dedupe_key", "trace_tag"])
    .where("trace_tag", "=", marker)
    .execute();
}

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url, { content: { rules: [rule] } });
  open = await serve(false);
  guarded = await serve(true);
});

afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

describe("a webhook", () => {
  test.each(ways)("is stored and echoed (%s)", async (way, query) => {
    const body = { host: "web1", text: "ünïcode {{ x }}", list: [1, null, { a: true }] };
    const headers = {
      ...json,
      "st2-trace-tag": `t-${way}`,
      "x-github-event": "push",
      "X-Auth-Token": "hidden",
      "X-Request-ID": "mine",
    };
    const answer = await post(`${open}/in${query}`, JSON.stringify(body), headers);
    expect(answer).toStrictEqual({
      status: 202,
      type: "application/json; charset=utf-8",
      body,
      requestId: "mine",
      retryAfter: null,
    });
    const [row] = await stored(`t-${way}`);
    expect(row?.payload).toMatchObject({
      body,
      headers: { "X-Github-Event": "push" },
      headers_lower: { "x-github-event": "push" },
    });
    expect(JSON.stringify(row?.payload)).not.toContain("hidden");
    const { payload } = row as { payload: { headers: Record<string, string> } };
    expect(Object.keys(payload.headers).toSorted()).toStrictEqual([
      "Accept",
      "Accept-Encoding",
      "Accept-Language",
      "Connection",
      "Content-Length",
      "Content-Type",
      "Host",
      "Sec-Fetch-Mode",
      "User-Agent",
      "X-Github-Event",
      "X-Request-Id",
    ]);
  });

  test.each(ways)("delivered twice is stored once (%s)", async (way, query) => {
    const headers = {
      ...json,
      "st2-trace-tag": `d-${way}`,
      "x-github-delivery": `delivery-${way}`,
    };
    await post(`${open}/in${query}`, "{}", headers);
    const again = await post(`${open}/in${query}`, "{}", headers);
    expect(again.status).toBe(202);
    expect(await stored(`d-${way}`)).toHaveLength(1);
  });

  test("gives an id to a request without one", async () => {
    const { requestId } = await post(`${open}/in`, "{}");
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ["null", "null"],
    ["a number", "7"],
    ["text", '"x"'],
    ["a byte order mark", '\uFEFF{"a":1}'],
    ["broken JSON", '{"a":'],
    ["nothing but space", "  "],
    ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
  ])("answers alike both ways: %s", async (_name, body) => {
    const [quick, through] = await Promise.all(
      ways.map(([, query]) => post(`${open}/in${query}`, body)),
    );
    expect({ ...quick, requestId: "" }).toStrictEqual({ ...through, requestId: "" });
  });

  test.each([
    ["an unknown name", "/nobody", 404],
    ["a name of two parts", "/deep/er", 202],
    ["a name with slashes around it", "/in/", 202],
    ["a name to decode", "/%69n", 202],
  ])("finds its name: %s", async (_name, path, status) => {
    expect(await post(`${open}${path}`, "{}")).toMatchObject({ status });
  });

  test.each(ways)("needs a trigger under st2 (%s)", async (_way, query) => {
    expect(await post(`${open}/st2${query}`, '{"payload":{}}')).toMatchObject({
      status: 400,
      body: { faultstring: "Trigger not specified." },
    });
    expect(
      await post(
        `${open}/st2${query}`,
        '{"trigger":"core.st2.generic.notifytrigger","payload":{"a":1}}',
      ),
    ).toMatchObject({ status: 202 });
  });

  test.each(ways)("needs a token or key when there is authentication (%s)", async (_way, query) => {
    const url = `${guarded}/in${query}`;
    expect(await post(url, "{}")).toMatchObject({
      status: 401,
      body: { faultstring: "Unauthorized - One of Token or API key required." },
    });
    expect(await post(url, "{}", { ...json, "x-auth-token": "wrong" })).toMatchObject({
      status: 401,
      body: { faultstring: "Unauthorized" },
    });
    expect(await post(url, "{}", { ...json, "st2-api-key": "right" })).toMatchObject({
      status: 202,
    });
    expect(await post(url, "{}", { ...json, authorization: "bearer right" })).toMatchObject({
      status: 202,
    });
  });

  test("longer than a megabyte is refused", async () => {
    expect(await post(`${open}/in`, JSON.stringify("x".repeat(1_048_576)))).toMatchObject({
      status: 413,
    });
  });

  test("of a form is read too", async () => {
    expect(
      await post(`${open}/in`, "a=1&b=2", { "content-type": "application/x-www-form-urlencoded" }),
    ).toMatchObject({ status: 202, body: { a: ["1"], b: ["2"] } });
  });

  test.each(["text/plain", "application/xml", "multipart/form-data; boundary=x"])(
    "of type %s is refused instead of being taken for an empty one",
    async (type) => {
      expect(await post(`${open}/in`, '{"a":1}', { "content-type": type })).toMatchObject({
        status: 400,
        body: { faultstring: `Failed to parse request body: Unsupported Content-Type: "${type}"` },
      });
    },
  );

  test("of Amazon SNS is JSON, though it is called text/plain", async () => {
    const headers = {
      "content-type": "text/plain; charset=UTF-8",
      "x-amz-sns-message-type": "Notification",
    };
    expect(await post(`${open}/in`, '{"Type":"Notification"}', headers)).toMatchObject({
      status: 202,
      body: { Type: "Notification" },
    });
  });

  test("without a type is read as JSON", async () => {
    const answer = await fetch(`${open}/in`, { method: "POST", body: Buffer.from('{"a":1}') });
    expect([answer.status, await answer.json()]).toStrictEqual([202, { a: 1 }]);
  });

  // Last: the engine takes nothing more afterwards.
  test("is not acknowledged when it cannot be stored", async () => {
    await engine.core.pump.close();
    for (const [, query] of ways)
      expect(await post(`${open}/in${query}`, "{}")).toMatchObject({
        status: 503,
        retryAfter: "1",
      });
  });
});
