/** Metrics, audit log, request ids, the API's own description. */
import { readFileSync } from "node:fs";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { declaredRoutes, makeDoor } from "../../src/api/app.ts";
import { processReadings } from "../../src/api/metrics.ts";
import { ledgerReadings } from "../../src/api/readings.ts";
import { heartbeat } from "../../src/engine/hear.ts";
import { basic } from "../support/raicho.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;
let url: string;
let names: readonly string[];
let close: () => void;

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url);
  const users = new Map([
    ["admin", { name: "chief", roles: ["admin"] }],
    ["none", { name: "nobody", roles: [] }],
  ]);
  const door = doorOf(engine.core, users);
  door.metrics.reading(...processReadings(), ...ledgerReadings(engine.core, "0.0.0"));
  names = declaredRoutes(door, emptyInventory).map(({ path }) => path);
  const { server, url: at } = listenAt(makeDoor(door, emptyInventory));
  url = at;
  close = () => server.close().closeAllConnections();
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function ask(path: string, token = "admin", more: RequestInit = {}): Promise<Response> {
  return fetch(url + path, {
    ...more,
    headers: {
      "x-auth-token": token,
      "content-type": "application/json",
      ...(more.headers as object),
    },
  });
}

test.each(["/livez", "/readyz", "/metrics"])("%s answers whoever asks", async (path) => {
  expect((await fetch(url + path)).status).toBe(200);
});

describe("metrics", () => {
  test("are those of docs/metrics.md, and no others", async () => {
    await ask("/v1/actions");
    await heartbeat(engine.core, "worker");
    await fetch(`${url}/auth/v1/tokens`, { method: "POST", headers: basic("nobody", "nothing") });
    const text = await (await fetch(`${url}/metrics`)).text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, kind]) => `${name} ${kind}`,
    );
    const told = [
      ...readFileSync("docs/metrics.md", "utf8").matchAll(/^\| `(\w+)` +\| (\w+) /gm),
    ].map(([, name, kind]) => `${name} ${kind}`);
    expect(types.toSorted()).toStrictEqual(told.toSorted());
    const labels = [...text.matchAll(/(\w+)="/g)].map(([, name = ""]) => name);
    expect([...new Set(labels)].toSorted()).toStrictEqual([
      "end",
      "le",
      "method",
      "pool",
      "role",
      "route",
      "status",
      "version",
    ]);
  });

  test("have labels that do not grow with what is asked", async () => {
    for (let count = 0; count < 50; count++) await ask(`/v1/actions/none.a${count}?x=${count}`);
    await ask("/nowhere/at/all");
    await fetch(`${url}/v1/keys/x`, { method: "PROPFIND" });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toMatch(
      /raicho_http_requests_total\{method="GET",route="\/actions\/:ref",status="4xx"\} 50/,
    );
    const routes = new Set([...text.matchAll(/route="([^"]*)"/g)].map(([, route = ""]) => route));
    expect(routes.has("none")).toBe(true);
    expect(
      [...routes].filter(
        (route) => route !== "none" && !names.some((name) => name.endsWith(route)),
      ),
    ).toStrictEqual([]);
  });
});

describe("the id of a request", () => {
  test.each([
    ["given", "abc-123", /^abc-123$/],
    ["too long", "x".repeat(200), /^[0-9a-f-]{36}$/],
  ])("that is %s", async (_name, given, expected) => {
    const answer = await ask("/v1/user", "admin", { headers: { "x-request-id": given } });
    expect(answer.headers.get("x-request-id")).toMatch(expected);
  });

  test("stands in problems", async () => {
    const answer = await ask("/api/v2/nowhere", "admin", {
      headers: { "x-request-id": "find-me" },
    });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(await answer.json()).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
      request_id: "find-me",
    });
  });
});

interface Entry {
  readonly account: string;
  readonly action: string;
  readonly target: string;
  readonly status: number;
  readonly request_id: string;
}

async function entries(query = ""): Promise<readonly Entry[]> {
  const { items } = (await (await ask(`/api/v2/audit${query}`)).json()) as { items: Entry[] };
  return items;
}

