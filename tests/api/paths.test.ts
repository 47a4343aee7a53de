/** Ways of writing a path that slipped past the guards of other servers: appended words, encoded slashes, capitals, dots. Whoever is not known, or has no
 * role, gets no further with them than with the path itself. */
import { Agent, request as ask } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { declaredRoutes } from "../../src/api/app.ts";
import type { DeclaredRoute } from "../../src/api/routes.ts";
import type { User } from "../../src/engine/auth.ts";
import { doorOf, emptyInventory, testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;
let routes: readonly DeclaredRoute[];
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const users = new Map<string, User>([["nothing", { name: "nobody", roles: [] }]]);

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url, {});
  door = testDoor(engine.core, users);
  routes = declaredRoutes(doorOf(engine.core, users), emptyInventory);
});

afterAll(async () => {
  agent.destroy();
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** As it is written: `fetch` would tidy the path up. Streams are not read. */
function status(method: string, path: string, token: string | undefined): Promise<number> {
  const { hostname, port } = new URL(door.url);
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { "x-auth-token": token }),
    };
    const sent = ask({ agent, hostname, port, method, path, headers }, (answer) => {
      // Pages send who is not known to where people sign in.
      const asked = String(answer.headers.location).startsWith("/forms/sign-in?");
      resolve(answer.statusCode === 303 && asked ? 401 : (answer.statusCode ?? 0));
      if (String(answer.headers["content-type"]).startsWith("text/event-stream")) answer.destroy();
      else answer.resume();
    });
    sent.on("error", reject);
    sent.end(method === "GET" ? undefined : "{}");
  });
}

const ways: readonly (readonly [name: string, write: (path: string) => string])[] = [
  ["as it is", (path) => path],
  ["with a slash at its end", (path) => `${path}/`],
  ["with double slashes", (path) => path.replaceAll("/", "//")],
  ["with a second slash at its beginning", (path) => `/${path}`],
  ["in capitals", (path) => path.toUpperCase()],
  ["with a dot at its end", (path) => `${path}.`],
  ["with a matrix parameter", (path) => `${path};x=1`],
  ["with an encoded slash at its end", (path) => `${path}%2f`],
  ["with encoded slashes", (path) => `/${path.slice(1).replaceAll("/", "%2F")}`],
  [
    "with an encoded letter",
    (path) =>
      path
        .replace(/[a-z](?=[^a-z]*$)/, "%$&")
        .replace(/%([a-z])/, (_, c: string) => `%${c.charCodeAt(0).toString(16)}`),
  ],
  ["by way of what is for anyone", (path) => `/livez/..${path}`],
  ["by way of what is for anyone, encoded", (path) => `/livez/%2e%2e${path}`],
  ["with what is for anyone at its end", (path) => `${path}/livez`],
  ["with a suffix that servers let through", (path) => `${path}/configs`],
  ["with an encoded null", (path) => `${path}%00`],
  ["with a question of a login", (path) => `${path}?x=/auth/v1/tokens`],
  ["with a suffix of a file", (path) => `${path}.json`],
  ["with an encoded question mark", (path) => `${path}%3f/metrics`],
];

/** Only what is done once somebody is known counts as let in. */
const refused = new Set([400, 401, 403, 404, 405, 415, 422]);

describe.each(ways)("a path written %s", (_name, write) => {
  test("opens nothing to whom the route does not", async () => {
    const opened: string[] = [];
    for (const { method, path, access } of routes) {
      if (access === "anyone" || access === "signed in") continue;
      const written = write(path.replaceAll(/[:*](\w+)/g, "none"));
      for (const token of [undefined, "nothing"]) {
        const answered = await status(method.toUpperCase(), written, token);
        if (!refused.has(answered)) opened.push(`${method} ${written} ${token ?? ""}: ${answered}`);
      }
    }
    expect(opened).toStrictEqual([]);
  }, 60_000);
});
