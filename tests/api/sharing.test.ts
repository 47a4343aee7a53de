/** What browsers are told when a page of another origin asks. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import type { User } from "../../src/engine/auth.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const page = "https://console.example";
const expires = new Date("2100-01-01T00:00:00Z");
const users = new Map<string, User>([
  ["t0", { name: "mio", roles: ["observer"], shown: { kind: "token", expires } }],
  ["k0", { name: "mio", roles: ["observer"], shown: { kind: "api_key", expires: null } }],
]);
let database: TestDatabase;
let engine: TestEngine;
let url = "";
let close: () => void;

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url);
  const door = { ...doorOf(engine.core, users), allowOrigins: [page] };
  const listening = listenAt(makeDoor(door, emptyInventory));
  url = listening.url;
  close = () => listening.server.close().closeAllConnections();
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function ask(headers: Record<string, string>, method = "GET"): Promise<Response> {
  return fetch(`${url}/api/v1/actions`, { method, headers });
}

test("a page that is allowed may ask, and read what lists count", async () => {
  const before = { origin: page, "access-control-request-method": "PUT" };
  const asked = await ask(before, "OPTIONS");
  expect(asked.status).toBe(200);
  expect(asked.headers.get("access-control-allow-methods")).toContain("PUT");
  expect(asked.headers.get("access-control-allow-headers")).toContain("X-Auth-Token");
  const answer = await ask({ origin: page, "x-auth-token": "t0" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-allow-origin")).toBe(page);
  expect(answer.headers.get("access-control-allow-credentials")).toBe("true");
  expect(answer.headers.get("access-control-expose-headers")).toContain("X-Total-Count");
  expect(answer.headers.get("vary")).toContain("Origin");
});

test("also a refusal can be read", async () => {
  const answer = await ask({ origin: page });
  expect(answer.status).toBe(401);
  expect(answer.headers.get("access-control-allow-origin")).toBe(page);
});

test.each([
  "https://evil.example",
  "null",
  "http://console.example",
  "https://console.example:8443",
])("a page of %s is told nothing", async (origin) => {
  const asked = await ask({ origin, "access-control-request-method": "PUT" }, "OPTIONS");
  const answer = await ask({ origin, "x-auth-token": "t0" });
  for (const { headers } of [asked, answer]) {
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get("vary")).toContain("Origin");
  }
});

test("the token of such a page becomes the cookie with which its streams are let in", async () => {
  const first = await ask({ origin: page, "x-auth-token": "t0" });
  expect(first.headers.getSetCookie()).toEqual([
    `auth-token=t0; Path=/; HttpOnly; SameSite=Strict; Expires=${expires.toUTCString()}`,
  ]);
  const second = await ask({ origin: page, "x-auth-token": "t0", cookie: "auth-token=t0" });
  expect(second.headers.getSetCookie()).toEqual([]);
  expect((await ask({ origin: page, cookie: "auth-token=t0" })).status).toBe(200);
  expect((await ask({ origin: page, "st2-api-key": "k0" })).headers.getSetCookie()).toEqual([]);
  expect((await ask({ "x-auth-token": "t0" })).headers.getSetCookie()).toEqual([]);
});

test("a cookie alone does not let such a page write", async () => {
  const answer = await ask({ origin: page, cookie: "auth-token=t0" }, "POST");
  expect(answer.status).toBe(403);
});
