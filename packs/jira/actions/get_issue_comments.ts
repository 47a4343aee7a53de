import { defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { commentResult } from "../lib/issue.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly issue_key: string;
  readonly max_results: number;
}

export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const jira = await openJira(context.config, context);
  const comments = await jira.comments(parameters.issue_key, parameters.max_results);
  return comments.map(commentResult);
});
