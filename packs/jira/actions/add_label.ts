import { ActionFailed, defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { list, object } from "../lib/json.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly issue_key: string;
  readonly label: string;
}

/** Answers {issue_key, labels, changed}. */
export const action = defineAction<Parameters, Config>(
  async ({ issue_key: key, label }, context) => {
    if (!/^\S{1,255}$/.test(label))
      throw new ActionFailed(`jira: a label is 1 to 255 characters without spaces, not "${label}"`);
    const jira = await openJira(context.config, context);
    const labels = list(object((await jira.get(key))["fields"])["labels"]);
    const changed = !labels.includes(label);
    if (changed) await jira.edit(key, { update: { labels: [{ add: label }] } });
    return { issue_key: key, labels: changed ? [...labels, label] : labels, changed };
  },
);
