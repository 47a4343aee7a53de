/** An outage of the database is no end of an action that only needed the database. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endInLedger, whenBack } from "../../src/engine/in-ledger.ts";
import { heartbeat } from "../../src/engine/hear.ts";
import { request } from "../../src/engine/request.ts";
import { runbookRunner, type RunbookRunnerParts } from "../../src/engine/runbook-runner.ts";
import { AppError } from "../../src/model/errors.ts";
import type { RunCall } from "../../src/runners/runner.ts";
import { migrate, openDatabase } from "../../src/store/database.ts";
import { type EmbeddedPostgres, startPostgres } from "../../src/store/postgres.ts";
import { testEngine, testRunner } from "../support/engine.ts";
import { removeHome, temporaryHome } from "../support/raicho.ts";

function ending(error: Error): ReturnType<typeof endInLedger> {
  return endInLedger(() => {
    throw error;
  });
}

describe("how it ends", () => {
  test("what is refused is a failure, an outage and a surprise are none", async () => {
    expect(await ending(new AppError("PARAMETERS_INVALID", ["n"]))).toMatchObject({
      status: "failed",
      result: { code: "PARAMETERS_INVALID" },
    });
    await expect(ending(new AppError("LEDGER_DOWN", ["x"]))).rejects.toThrow(
      "The database cannot be reached",
    );
    await expect(ending(new Error("surprise"))).rejects.toThrow("surprise");
  });

  test("what can wait is asked again until the ledger answers", async () => {
    const answers = [new AppError("LEDGER_DOWN", ["x"]), new AppError("BUSY", ["x"])];
    const ask = (): Promise<string> => {
      const refusal = answers.shift();
      return refusal === undefined ? Promise.resolve("here") : Promise.reject(refusal);
    };
    expect(await whenBack(ask)).toBe("here");
    await expect(whenBack(() => Promise.reject(new Error("surprise")))).rejects.toThrow("surprise");
  });
});

const call: RunCall = {
  executionId: "1",
  attempt: 1,
  idempotencyKey: "1",
  action: {
    ref: "runbook.lint",
    pack: "runbook",
    entryPath: "",
    packPath: "",
    parameters: {},
    onWorkerLost: "rerun",
  },
  parameters: {},
  config: {},
  context: {},
  environment: {},
  timeoutSeconds: undefined,
  signal: new AbortController().signal,
  emit: () => undefined,
};

test.each(["LEDGER_DOWN", "BUSY"] as const)("%s is no end of work with runbooks", async (code) => {
  const refuse = () => Promise.reject(new AppError(code, ["so it is"]));
  const parts = { book: { edition: refuse, settings: refuse } } as unknown as RunbookRunnerParts;
  const runner = runbookRunner(() => parts);
  expect(runner.inLedger).toBe(true);
  await expect(runner.run(call)).rejects.toMatchObject({ code });
});

describe("with a database that is stopped meanwhile", () => {
  const home = temporaryHome();
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    server = await startPostgres({ home });
    const database = openDatabase(server.url);
    await migrate(database);
    await database.close();
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    removeHome(home);
  });

  const port = (): number => Number(new URL(server.url).port);

  /** Stops it; it is back half a second later. */
  async function interrupt(): Promise<void> {
    const at = port();
    await server.stop();
    setTimeout(() => void startPostgres({ home, port: at }).then((again) => (server = again)), 500);
  }

  const actions = {
    "test.act": { runner: "test" },
    "test.told": { runner: "noop", parameters: { n: { default: "{{ st2kv.system.n }}" } } },
  };
  const workflows = { "test.w": "version: 1.0\ntasks:\n  a: { action: test.told }\n" };

  test("an action that works in the ledger runs again", async () => {
    const attempts: number[] = [];
    const runner = testRunner(async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) await interrupt();
      return endInLedger(() => engine.database.db.selectFrom("process").select("id").execute());
    });
    await using engine = testEngine(server.url, {
      content: { actions },
      runners: [{ ...runner, inLedger: true }],
    });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.act", parameters: {}, context: {} });
    const ended = await whenEnded(engine, id);
    expect(ended.status).toBe("succeeded");
    expect(attempts[0]).toBe(1);
    expect(attempts.length).toBeGreaterThan(1);
  }, 60_000);

  test("a task that asks the datastore waits for it", async () => {
    const engine = testEngine(server.url, { content: { actions, workflows } });
    let asked = 0;
    Object.assign(engine.core, {
      answer: async () => {
        asked += 1;
        if (asked === 1) await interrupt();
        await engine.database.db.selectFrom("process").select("id").execute();
        return "7";
      },
    });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    expect((await whenEnded(engine, id)).status).toBe("succeeded");
    expect(asked).toBeGreaterThan(1);
    await engine[Symbol.asyncDispose]();
  }, 60_000);
});

/** As `ended`, over an outage. */
function whenEnded(
  engine: ReturnType<typeof testEngine>,
  id: string,
): ReturnType<typeof engine.ended> {
  return whenBack(() => engine.ended(id));
}
