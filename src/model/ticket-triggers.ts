/** Trigger types of the business calendar and of tickets. */
import { builtin, text } from "./builtin-trigger.ts";

const ticket = {
  ticket: { type: "string", description: "Our id, such as tk12." },
  key: { description: "The tracker's key." },
  summary: text,
  assignee: { description: "In the tracker's words, or null." },
  leader: { description: "In the tracker's words, or null." },
  url: { description: "Where it is shown, or null." },
} as const;

export const ticketTriggerTypes = [
  builtin("calendar", "business_tick", "A business day begins, at the time of the calendar.", {
    payload: {
      date: { type: "string", description: "The business day, as 2026-11-24." },
      kind: { type: "string", description: "working_day or special_working_day." },
      window_from: { type: "string", description: "Beginning of the business day before." },
      window_to: { type: "string", description: "Beginning of this day." },
    },
  }),
  builtin("ticket", "opened", "A ticket of the kinds that `knowledge` names is in its tracker.", {
    payload: { ...ticket, kind: { type: "string", description: "alert, digest …" } },
  }),
  builtin("ticket", "moved", "Somebody moved a ticket in its tracker.", {
    payload: {
      ...ticket,
      stage: { type: "string", description: "open, in_progress, fixed or closed." },
      previous_stage: text,
      status: { type: "string", description: "In the tracker's words." },
      by: { description: "Who did it, in the tracker's words, or null." },
      kind: { type: "string", description: "alert, digest, request …" },
    },
  }),
  builtin("ticket", "closed_wrongly", "A ticket was closed by somebody who may not close it.", {
    payload: {
      ...ticket,
      closed_by: { description: "In the tracker's words." },
      reason: { type: "string", description: "fixer, or not the leader." },
      done: { type: "string", description: "refused: it was sent back; flagged: it stays." },
    },
  }),
  builtin("ticket", "reminder", "A ticket waits for too long.", {
    payload: {
      ...ticket,
      waits_for: { type: "string", description: "start or review." },
      hours: { type: "number", description: "Since when." },
    },
  }),
];
