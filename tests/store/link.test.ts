/** Connections whose other end vanished without a word. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connect, type Database, isOutage, openDatabase } from "../../src/store/database.ts";
import { backendOf, endBackend } from "../../src/store/link.ts";
import { type Proxy, tcpProxy } from "../faults/tcp-proxy.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let ledger: TestDatabase;
let proxy: Proxy;
/** What reaches the same ledger through the proxy. */
let far: Database;

beforeAll(async () => {
  ledger = await testDatabase();
  const url = new URL(ledger.url);
  proxy = await tcpProxy(Number(url.port));
  url.port = String(proxy.port);
  far = openDatabase(url.href, { max: 2, application: "far" });
});
afterAll(async () => {
  await far.close();
  await proxy.close();
  await ledger[Symbol.asyncDispose]();
});

function ask(): Promise<unknown> {
  return sql`select 1`.execute(far.db);
}

test("a connection whose server forgot it is ended, and the next one works", async () => {
  await ask();
  proxy.set({ kind: "half-open" });
  const error = await ask().catch((reason: unknown) => reason);
  expect(isOutage(error)).toBe(true);
  expect(await ask()).toMatchObject({ rows: [{ "?column?": 1 }] });
});

test("a statement on which the server works is waited for", async () => {
  await expect(sql`select pg_sleep(7)`.execute(far.db)).resolves.toBeDefined();
});

test("what a connection held is free when it was ended at the server", async () => {
  const [held, other] = [await connect(ledger.url, "held"), await connect(ledger.url, "other")];
  await held.query("begin; select pg_advisory_xact_lock(4711)");
  const backend = backendOf(held);
  if (backend === undefined) throw new Error("it is not watched");
  await endBackend(other, { ...backend, since: "0" });
  const take = "select pg_try_advisory_lock(4711) as free";
  expect((await other.query(take)).rows).toEqual([{ free: false }]);
  await endBackend(other, backend);
  expect((await other.query(take)).rows).toEqual([{ free: true }]);
  await other.end();
});
