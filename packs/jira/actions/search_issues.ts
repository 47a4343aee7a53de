import { defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { issueResult, type Includes } from "../lib/issue.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters extends Includes {
  readonly query: string;
  readonly start_at: number;
  readonly max_results: number;
}

/** Answers a list of issues. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const jira = await openJira(context.config, context);
  const { query, start_at: from, max_results: count } = parameters;
  const issues = await jira.search(query, from, count);
  return issues.map((issue) => issueResult(jira, issue, parameters));
});
