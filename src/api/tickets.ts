/** `/api/v2/tickets`: what is wanted of tickets, and what the trackers made of it. */
import type { Request, Response } from "express";
import type { Core } from "../engine/core.ts";
import { AppError } from "../model/errors.ts";
import { isObject } from "../model/json.ts";
import { retryWork, ticketDetail } from "../engine/ticket-actions.ts";
import { makeReport, rateTicket, type ReportWish } from "../engine/ticket-report.ts";
import { ticketKnown } from "../engine/ticket-call.ts";
import { presentTicketSettings } from "../engine/ticket-runner.ts";
import { ticketView } from "../engine/ticket-view.ts";
import { listBackends, unblockBackends } from "../store/ticket-backends.ts";
import { listTickets, type TicketRow } from "../store/tickets.ts";
import { reportPage } from "../tickets/plot.ts";
import type { Language } from "../tickets/settings.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { lentInventory } from "./inventory-view.ts";
import { flag, paging, text, wholeNumber } from "./query.ts";
import { Routes } from "./routes.ts";

/** Registered before `/tickets/:ref`. */
function reportRoutes(router: Routes, { core }: Pick<Door, "core">): void {
  const wish = async (request: Request, response: Response): Promise<ReportWish> => ({
    months: wholeNumber(request, "months") ?? 12,
    split: text(request.query["split"]),
    language: languageOf(request.query["language"], presentTicketSettings(core).language),
    timeZone: (await lentInventory(response)).timeZone,
  });
  const query = {
    months: "how many months, 12 unless said",
    split: "a day, as 2026-11-24: what was before it is compared with what came after",
    language: "ja or en",
  };
  router.about({ summary: "Effort, ratings, counts per category and month, with advice", query });
  router.get("/tickets/metrics", "ticket_list", async (request, response) => {
    response.json(await makeReport(core, await wish(request, response)));
  });
  router.about({ summary: "The same as a page with plots", query });
  router.get("/tickets/report", "ticket_list", async (request, response) => {
    const asked = await wish(request, response);
    const page = reportPage(await makeReport(core, asked), asked.language);
    response.type("html").send(page);
  });
}

function languageOf(value: unknown, otherwise: Language): Language {
  return value === "ja" || value === "en" ? value : otherwise;
}

/** By our id (tk12) or the tracker's key. Throws TICKET_UNKNOWN. */
export async function ticketNamed(core: Core, ref: string): Promise<TicketRow> {
  const row = await ticketKnown(core.database.db, presentTicketSettings(core).backend, ref);
  if (row === undefined) throw new AppError("TICKET_UNKNOWN", [ref]);
  return row;
}

export function ticketRoutes(door: Pick<Door, "core">): Routes {
  const router = new Routes();
  listRoute(router, door);
  reportRoutes(router, door);
  trackerRoutes(router, door);
  oneRoutes(router, door);
  return router;
}

function listRoute(router: Routes, { core }: Pick<Door, "core">): void {
  const { db } = core.database;
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
}

function trackerRoutes(router: Routes, { core }: Pick<Door, "core">): void {
  const { db } = core.database;
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
}

function oneRoutes(router: Routes, { core }: Pick<Door, "core">): void {
  const { db } = core.database;
  router.about({
    summary: "A ticket with its history, by our id (tk12) or the tracker's key",
  });
  router.get("/tickets/:ref", "ticket_view", async (request, response) => {
    response.json(await ticketDetail(db, await ticketNamed(core, request.params.ref)));
  });
  router.about({
    summary: "Say how the work at a ticket was: rating (1 to 5), minutes, comment",
    body: {
      type: "object",
      properties: {
        rating: { type: "integer" },
        minutes: { type: "integer" },
        comment: { type: "string" },
      },
    },
  });
  router.put("/tickets/:ref/rating", "ticket_modify", async (request, response) => {
    const ticket = await ticketNamed(core, request.params.ref);
    const said: unknown = request.body;
    const { name } = userOf(response);
    response.json(await rateTicket(core, ticket, name, isObject(said) ? said : {}));
  });
  router.about({ summary: "Try again what the tracker refused" });
  router.post("/tickets/:ref/retry", "ticket_modify", async (request, response) => {
    response.json(await retryWork(core, await ticketNamed(core, request.params.ref)));
  });
}
