/** Webhooks that are signed, and requests that come twice. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import type { Door } from "../../src/api/door.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;
let url: string;
let close: () => void;
const secret = "shared with the sender";
const admin = { "x-auth-token": "admin", "content-type": "application/json" };

beforeAll(async () => {
  database = await testDatabase();
  const rule = { trigger: { type: "core.st2.webhook", parameters: { url: "in" } } };
  engine = testEngine(database.url, { content: { rules: [rule] } });
  const plain = doorOf(engine.core, new Map([["admin", { name: "chief", roles: ["admin"] }]]));
  const door: Door = { ...plain, webhooks: () => new Set(["in", "free"]) };
  await door.datastore.put({
    scope: "system",
    name: "hook",
    value: secret,
    secret: true,
    ttlSeconds: undefined,
  });
  const { server, url: at } = listenAt(makeDoor(door, emptyInventory));
  url = at;
  close = () => server.close().closeAllConnections();
  await fetch(`${url}/api/v2/webhooks/in`, {
    method: "PUT",
    headers: admin,
    body: JSON.stringify({ scheme: "github", secret_key: "hook" }),
  });
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function sign(body: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

function send(name: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/webhooks/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

function make(body: unknown, key: string): Promise<Response> {
  return fetch(`${url}/api/v2/users`, {
    method: "POST",
    headers: { ...admin, "idempotency-key": key },
    body: JSON.stringify(body),
  });
}

async function begin(key: string): Promise<unknown> {
  const answer = await fetch(`${url}/v1/executions`, {
    method: "POST",
    headers: { ...admin, "idempotency-key": key },
    body: JSON.stringify({ action: "core.noop", parameters: {} }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: unknown }).id;
}

async function stored(tag: string): Promise<number> {
  const rows = await database.db
    .selectFrom("trigger_instance")
    .select("id")
    .where("trace_tag", "=", tag)
    .execute();
  return rows.length;
}

describe("a signed webhook", () => {
  test("needs no token", async () => {
    const body = '{"z":1,  "a":"日本"}';
    const answer = await send("in", body, {
      "x-hub-signature-256": sign(body),
      "st2-trace-tag": "s1",
    });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toStrictEqual(JSON.parse(body));
    expect(await stored("s1")).toBe(1);
  });

  test.each([
    ["without a signature", {}],
    ["with a wrong one", { "x-hub-signature-256": sign("other") }],
    ["with a token instead", { "x-auth-token": "admin" }],
  ])("is refused %s", async (_name, headers: Record<string, string>) => {
    const answer = await send("in", "{}", { ...headers, "st2-trace-tag": "s2" });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain("is not let in");
    expect(await stored("s2")).toBe(0);
  });

  test.each(["in/", "/in", "in//", "%69n", "in?x-auth-token=admin", "in%2f", "in;x", "IN", "in."])(
    "is not opened by a token under another spelling (%s)",
    async (spelling) => {
      const answer = await send(spelling, "{}", { "x-auth-token": "admin", "st2-trace-tag": "s3" });
      expect([401, 404]).toContain(answer.status);
      expect(await stored("s3")).toBe(0);
    },
  );

  test("takes forms too", async () => {
    const body = "payload=%7B%7D&a=1&a=2";
    const answer = await send("in", body, {
      "content-type": "application/x-www-form-urlencoded",
      "x-hub-signature-256": sign(body),
    });
    expect(await answer.json()).toStrictEqual({ payload: ["{}"], a: ["1", "2"] });
  });

  test("of Twilio is answered with what Twilio reads, and signed over its address with the query", async () => {
    const address = "https://raicho.example.jp/v1/webhooks/free";
    const answer = { type: "text/xml", body: "<Response/>" };
    const put = await fetch(`${url}/api/v2/webhooks/free`, {
      method: "PUT",
      headers: admin,
      body: JSON.stringify({ scheme: "twilio", secret_key: "hook", address, answer }),
    });
    expect(await put.json()).toMatchObject({ scheme: "twilio", address, answer });
    const signature = createHmac("sha1", secret)
      .update(`${address}?a=1CallSidCA1Digits2`)
      .digest("base64");
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signature,
    };
    const taken = await send("free?a=1", "Digits=2&CallSid=CA1", headers);
    expect([taken.status, taken.headers.get("content-type"), await taken.text()]).toEqual([
      200,
      expect.stringContaining("text/xml"),
      "<Response/>",
    ]);
    expect((await send("free?a=1", "Digits=3&CallSid=CA1", headers)).status).toBe(401);
    await fetch(`${url}/api/v2/webhooks/free`, { method: "DELETE", headers: admin });
  });

  test("is told, changed and taken back by administrators", async () => {
    const list = await fetch(`${url}/api/v2/webhooks`, { headers: admin });
    expect(await list.json()).toMatchObject({
      items: [{ name: "in", scheme: "github", secret_key: ["hook"] }],
    });
    const odd = await fetch(`${url}/api/v2/webhooks/free`, {
      method: "PUT",
      headers: admin,
      body: '{"scheme":"rot13"}',
    });
    expect(odd.status).toBe(400);
    expect(odd.headers.get("content-type")).toContain("application/problem+json");
    const put = await fetch(`${url}/api/v2/webhooks/free`, {
      method: "PUT",
      headers: admin,
      body: '{"scheme":"slack","secret_key":"nowhere"}',
    });
    expect(put.status).toBe(200);
    expect((await send("free", "{}")).status).toBe(503);
    expect(
      (await fetch(`${url}/api/v2/webhooks/free`, { method: "DELETE", headers: admin })).status,
    ).toBe(204);
    expect((await send("free", "{}")).status).toBe(401);
    expect((await send("free", "{}", { "x-auth-token": "admin" })).status).toBe(202);
  });
});

describe("an idempotency key", () => {
  test("gives the first answer again, and stores once", async () => {
    const headers = { "x-auth-token": "admin", "idempotency-key": "k1", "st2-trace-tag": "i1" };
    const first = await send("free", '{"a":1}', headers);
    const again = await send("free", '{"a":1}', headers);
    expect([first.status, again.status]).toStrictEqual([202, 202]);
    expect(await again.text()).toBe(await first.text());
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await stored("i1")).toBe(1);
    const other = await send("free", '{"a":2}', headers);
    expect(other.status).toBe(422);
    expect(await stored("i1")).toBe(1);
  });

  test("of many at once lets one through", async () => {
    const headers = { "x-auth-token": "admin", "idempotency-key": "k2", "st2-trace-tag": "i2" };
    const all = await Promise.all(Array.from({ length: 20 }, () => send("free", "{}", headers)));
    const seen = new Set(all.map(({ status }) => status));
    seen.delete(409);
    expect([...seen]).toStrictEqual([202]);
    expect(await stored("i2")).toBe(1);
  });

  test("starts one execution", async () => {
    const first = await begin("e1");
    expect(await begin("e1")).toBe(first);
    expect(await begin("e2")).not.toBe(first);
  });

  test("works for everything under /api/v2", async () => {
    const user = { name: "twice", password: "umbrella-and-sandals" };
    expect((await make(user, "u1")).status).toBe(201);
    expect((await make(user, "u1")).status).toBe(201);
    expect((await make(user, "u2")).status).toBe(409);
    expect((await make({ ...user, name: "thrice" }, "u1")).status).toBe(422);
    expect((await make(user, "x".repeat(300))).status).toBe(400);
  });
});
