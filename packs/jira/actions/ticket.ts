import { ActionFailed, defineAction, type JsonObject } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import type { Config } from "../lib/settings.ts";
import { openTicket } from "../lib/ticket-open.ts";
import { changedTickets, getTicket } from "../lib/ticket-read.ts";
import {
  assignTicket,
  attachToTicket,
  commentTicket,
  linkTickets,
  moveTicket,
  updateTicket,
} from "../lib/ticket-change.ts";

interface Parameters {
  readonly verb: string;
  readonly input: JsonObject;
}

const verbs = {
  open: openTicket,
  get: getTicket,
  changed: changedTickets,
  comment: commentTicket,
  attach: attachToTicket,
  transition: moveTicket,
  assign: assignTicket,
  update: updateTicket,
  link: linkTickets,
} as const;

/** Never waits because JIRA is busy: who asks has others to ask for. Failures say their `reason`. */
export const action = defineAction<Parameters, Config>(async ({ verb, input }, context) => {
  const found = Object.entries(verbs).find(([name]) => name === verb)?.[1];
  if (found === undefined)
    throw new ActionFailed({ error: `jira has no verb "${verb}"`, reason: "refused" });
  const jira = await openJira({ ...context.config, max_wait: 0 }, context);
  return await found(jira, input, context);
});
