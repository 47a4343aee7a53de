import { afterAll, expect, test } from "vitest";
import { alertRunner } from "../../src/engine/alert-runner.ts";
import { Alerts } from "../../src/engine/alerts.ts";
import { AppError, type ErrorCode } from "../../src/model/errors.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { RunCall } from "../../src/runners/runner.ts";
import { openDatabase } from "../../src/store/database.ts";

// Nothing here asks it.
const database = openDatabase("postgres://127.0.0.1:1/none");
afterAll(() => database.close());

function never(): never {
  throw new Error("not asked here");
}

class Failing extends Alerts {
  readonly #code: ErrorCode;

  constructor(code: ErrorCode) {
    super(
      { database, timeZone: "UTC", parsers: never, policies: never, place: never, ingest: never },
      never,
    );
    this.#code = code;
  }

  override receive(): Promise<JsonObject> {
    return Promise.reject(new AppError(this.#code, ["so it is"]));
  }
}

const call: RunCall = {
  executionId: "1",
  attempt: 1,
  idempotencyKey: "1",
  action: {
    ref: "alert.receive",
    pack: "alert",
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

const close = (): Promise<void> => Promise.resolve();

test.each(["LEDGER_DOWN", "BUSY"] as const)(
  "%s is no end of a message: it is taken in again",
  async (code) => {
    const runner = alertRunner({ database, alerts: new Failing(code), close });
    await expect(runner.run(call)).rejects.toMatchObject({ code });
  },
);

test("a message that is refused ends as failed", async () => {
  const runner = alertRunner({ database, alerts: new Failing("PARAMETERS_INVALID"), close });
  expect(await runner.run(call)).toMatchObject({
    status: "failed",
    result: { code: "PARAMETERS_INVALID" },
  });
});
