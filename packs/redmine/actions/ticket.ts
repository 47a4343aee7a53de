import { ActionFailed, defineAction, type JsonObject } from "raicho/pack";
import { RedmineHttp, type Config } from "../lib/http.ts";
import { openTicket } from "../lib/open.ts";
import { changedTickets, getTicket } from "../lib/read.ts";
import {
  assignTicket,
  attachToTicket,
  commentTicket,
  linkTickets,
  moveTicket,
  updateTicket,
} from "../lib/change.ts";

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

/** Failures say their `reason`. */
export const action = defineAction<Parameters, Config>(async ({ verb, input }, context) => {
  const found = Object.entries(verbs).find(([name]) => name === verb)?.[1];
  if (found === undefined)
    throw new ActionFailed({ error: `redmine has no verb "${verb}"`, reason: "refused" });
  return await found(new RedmineHttp(context.config, context), input);
});
