/** Action-chains for tests: actions that answer what they got, and a look at results. */
import { request } from "../../src/engine/request.ts";
import { isObject, type JsonObject } from "../../src/model/json.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import type { RunCall } from "../../src/runners/runner.ts";
import type { Database } from "../../src/store/database.ts";
import type { TestContent, TestEngine } from "../support/engine.ts";

const parameters = {
  text: { type: "string" },
  list: { type: "array" },
  object: { type: "object" },
  number: { type: "integer" },
} as const;

export function content(chain: string, more: TestContent["actions"] = {}): TestContent {
  return {
    actions: {
      "test.act": { runner: "test", parameters },
      "test.ask": { runner: "inquirer", parameters: {} },
      "test.chain": { runner: "action-chain", parameters: { host: { type: "string" } } },
      ...more,
    },
    workflows: { "test.chain": chain },
  };
}

/** Succeeds with its parameters; with `text: fail` it fails. */
export function act(call: RunCall): Promise<Outcome> {
  const failed = call.parameters["text"] === "fail";
  return Promise.resolve({
    status: failed ? "failed" : "succeeded",
    result: { stdout: call.parameters["text"], given: call.parameters },
  });
}

export interface Task {
  readonly name: string;
  readonly state: string;
  readonly result: unknown;
  readonly execution_id: string | null;
}

export function tasksOf(result: unknown): readonly Task[] {
  return isObject(result) && Array.isArray(result["tasks"]) ? result["tasks"] : [];
}

export function run(engine: TestEngine, given: JsonObject = {}): Promise<string> {
  return request(engine.core, {
    action: "test.chain",
    parameters: given,
    context: { user: "admin" },
  });
}

export const children = (database: Database, parent: string) =>
  database.db
    .selectFrom("execution")
    .selectAll()
    .where("parent", "=", parent)
    .orderBy("id")
    .execute();
