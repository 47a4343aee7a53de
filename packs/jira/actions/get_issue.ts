import { defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { issueResult, type Includes } from "../lib/issue.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters extends Includes {
  readonly issue_key: string;
}

export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const jira = await openJira(context.config, context);
  return issueResult(jira, await jira.get(parameters.issue_key), parameters);
});
