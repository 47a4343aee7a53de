/** Ratings of finished tickets, and the report made of them. */
import { isDay } from "../model/day.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { measuredTickets, ratingsSince, saveRating } from "../store/ticket-ratings.ts";
import { noteTicket, type TicketRow } from "../store/tickets.ts";
import { dayAt, instantAt } from "../tickets/calendar.ts";
import { lastMonths, ticketReport, type TicketReport } from "../tickets/metrics.ts";
import type { Core } from "./core.ts";
import { objectIn, text, ticketMeant } from "./ticket-call.ts";
import type { TicketVerb } from "./ticket-actions.ts";
import { presentCalendar } from "./business-calendar.ts";
import { ticketRef } from "./ticket-view.ts";
import type { Language } from "../tickets/settings.ts";

/** Takes what somebody says of a ticket: `rating` 1 to 5, `minutes` that the work took, `comment`. */
export async function rateTicket(
  core: Core,
  ticket: TicketRow,
  person: string,
  said: JsonObject,
): Promise<JsonObject> {
  const { rating, minutes = null } = said;
  if (typeof rating !== "number" || !Number.isInteger(rating) || rating < 1 || rating > 5)
    throw new AppError("TICKET_REQUEST", ["rating: a whole number from 1 (bad) to 5 (good)"]);
  if (
    minutes !== null &&
    (typeof minutes !== "number" || !Number.isInteger(minutes) || minutes < 0)
  )
    throw new AppError("TICKET_REQUEST", ["minutes: a whole number"]);
  const words = text(said, "comment") ?? null;
  await core.database.transaction(async (tx) => {
    await saveRating(tx, { ticketId: ticket.id, person, rating, minutes, words });
    await noteTicket(tx, ticket.id, { what: "rated", actor: person, detail: { rating, minutes } });
  });
  return { ticket: ticketRef(ticket), person, rating, minutes };
}

/** The action: in the name of `person`, else of the user whose rule or workflow it is. */
export const rate: TicketVerb = async ({ core, settings }, { parameters, context }) => {
  const { user } = context;
  const person = text(parameters, "person") ?? (typeof user === "string" ? user : core.systemUser);
  const ref = text(parameters, "ticket") ?? "";
  const ticket = await ticketMeant(core.database.db, settings.backend, ref);
  return rateTicket(core, ticket, person, objectIn({ parameters }, "parameters"));
};

const mostMonths = 60;

export interface ReportWish {
  readonly months: number;
  /** A day; what was before it is compared with what came after. */
  readonly split: string | undefined;
  readonly language: Language;
  readonly timeZone: string;
}

/** Throws TICKET_REQUEST for a wish that makes no sense. */
export async function makeReport(core: Core, wish: ReportWish): Promise<TicketReport> {
  const { months: count, split, language, timeZone } = wish;
  if (!Number.isInteger(count) || count < 1 || count > mostMonths)
    throw new AppError("TICKET_REQUEST", [`months: a number from 1 to ${mostMonths}`]);
  if (split !== undefined && !isDay(split))
    throw new AppError("TICKET_REQUEST", [`split: a day such as 2026-11-24, not ${split}`]);
  const calendar = presentCalendar(core, timeZone);
  const months = lastMonths(dayAt(calendar, Date.now()).date, count);
  const since = new Date(instantAt(calendar, `${months[0] ?? ""}-01`));
  const { db } = core.database;
  const [tickets, ratings] = await Promise.all([
    measuredTickets(db, since, calendar.timeZone),
    ratingsSince(db, since),
  ]);
  return ticketReport(
    tickets.map(({ category, month, created_at: created, closed_at: closed }) => ({
      category,
      month,
      createdAt: created.getTime(),
      closedAt: closed?.getTime(),
    })),
    ratings.map(({ category, at, rating, minutes }) => ({
      category,
      at: at.getTime(),
      rating,
      minutes: minutes ?? undefined,
    })),
    {
      months,
      split: split ?? null,
      splitAt: split === undefined ? undefined : instantAt(calendar, split),
      language,
    },
  );
}
