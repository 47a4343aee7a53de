/** Takes in how a ticket stands in its tracker. */
import { isObject, type JsonObject } from "../model/json.ts";
import { changeTicket, noteTicket, type TicketRow } from "../store/tickets.ts";
import { observed, timesOf } from "../tickets/observed.ts";
import type { TicketSettings } from "../tickets/settings.ts";
import type { Core } from "./core.ts";

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
  const { status, stage, assignee, url, summary, moves } = found;
  await core.database.transaction(async (tx) => {
    const written = await changeTicket(tx, ticket, {
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
    });
    const known = stage === ticket.stage && ticket.status !== null;
    if (!written || known) return;
    await noteTicket(tx, ticket.id, {
      what: stage,
      actor: moves.at(-1)?.by ?? null,
      detail: { status },
    });
  });
}
