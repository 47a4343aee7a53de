import { expect, test } from "vitest";
import { authenticator } from "../../src/engine/auth.ts";
import { heartbeat } from "../../src/engine/hear.ts";
import { request } from "../../src/engine/request.ts";
import { addAccount } from "../../src/store/accounts.ts";
import { returnExecution } from "../../src/store/sweep.ts";
import { emptyBook } from "../support/door.ts";
import { testEngine, testRunner } from "../support/engine.ts";
import { testDatabase } from "../support/postgres.ts";

const content = { actions: { "test.act": { runner: "test" } } };

test("the token of a run is good while it runs, in the name of its user, and for nobody else's run", async () => {
  await using database = await testDatabase();
  const seen = Promise.withResolvers<string>();
  const go = Promise.withResolvers<void>();
  const runner = testRunner(async ({ environment }) => {
    seen.resolve(environment["ST2_ACTION_AUTH_TOKEN"] ?? "");
    await go.promise;
    return { status: "succeeded", result: {} };
  });
  await using engine = testEngine(database.url, { content, runners: [runner] });
  await heartbeat(engine.core, "worker");
  await addAccount(database.db, { name: "mia", password: "!", roles: ["observer"] });
  const who = authenticator(engine.core, emptyBook(database));
  const id = await request(engine.core, {
    action: "test.act",
    parameters: {},
    context: { user: "mia" },
  });
  const token = await seen.promise;
  const run = { id, context: { user: "mia" } };
  expect(await who(token)).toMatchObject({ name: "mia", roles: ["observer"], run });
  expect(await who(token.replace(id, "0".repeat(24)))).toBeUndefined();
  expect(await who(`${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`)).toBeUndefined();
  go.resolve();
  await engine.ended(id);
  expect(await who(token)).toBeUndefined();
  expect(await database.db.selectFrom("token").selectAll().execute()).toEqual([]);
});

test("who lost its claim has lost its token; rules act in the name of the system user", async () => {
  await using database = await testDatabase();
  const tokens: string[] = [];
  const go = Promise.withResolvers<void>();
  const runner = testRunner(async ({ environment }) => {
    tokens.push(environment["ST2_ACTION_AUTH_TOKEN"] ?? "");
    await go.promise;
    return { status: "succeeded", result: {} };
  });
  await using engine = testEngine(database.url, { content, runners: [runner] });
  await heartbeat(engine.core, "worker");
  const id = await request(engine.core, { action: "test.act", parameters: {}, context: {} });
  await expect.poll(() => tokens.length).toBe(1);
  const who = authenticator(engine.core, emptyBook(database));
  expect(await who(tokens[0] ?? "")).toMatchObject({ name: "stanley", roles: ["admin"] });
  await returnExecution(database.db, id);
  expect(await who(tokens[0] ?? "")).toBeUndefined();
  await engine.core.queue.ring([{ name: "run", execution: id, attempt: 2 }]);
  await expect.poll(() => tokens.length).toBe(2);
  expect(await who(tokens[1] ?? "")).toMatchObject({ name: "stanley" });
  go.resolve();
  await engine.ended(id);
});
