import { expect, test } from "vitest";
import { noopRunner } from "../../src/runners/noop.ts";
import { describeRunner } from "../contracts/runner.ts";
import { runCall } from "../support/run-call.ts";

describeRunner(noopRunner, {
  succeeds: { parameters: {} },
  skip: {
    fails: "it always succeeds",
    hangs: "it ends at once",
    floods: "it says nothing",
    family: "it starts nothing",
    gigabyte: "it says nothing",
    bytes: "it says nothing",
    secret: "it says nothing",
    worker: "it starts nothing",
  },
});

test("answers as StackStorm's noop", async () => {
  expect((await noopRunner().run(runCall())).result).toEqual({
    failed: false,
    succeeded: true,
    return_code: 0,
  });
});
