import { expect, test } from "vitest";
import { announcementRunner } from "../../src/runners/announcement.ts";
import { describeRunner } from "../contracts/runner.ts";
import { runCall } from "../support/run-call.ts";

describeRunner(announcementRunner, {
  succeeds: { parameters: { experimental: true, route: "general", message: "hello" } },
  fails: { parameters: { experimental: false, route: "general" } },
  skip: {
    hangs: "it ends at once",
    floods: "it says nothing",
    family: "it starts nothing",
    gigabyte: "it says nothing",
    bytes: "it says nothing",
    secret: "what it announces is masked where the door tells it",
    worker: "it starts nothing",
  },
});

test("its result is what it announces", async () => {
  const given = { message: { text: "now" } };
  const call = runCall({ experimental: true, route: "ops", ...given });
  const outcome = await announcementRunner().run(call);
  expect(outcome).toEqual({ status: "succeeded", result: { output: given, ...given } });
});
