import { defineAction } from "raicho/pack";
import { mustFindUser } from "../lib/assignee.ts";
import { openJira } from "../lib/client.ts";
import { object } from "../lib/json.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly issue: string;
  readonly assignee: string;
}

/** Answers {issue_key, assignee, changed}; `assignee` is JIRA's id of the user. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const jira = await openJira(context.config, context);
  const issue = await jira.get(parameters.issue);
  const fields = object(issue["fields"]);
  const project = String(object(fields["project"])["key"]);
  const user = await mustFindUser(jira, project, parameters.assignee);
  const now = object(fields["assignee"])[jira.cloud ? "accountId" : "name"];
  if (now !== user.id) await jira.assign(parameters.issue, user.field);
  return { issue_key: issue["key"], assignee: user.id, changed: now !== user.id };
});
