/** Signing in and out over HTTP: lockout, proxies, cookies, secrets in the address. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { authenticator, ensureAdmin, hashPassword } from "../../src/engine/auth.ts";
import { LoginDesk } from "../../src/engine/login.ts";
import { LoginLimiter, mostFailures, windowMs } from "../../src/engine/login-limiter.ts";
import { RoleBook } from "../../src/engine/role-book.ts";
import { defaultSignIn, type SignInSettings } from "../../src/model/sign-in.ts";
import { addAccount } from "../../src/store/accounts.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { basic } from "../support/raicho.ts";

const password = "umbrella-and-sandals";
let database: TestDatabase;
let engine: TestEngine;
const closing: (() => void)[] = [];

function serve(settings: Partial<SignInSettings> = {}): string {
  const book = new RoleBook(database, () => ({
    roles: [],
    assignments: [],
    mappings: [{ group: "ops", roles: ["observer"] }],
    problems: [],
  }));
  const authenticate = authenticator(engine.core, book);
  const desk = new LoginDesk(database, book);
  const signIn = { ...defaultSignIn, ...settings };
  const door = { ...doorOf(engine.core), auth: true, book, desk, signIn, authenticate };
  const { server, url } = listenAt(makeDoor(door, emptyInventory));
  closing.push(() => server.close().closeAllConnections());
  return url;
}

function tokens(
  url: string,
  name: string,
  secret: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/auth/v1/tokens`, {
    method: "POST",
    headers: { ...basic(name, secret), ...headers },
  });
}

async function tokenOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { token: string }).token;
}

async function browserCookie(url: string): Promise<string> {
  const answer = await tokens(url, "admin", password, { "sec-fetch-site": "same-origin" });
  const [cookie = ""] = answer.headers.getSetCookie();
  expect(cookie).toMatch(/^auth-token=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Strict; Expires=/);
  return cookie.split(";")[0] ?? "";
}

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url);
  await ensureAdmin(database, password);
  const hash = await hashPassword(password);
  for (const name of ["mio", "rin", "locked"])
    await addAccount(database.db, { name, password: hash, roles: ["observer"] });
});

afterAll(async () => {
  for (const close of closing) close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

describe("the limiter", () => {
  test("holds a name up after as many failures as it has patience, and says for how long", () => {
    const limiter = new LoginLimiter();
    for (let count = 0; count < mostFailures.name; count++) {
      expect(limiter.wait("a", `10.0.0.${count}`, count)).toBe(0);
      limiter.tried("a", `10.0.0.${count}`, count);
    }
    const last = mostFailures.name - 1;
    expect(limiter.wait("a", "10.9.9.9", last)).toBe(windowMs / 1_000);
    expect(limiter.wait("a", "10.9.9.9", last + windowMs - 1_500)).toBe(2);
    expect(limiter.wait("a", "10.9.9.9", last + windowMs)).toBe(0);
    expect(limiter.wait("b", "10.9.9.9", last)).toBe(0);
  });

  test("holds an address up whatever names it tries, even between right ones", () => {
    const limiter = new LoginLimiter();
    for (let count = 0; count < mostFailures.address; count++) {
      limiter.tried(`n${count}`, "10.0.0.1", 0);
      limiter.tried("mine", "10.0.0.1", 0);
      limiter.succeeded("mine", "10.0.0.1");
    }
    expect(limiter.wait("n-new", "10.0.0.1", 1)).toBeGreaterThan(0);
  });

  test.each(["succeeded", "undecided"] as const)(
    "counts nobody for what %s, however often",
    (end) => {
      const limiter = new LoginLimiter();
      for (let count = 0; count < mostFailures.address * 3; count++) {
        limiter.tried("mine", "10.0.0.1", 0);
        limiter[end]("mine", "10.0.0.1");
      }
      expect(limiter.wait("mine", "10.0.0.1", 1)).toBe(0);
    },
  );

  test("forgets the oldest when there are too many", () => {
    const limiter = new LoginLimiter();
    for (let count = 0; count < mostFailures.name; count++) limiter.tried("old", "x", 0);
    for (let count = 0; count < 11_000; count++) limiter.tried(`n${count}`, `a${count}`, 1);
    expect(limiter.wait("old", "y", 2)).toBe(0);
  });
});

describe("signing in", () => {
  test("is held up after wrong passwords, for a right one too, and alike for nobody", async () => {
    const url = serve({ trustedProxies: ["127.0.0.1", "::1"] });
    for (const name of ["locked", "nobody-at-all"]) {
      const seen = new Set<string>();
      for (let count = 0; count < mostFailures.name; count++) {
        // Whoever invents addresses gains nothing: the name is counted.
        const answer = await tokens(url, name, "wrong", { "x-forwarded-for": `192.0.2.${count}` });
        seen.add(`${answer.status} ${await answer.text()}`);
      }
      expect([...seen]).toStrictEqual(['401 {"faultstring":"Invalid or missing credentials"}']);
      const held = await tokens(url, name, password);
      expect(held.status).toBe(429);
      expect(Number(held.headers.get("retry-after"))).toBeGreaterThan(windowMs / 1_000 - 60);
    }
  });

  test("from one address is held up too; what a client says about its address does not count", async () => {
    const url = serve({});
    for (let count = 0; count < mostFailures.address; count++)
      await tokens(url, `guess${count}`, "wrong", { "x-forwarded-for": `192.0.2.${count}` });
    expect((await tokens(url, "rin", password)).status).toBe(429);
  }, 60_000);

  test("writes no secret into the ledger", async () => {
    const url = serve();
    const token = await tokenOf(await tokens(url, "mio", password));
    const rows = await database.db.selectFrom("token").selectAll().execute();
    const accounts = await database.db.selectFrom("account").selectAll().execute();
    expect(JSON.stringify([rows, accounts])).not.toContain(token);
    expect(accounts.map((each) => each.password.split("$")[1])).toStrictEqual(
      accounts.map(() => "argon2id"),
    );
  });
});

describe("a trusted proxy", () => {
  const proxy = { userHeader: "remote-user", groupsHeader: "remote-groups" };
  const headers = { "remote-user": "akira", "remote-groups": "ops;others" };

  test("says who it let in, with groups", async () => {
    const url = serve({ proxy, trustedProxies: ["127.0.0.0/8", "::1"] });
    const answer = await fetch(`${url}/auth/v1/tokens`, { method: "POST", headers });
    expect(answer.status).toBe(201);
    const user = await fetch(`${url}/v1/user`, {
      headers: { "x-auth-token": await tokenOf(answer) },
    });
    expect(await user.json()).toMatchObject({ username: "akira", rbac: { roles: ["observer"] } });
  });

  test.each<[string, Partial<SignInSettings>]>([
    ["from elsewhere", { proxy, trustedProxies: ["192.0.2.1"] }],
    ["when it is not asked to", { trustedProxies: ["127.0.0.1"] }],
  ])("is not believed %s", async (_name, settings) => {
    const answer = await fetch(`${serve(settings)}/auth/v1/tokens`, { method: "POST", headers });
    expect(answer.status).toBe(401);
  });

  test("cannot name an account of our own", async () => {
    const url = serve({ proxy, trustedProxies: ["127.0.0.1"] });
    const answer = await fetch(`${url}/auth/v1/tokens`, {
      method: "POST",
      headers: { "remote-user": "admin" },
    });
    expect(answer.status).toBe(403);
  });
});

describe("a cookie", () => {
  test("is set for browsers only", async () => {
    const url = serve();
    expect((await tokens(url, "admin", password)).headers.getSetCookie()).toStrictEqual([]);
  });

  test.each<[string, Record<string, string>, number]>([
    ["a page of ours", { "sec-fetch-site": "same-origin" }, 200],
    ["an old browser's page of ours", { origin: "OURS" }, 200],
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, 403],
    ["another port of this machine", { "sec-fetch-site": "same-site" }, 403],
    ["an old browser's page of another site", { origin: "https://evil.example" }, 403],
    ["a page in a sandbox", { origin: "null" }, 403],
    ["nowhere", {}, 403],
  ])("lets write what comes from %s", async (_name, headers, status) => {
    const url = serve();
    const cookie = await browserCookie(url);
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === "OURS" ? url : value]),
    );
    const write = await fetch(`${url}/v1/keys/k`, {
      method: "PUT",
      headers: { cookie, "content-type": "application/json", ...sent },
      body: '{"value":"v"}',
    });
    expect(write.status).toBe(status);
    const read = await fetch(`${url}/v1/keys`, { headers: { cookie } });
    expect(read.status).toBe(200);
  });

  test("ends with signing out", async () => {
    const url = serve();
    const cookie = await browserCookie(url);
    const out = await fetch(`${url}/auth/v1/tokens`, {
      method: "DELETE",
      headers: { cookie, "sec-fetch-site": "same-origin" },
    });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toContain("Max-Age=0");
    await expect
      .poll(async () => (await fetch(`${url}/v1/user`, { headers: { cookie } })).status, {
        timeout: 30_000,
      })
      .toBe(401);
  });
});

describe("the page for signing in", () => {
  test.each<[string, Record<string, string>, number]>([
    ["itself", { "sec-fetch-site": "same-origin" }, 303],
    ["itself in an old browser", { origin: "OURS" }, 303],
    ["a program", {}, 303],
    ["a page of another site", { "sec-fetch-site": "cross-site" }, 403],
    ["such a page in an old browser", { origin: "https://evil.example" }, 403],
  ])("takes what is sent by %s", async (_name, headers, status) => {
    const url = serve();
    const sent = Object.entries(headers).map(([name, value]) => [
      name,
      value === "OURS" ? url : value,
    ]);
    const answer = await fetch(`${url}/forms/sign-in`, {
      method: "POST",
      headers: Object.fromEntries(sent) as Record<string, string>,
      body: new URLSearchParams({ name: "mio", password }),
      redirect: "manual",
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.getSetCookie()).toHaveLength(status === 303 ? 1 : 0);
  });
});

describe("asking whether a token is valid", () => {
  test("is for who has one", async () => {
    const url = serve();
    const token = await tokenOf(await tokens(url, "mio", password));
    const ask = (headers: Record<string, string>, asked: string): Promise<Response> =>
      fetch(`${url}/auth/v1/tokens/validate`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ token: asked }),
      });
    expect((await ask({}, token)).status).toBe(401);
    expect(await (await ask({ "x-auth-token": token }, token)).json()).toStrictEqual({
      valid: true,
    });
    expect(await (await ask({ "x-auth-token": token }, "wrong")).json()).toStrictEqual({
      valid: false,
    });
  });
});

describe("a secret in the address", () => {
  test.each([
    [true, 200],
    [false, 401],
  ])("accepted %s: %s", async (querySecrets, status) => {
    const url = serve({ querySecrets });
    const token = await tokenOf(await tokens(url, "mio", password));
    expect((await fetch(`${url}/v1/user?x-auth-token=${token}`)).status).toBe(status);
    expect((await fetch(`${url}/v1/user?st2-api-key=${token}`)).status).toBe(status);
  });
});

describe("users kept apart", () => {
  test("see only what they ran", async () => {
    const url = serve({ isolation: true });
    const headers = async (name: string): Promise<Record<string, string>> => ({
      "x-auth-token": await tokenOf(await tokens(url, name, password)),
      "content-type": "application/json",
    });
    const admin = await headers("admin");
    const mio = await headers("mio");
    const run = await fetch(`${url}/v1/executions`, {
      method: "POST",
      headers: admin,
      body: '{"action":"core.noop"}',
    });
    const { id } = (await run.json()) as { id: string };
    expect((await fetch(`${url}/v1/executions/${id}`, { headers: admin })).status).toBe(200);
    const other = await fetch(`${url}/v1/executions/${id}`, { headers: mio });
    expect(other.status).toBe(403);
    expect(await other.text()).toContain("permission isolation");
    expect(await (await fetch(`${url}/v1/executions`, { headers: mio })).json()).toStrictEqual([]);
  });
});
