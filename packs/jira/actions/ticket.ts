import { defineTracker } from "raicho/pack";
import { openJira, type Jira } from "../lib/client.ts";
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

/** Never waits because JIRA is busy: who asks has others to ask for. */
export const action = defineTracker<Jira, Config>(
  (context) => openJira({ ...context.config, max_wait: 0 }, context),
  {
    open: openTicket,
    get: getTicket,
    changed: changedTickets,
    comment: commentTicket,
    attach: attachToTicket,
    transition: moveTicket,
    assign: assignTicket,
    update: updateTicket,
    link: linkTickets,
  },
);
