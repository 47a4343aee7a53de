import { ActionFailed, type JsonObject } from "raicho/pack";
import type { Jira } from "./client.ts";
import { object, textOf } from "./json.ts";

/**
 * Takes the transition of that id or name, or the one that leads to the status of that name. Answers {issue_key, status, changed}; an
 * issue that is there already is not changed. `repeated`: an earlier attempt may have taken it, so that it is not on offer any more.
 */
export async function takeTransition(
  jira: Jira,
  issueKey: string,
  wanted: string,
  { fields, repeated }: { readonly fields: JsonObject | null; readonly repeated: boolean },
): Promise<JsonObject> {
  const available = await jira.transitions(issueKey);
  const found =
    available.find(({ id }) => id === wanted) ??
    available.find(({ name }) => same(name, wanted)) ??
    available.find(({ to }) => same(to, wanted));
  if (found) await jira.transition(issueKey, found.id, fields);
  const issue = await jira.get(issueKey);
  const status = textOf(object(object(issue["fields"])["status"])["name"]) ?? "";
  if (!found && !repeated && !same(status, wanted)) {
    const names = available.map(({ id, name, to }) => `${id} "${name}" (to ${to})`).join(", ");
    throw new ActionFailed(
      `jira: ${issueKey} in status "${status}" has no transition "${wanted}"; there are: ${names}`,
    );
  }
  return {
    issue_key: issueKey,
    status,
    transition: found?.name ?? null,
    changed: found !== undefined,
  };
}

function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
