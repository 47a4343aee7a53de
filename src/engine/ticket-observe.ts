/** Takes in how a ticket stands in its tracker. */
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  changeTicket,
  noteTicket,
  ticketById,
  type TicketRow,
  type TicketUpdate,
} from "../store/tickets.ts";
import { observed, timesOf, type Observed } from "../tickets/observed.ts";
import { text, type TicketSettings } from "../tickets/settings.ts";
import type { Core } from "./core.ts";
import { judgeClosing, tellDecided, toldTicket } from "./ticket-review.ts";

/** `seen` = what a backend's `get` answers. The ticket is held by the caller. */
export async function observeTicket(
  core: Core,
  settings: TicketSettings,
  ticket: TicketRow,
  seen: JsonObject,
): Promise<void> {
  const statuses = settings.defaults["statuses"];
  const now = new Date();
  const found = observed(seen, isObject(statuses) ? statuses : {});
  const { status, stage, moves } = found;
  const events = await core.database.transaction(async (tx) => {
    const written = await changeTicket(tx, ticket, changeOf(found, ticket, now));
    const known = stage === ticket.stage && ticket.status !== null;
    if (!written || known) return [];
    const actor = moves.at(-1)?.by ?? null;
    await noteTicket(tx, ticket.id, { what: stage, actor, detail: { status } });
    const after = stage === "closed" ? await ticketById(tx, ticket.id) : undefined;
    const moved = stage === ticket.stage ? [] : [movedEvent(ticket, found, now)];
    if (after === undefined) return moved;
    // Somebody else's ticket was opened by them, not by us.
    const own = after.kind === "adopted" ? null : (text(seen["reporter"]) ?? null);
    const wrong = await judgeClosing(tx, settings, { row: after, own, webUrl: core.webUrl });
    return wrong === undefined ? moved : [...moved, wrong];
  });
  await tellDecided(core, events);
}

function movedEvent(
  ticket: TicketRow,
  { stage, status, moves, assignee }: Observed,
  now: Date,
): NewEvent {
  const last = moves.at(-1);
  const at = (last?.at ?? now).toISOString();
  return {
    trigger: "ticket.moved",
    source: "ticket",
    dedupeKey: `ticket.moved:${ticket.id}:${stage}:${at}`,
    payload: {
      ...toldTicket(ticket),
      assignee,
      stage,
      previous_stage: ticket.stage,
      status,
      by: last?.by ?? null,
      kind: ticket.kind,
    },
  };
}

function changeOf(found: Observed, ticket: TicketRow, now: Date): TicketUpdate {
  const { status, stage, assignee, url, summary } = found;
  return {
    state: "confirmed",
    confirmed_at: ticket.confirmed_at ?? now,
    url: url ?? ticket.url,
    summary: summary ?? ticket.summary,
    assignee,
    status,
    stage,
    ...timesOf(found, ticket, now),
    error: null,
    seen_at: now,
  };
}
