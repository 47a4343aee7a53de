import { defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { toText } from "../lib/document.ts";
import { commentResult } from "../lib/issue.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly issue_key: string;
  readonly comment_text: string;
}

/** Answers {id, body, author, created_at}. A later attempt that finds its comment among the newest ones does not write it twice. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const { issue_key: key, comment_text: text } = parameters;
  const jira = await openJira(context.config, context);
  const written = toText(jira.richText(text));
  const newest = context.attempt > 1 ? await jira.comments(key, 20) : [];
  const found = newest.find(({ body }) => toText(body) === written);
  return commentResult(found ?? (await jira.comment(key, text)));
});