describe("the audit log", () => {
  test("has everything that writes and everything that is refused, and nothing that reads", async () => {
    await ask("/v1/keys/audited", "admin", {
      method: "PUT",
      body: '{"value":"hush-hush"}',
      headers: { "x-request-id": "w1" },
    });
    await ask("/v1/keys/audited");
    await ask("/v1/actions", "none", { headers: { "x-request-id": "r1" } });
    await ask("/v1/actions?x-auth-token=leaked", "wrong", { headers: { "x-request-id": "r2" } });
    await ask(`/v1/apikeys/leaked${"0".repeat(42)}`, "wrong", {
      headers: { "x-request-id": "r3" },
    });
    const list = await entries("?limit=1000");
    const find = (id: string): Entry | undefined =>
      list.find(({ request_id }) => request_id === id);
    expect(find("w1")).toMatchObject({
      account: "chief",
      action: "/keys/:name",
      target: "/v1/keys/audited",
      status: 200,
    });
    expect(find("r1")).toMatchObject({ account: "nobody", status: 403 });
    expect(find("r2")).toMatchObject({ account: "anonymous", status: 401, target: "/v1/actions" });
    expect(
      list.filter(({ target, status }) => target === "/v1/keys/audited" && status === 200),
    ).toHaveLength(1);
    expect(JSON.stringify(list)).not.toMatch(/hush|leaked/);
    expect(find("r3")).toMatchObject({ action: "none", target: "/v1/apikeys/********" });
  });

  test("comes in pages", async () => {
    const all = (await entries("?limit=1000")).length;
    let seen = 0;
    let cursor = "";
    do {
      const answer = await ask(`/api/v2/audit?limit=2${cursor}`);
      const { items, next } = (await answer.json()) as { items: Entry[]; next: string | null };
      seen += items.length;
      cursor = next === null ? "" : `&cursor=${next}`;
    } while (cursor !== "");
    expect(seen).toBe(all);
  });

  test.each(["update audit set account = 'me'", "delete from audit", "truncate audit"])(
    "withstands: %s",
    async (statement) => {
      await entries();
      await expect(sql.raw(statement).execute(database.db)).rejects.toThrow("append-only");
    },
  );

  test("shows when somebody got around that", async () => {
    await ask("/v1/keys/one", "admin", { method: "PUT", body: '{"value":"1"}' });
    await ask("/v1/keys/two", "admin", { method: "PUT", body: '{"value":"2"}' });
    expect(await (await ask("/api/v2/audit/verify")).json()).toMatchObject({ intact: true });
    await database.db.transaction().execute(async (tx) => {
      await sql`alter table audit disable trigger audit_keep`.execute(tx);
      await sql`update audit set account = 'somebody else' where target = '/v1/keys/one'`.execute(
        tx,
      );
      await sql`alter table audit enable trigger audit_keep`.execute(tx);
    });
    expect(await (await ask("/api/v2/audit/verify")).json()).toMatchObject({ intact: false });
  });

  test("is for administrators", async () => {
    expect((await ask("/api/v2/audit", "none")).status).toBe(403);
  });
});

describe("the description of the API", () => {
  test("has every route, in OpenAPI 3.1, with what it asks for", async () => {
    const document = (await (await fetch(`${url}/api/v2/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; "x-permission": string }>>;
    };
    expect(document.openapi).toBe("3.1.0");
    const paths = new Set(names.map((path) => path.replaceAll(/[:*](\w+)/g, "{$1}")));
    expect(Object.keys(document.paths).toSorted()).toStrictEqual([...paths].toSorted());
    const operations = Object.values(document.paths).flatMap((each) => Object.values(each));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(document.paths["/v1/actions"]?.["get"]?.["x-permission"]).toBe("action_list");
  });

  test("is a page that loads nothing from elsewhere", async () => {
    const answer = await fetch(`${url}/api/v2/docs`);
    const page = await answer.text();
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page).toContain("/api/v2/role-assignments");
    expect(page).not.toMatch(/<script|src=|https?:/);
  });
});
