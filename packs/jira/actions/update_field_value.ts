import { defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { fieldValue } from "../lib/fields.ts";
import { issueResult } from "../lib/issue.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly issue_key: string;
  readonly field: string;
  readonly value: string;
  readonly notify: boolean | null;
}

/** Answers the issue. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const { issue_key: key, notify } = parameters;
  const jira = await openJira(context.config, context);
  const { id, value } = await fieldValue(jira, key, parameters.field, parameters.value);
  await jira.edit(key, { fields: { [id]: value } }, notify !== false);
  return issueResult(jira, await jira.get(key));
});
