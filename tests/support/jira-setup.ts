import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import { startJiraFake, type JiraFake } from "./jira-fake.ts";
import { jiraSchemaExists } from "./jira-schema.ts";
import { shippedPackActions, type ShippedPacks } from "./shipped-packs.ts";

type More = Parameters<ShippedPacks["run"]>[2];

/** What a test of the pack jira needs: a fresh fake before every test, and the pack's actions configured for it. */
export interface JiraSetup {
  readonly fake: () => JiraFake;
  readonly packs: () => ShippedPacks;
  readonly config: () => JsonObject;
  readonly run: (action: string, parameters?: JsonObject, more?: More) => Promise<Outcome>;
  /** The result of an action that must succeed. */
  readonly result: (action: string, parameters?: JsonObject, more?: More) => Promise<JsonObject>;
  readonly create: (parameters?: JsonObject, more?: More) => Promise<JsonObject>;
}

if (!jiraSchemaExists)
  process.stderr.write("jira: ../shared/openapi is absent, the fake judges fields only\n");

/** Full of what Jinja, YAQL, wiki markup, JSON, HTML and shells would take for theirs. */
export const nasty = `障害 "q" 'q' {{ x }} <% y %> {code}c{code} *b* [l|http://x] $(id) \`id\` \\ <b>&amp; 𠮷`;

/** A failed outcome whose error holds that text. */
export const failed = (text: string) => ({
  status: "failed",
  result: { error: expect.stringContaining(text) as string },
});

export function useJira(deployment: "cloud" | "dc"): JiraSetup {
  let fake: JiraFake;
  let packs: ShippedPacks;
  let config: JsonObject;
  beforeAll(async () => {
    packs = await shippedPackActions();
  });
  afterAll(() => packs.close());
  beforeEach(async () => {
    fake = await startJiraFake({ deployment });
    const { url, user, token } = fake;
    const login =
      deployment === "cloud"
        ? { auth_method: "api_token", username: user }
        : { auth_method: "pat" };
    config = { url: `${url}/`, ...login, token, project: "OPS", deployment: "auto", max_wait: 5 };
  });
  afterEach(() => fake.stop());

  const run: JiraSetup["run"] = (action, parameters = {}, more = {}) =>
    packs.run(`jira.${action}`, parameters, { config, ...more });
  const result: JiraSetup["result"] = async (action, parameters, more) => {
    const outcome = await run(action, parameters, more);
    if (outcome.status !== "succeeded") throw new Error(JSON.stringify(outcome));
    return outcome.result as JsonObject;
  };
  return {
    fake: () => fake,
    packs: () => packs,
    config: () => config,
    run,
    result,
    create: (parameters = {}, more = {}) =>
      result("create_issue", { summary: "web01 is down", ...parameters }, more),
  };
}
