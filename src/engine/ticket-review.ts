/** The way of a ticket to its end: closings that are sent back or marked, reminders, and things that people have to read. */
import type { NewEvent } from "../model/events.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { addChange } from "../store/ticket-changes.ts";
import { idleTickets, rereadTicket } from "../store/ticket-watch.ts";
import { noteTicket, ticketById, wakeTicket, type TicketRow } from "../store/tickets.ts";
import type { Db } from "../store/schema.ts";
import { kindsOf, reminderOf, reviewSettings, wrongClosing } from "../tickets/review.ts";
import type { TicketSettings } from "../tickets/settings.ts";
import { ticketWords } from "../tickets/texts.ts";
import { ingest } from "./ingest.ts";
import type { Core } from "./core.ts";
import { takeWanted, type TicketVerb } from "./ticket-actions.ts";
import { inLanguage, text, texts, ticketKnown } from "./ticket-call.ts";
import { ticketId, ticketView } from "./ticket-view.ts";

/** What events tell of a ticket. */
export function toldTicket(row: TicketRow): JsonObject {
  const { summary, assignee, leader, url } = row;
  return { ticket: ticketId(row.id), key: row.remote_key, summary, assignee, leader, url };
}

/** A ticket that was just seen closed. */
export interface SeenClosed {
  readonly row: TicketRow;
  /** The tracker's account of Raicho. */
  readonly own: string | null;
  /** Where people reach the door. */
  readonly webUrl: string;
}

/** Looks whether it may be closed, and asks how the work was when it stays so. Gives what is to be told, when the transaction stands. */
export async function judgeClosing(
  tx: Db,
  settings: TicketSettings,
  { row, own, webUrl }: SeenClosed,
): Promise<NewEvent | undefined> {
  const review = reviewSettings(settings.review);
  const { kind, closed_by: closedBy, fixed_by: fixedBy, leader } = row;
  const reason = wrongClosing({ kind, closedBy, fixedBy, leader, own }, review);
  const at = row.closed_at?.toISOString() ?? "";
  const refused = reason !== undefined && review.close === "refuse";
  if (!refused) await askSurvey(tx, settings, row, webUrl);
  if (reason === undefined) return undefined;
  const words = ticketWords(settings.language);
  const add = (verb: string, document: JsonObject) =>
    addChange(tx, {
      ticketId: row.id,
      key: `closing:${at}:${verb}`,
      verb,
      document,
      merge: null,
      spacingSeconds: 0,
    });
  if (refused) await add("transition", { to: fixedBy === null ? "in_progress" : "fixed" });
  else await add("update", { add_labels: ["closed-without-review"] });
  await add("comment", { text: words.wrongClosing(reason, refused) });
  await wakeTicket(tx, row.id);
  const done = refused ? "refused" : "flagged";
  await noteTicket(tx, row.id, { what: `closing ${done}`, actor: closedBy, detail: { reason } });
  return {
    trigger: "ticket.closed_wrongly",
    source: "ticket",
    dedupeKey: `ticket.closed_wrongly:${row.id}:${at}`,
    payload: { ...toldTicket(row), closed_by: closedBy, reason, done },
  };
}

/** Once in the life of a ticket. */
async function askSurvey(
  tx: Db,
  { survey, language }: TicketSettings,
  row: TicketRow,
  webUrl: string,
): Promise<void> {
  if (!kindsOf(survey).includes(row.kind)) return;
  const address = `${webUrl}/surveys/${ticketId(row.id)}`;
  await addChange(tx, {
    ticketId: row.id,
    key: "survey",
    verb: "comment",
    document: { text: ticketWords(language).survey(address) },
    merge: null,
    spacingSeconds: 0,
  });
  await wakeTicket(tx, row.id);
}

