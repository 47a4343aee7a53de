import { defineTracker } from "raicho/pack";
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

export const action = defineTracker<RedmineHttp, Config>(
  (context) => new RedmineHttp(context.config, context),
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
