/** `/api/v2/tickets`: what is wanted of tickets, and what the trackers made of it. */
import { AppError } from "../model/errors.ts";
import { retryWork, ticketDetail } from "../engine/ticket-actions.ts";
import { ticketKnown } from "../engine/ticket-call.ts";
import { presentTicketSettings } from "../engine/ticket-runner.ts";
import { ticketView } from "../engine/ticket-view.ts";
import { listBackends, unblockBackends } from "../store/ticket-backends.ts";
import { listTickets, type TicketRow } from "../store/tickets.ts";
import type { Door } from "./door.ts";
import { flag, paging, text } from "./query.ts";
import { Routes } from "./routes.ts";

export function ticketRoutes({ core }: Pick<Door, "core">): Routes {
  const { db } = core.database;
  const router = new Routes();
  const named = async (ref: string): Promise<TicketRow> => {
    const row = await ticketKnown(db, presentTicketSettings(core).backend, ref);
    if (row === undefined) throw new AppError("TICKET_UNKNOWN", [ref]);
    return row;
  };
  router.about({
    summary: "Tickets, the newest first",
    query: {
      state: "intent, created, confirmed or refused",
      stage: "open, in_progress, fixed or closed",
      kind: "what it is for: alert, digest, request …",
      category: "only this category",
      assignee: "only this person, in the tracker's words",
      key: "only this idempotency key",
      waiting: "true: only those with something left to tell the tracker",
      limit: "rows of a page",
      offset: "rows to leave out",
    },
  });
  router.get("/tickets", "ticket_list", async (request, response) => {
    const { state, stage, kind, category, assignee, key } = request.query;
    const filter = {
      state: text(state),
      stage: text(stage),
      kind: text(kind),
      category: text(category),
      assignee: text(assignee),
      key: text(key),
      waiting: flag(request, "waiting") ?? false,
    };
    const rows = await listTickets(db, filter, paging(request));
    response.json({ items: rows.map(ticketView) });
  });
  router.about({ summary: "How the trackers are" });
  router.get("/tickets/trackers", "ticket_list", async (_request, response) => {
    response.json({ items: await listBackends(db) });
  });
  router.about({ summary: "Ask trackers that were away at once" });
  router.post("/tickets/trackers/try", "ticket_modify", async (_request, response) => {
    await unblockBackends(db);
    core.bells.ring({ kind: "ticket", id: "all" });
    response.json({ tried: true });
  });
  router.about({
    summary: "A ticket with its history, by our id (tk12) or the tracker's key",
  });
  router.get("/tickets/:ref", "ticket_view", async (request, response) => {
    response.json(await ticketDetail(db, await named(request.params.ref)));
  });
  router.about({ summary: "Try again what the tracker refused" });
  router.post("/tickets/:ref/retry", "ticket_modify", async (request, response) => {
    response.json(await retryWork(core, await named(request.params.ref)));
  });
  return router;
}