/** Reminds of what nobody started and what nobody reviewed, once a day per ticket. */
const remind: TicketVerb = async ({ core, settings }, { parameters }) => {
  const date = text(parameters, "date") ?? new Date().toISOString().slice(0, 10);
  const review = reviewSettings(settings.review);
  const words = ticketWords(settings.language);
  const reminded: JsonObject[] = [];
  for (const row of await idleTickets(core.database.db, 10_000)) {
    const due = reminderOf(
      {
        kind: row.kind,
        stage: row.stage,
        createdAt: row.created_at.getTime(),
        fixedAt: row.fixed_at?.getTime(),
      },
      Date.now(),
      review,
    );
    if (due === undefined) continue;
    await core.database.transaction(async (tx) => {
      await addChange(tx, {
        ticketId: row.id,
        key: `remind:${date}`,
        verb: "comment",
        document: { text: words.reminder(due.waitsFor, due.hours) },
        merge: "remind",
        spacingSeconds: 0,
      });
      await wakeTicket(tx, row.id);
    });
    const event = { ...toldTicket(row), waits_for: due.waitsFor, hours: due.hours };
    await ingest(core, [
      {
        trigger: "ticket.reminder",
        source: "ticket",
        dedupeKey: `ticket.reminder:${row.id}:${date}`,
        payload: event,
      },
    ]);
    reminded.push(event);
  }
  core.bells.ring({ kind: "ticket", id: date });
  return { date, reminded };
};

/** Something to be read or reviewed: a ticket, and a sub-ticket for each of the people, so that it shows who has. */
const requestReview: TicketVerb = async ({ core, settings }, call) => {
  const { idempotencyKey } = call;
  const parameters = inLanguage(call.parameters, settings.language);
  const people = texts(parameters, "people");
  const summary = text(parameters, "summary");
  if (people.length === 0 || summary === undefined)
    throw new AppError("TICKET_REQUEST", ["Give a summary and at least one of people."]);
  const key = text(parameters, "key") ?? idempotencyKey;
  const { above, subs } = await core.database.transaction(async (tx) => {
    const common = { period: "", kind: "review" };
    const wanted = {
      summary,
      description: text(parameters, "description") ?? "",
      labels: ["review"],
      category: text(parameters, "category") ?? "review",
    };
    const { row } = await takeWanted(tx, settings, { ...common, key, above: undefined, wanted });
    const made: TicketRow[] = [];
    for (const person of people) {
      const sub = {
        ...wanted,
        summary: `${ticketWords(settings.language).toRead}: ${summary}`,
        assignees: [person],
      };
      const one = await takeWanted(tx, settings, {
        ...common,
        key: `${key}:${person}`,
        above: row,
        wanted: sub,
      });
      made.push(one.row);
    }
    return { above: row, subs: made };
  });
  core.bells.ring({ kind: "ticket", id: String(above.id) });
  return { ...ticketView(above), sub_tickets: subs.map(ticketView) };
};

/** Has a ticket read from its tracker: for webhooks, which may come before the next reading. */
const refresh: TicketVerb = async ({ core, settings }, { parameters }) => {
  const ref = text(parameters, "ticket") ?? "";
  const { db } = core.database;
  const row = await ticketKnown(db, settings.backend, ref);
  if (row === undefined) return { known: false };
  await rereadTicket(db, row.id);
  core.bells.ring({ kind: "ticket", id: String(row.id) });
  return { known: true, ...ticketView((await ticketById(db, row.id)) ?? row) };
};

export const reviewVerbs: Readonly<Record<string, TicketVerb>> = {
  remind,
  request_review: requestReview,
  refresh,
};

/** Tells rules of a new ticket that it is in its tracker, where it gets documents. Telling it again changes nothing. */
export async function tellOpened(
  core: Core,
  { knowledge }: TicketSettings,
  row: TicketRow,
): Promise<void> {
  if (row.confirmed_at !== null || !kindsOf(knowledge).includes(row.kind)) return;
  await ingest(core, [
    {
      trigger: "ticket.opened",
      source: "ticket",
      dedupeKey: `ticket.opened:${row.id}`,
      payload: { ...toldTicket(row), kind: row.kind },
    },
  ]);
}

/** Tells what a transaction decided. */
export async function tellDecided(core: Core, events: readonly NewEvent[]): Promise<void> {
  if (events.length > 0) await ingest(core, events);
}
