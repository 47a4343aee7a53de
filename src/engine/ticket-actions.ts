/** What actions ask of tickets. Everything is a transaction of the ledger; the desk tells the tracker. */
import { setTimeout as delay } from "node:timers/promises";
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";
import type { Db } from "../store/schema.ts";
import { backendRow } from "../store/ticket-backends.ts";
import { addChange, changeById, changesOf } from "../store/ticket-changes.ts";
import {
  eventsOf,
  listTickets,
  noteTicket,
  retryTicket,
  takeTicket,
  ticketById,
  ticketByKey,
  wakeTicket,
  type TicketRow,
} from "../store/tickets.ts";
import { assignmentOf, candidate, type Assignment, type Candidate } from "../tickets/owner.ts";
import type { TicketSettings } from "../tickets/settings.ts";
import type { Core } from "./core.ts";
import type { OwnerAnswer } from "./inventory-owner.ts";
import { askBackend } from "./ticket-backend.ts";
import { inLanguage, objectIn, text, texts, ticketKnown, ticketMeant } from "./ticket-call.ts";
import { changeView, eventView, ticketRef, ticketView } from "./ticket-view.ts";

export interface TicketGround {
  readonly core: Core;
  readonly settings: TicketSettings;
  /** Whose machine it is, as the inventory says now; by an entry's id or by a name. */
  readonly findOwner: (host: string) => Promise<OwnerAnswer>;
}

export type TicketVerb = (ground: TicketGround, call: RunCall) => Promise<JsonObject>;

const lookMs = 200;

/** Takes the ticket that the call describes, once per (key, window). */
export async function openTicket(ground: TicketGround, call: RunCall): Promise<JsonObject> {
  const { core, settings } = ground;
  const { idempotencyKey } = call;
  const parameters = inLanguage(call.parameters, settings.language);
  const parent = text(parameters, "parent");
  const { row, taken } = await core.database.transaction(async (tx) => {
    const above =
      parent === undefined ? undefined : await ticketMeant(tx, settings.backend, parent);
    return takeWanted(tx, settings, {
      key: text(parameters, "key") ?? idempotencyKey,
      period: text(parameters, "window") ?? "",
      kind: text(parameters, "kind") ?? (above === undefined ? "ticket" : "sub"),
      above,
      wanted: parameters,
    });
  });
  passing("ticket.wanted");
  core.bells.ring({ kind: "ticket", id: String(row.id) });
  const ticket = await ticketSettled(ground, row.id, call);
  return { ...ticketView(ticket), created: taken };
}

export interface Wanted {
  readonly key: string;
  readonly period: string;
  readonly kind: string;
  readonly above: TicketRow | undefined;
  /** summary, description, type, project, labels, component, priority, due, fields, category, and owner or assignees. */
  readonly wanted: JsonObject;
}

/** Takes a ticket in the transaction of the caller. */
export async function takeWanted(
  tx: Db,
  settings: TicketSettings,
  { key, period, kind, above, wanted }: Wanted,
): Promise<{ readonly row: TicketRow; readonly taken: boolean }> {
  const summary = text(wanted, "summary");
  if (summary === undefined) throw new AppError("TICKET_REQUEST", ["A ticket needs a summary."]);
  const owned = "owner" in wanted ? assignmentOf(wanted["owner"]) : undefined;
  const result = await takeTicket(tx, {
    key,
    period,
    kind,
    backend: above?.backend ?? settings.backend,
    summary,
    category: text(wanted, "category") ?? text(wanted, "component") ?? "",
    leader: accountOf(owned?.leader),
    parent_id: above?.id ?? null,
    parent_key: null,
    document: documentOf(wanted, owned),
  });
  if (result.taken) await noteTicket(tx, result.row.id, { what: "wanted" });
  return result;
}

function accountOf(person: Candidate | undefined): string | null {
  return person?.account ?? person?.login ?? null;
}

/** What the backend is given. */
function documentOf(wanted: JsonObject, owned: Assignment | undefined): JsonObject {
  const named = texts(wanted, "assignees").flatMap((one) => candidate(one) ?? []);
  return {
    ...present(wanted, [
      "summary",
      "description",
      "type",
      "project",
      "component",
      "priority",
      "due",
    ]),
    labels: [...texts(wanted, "labels"), ...(owned?.labels ?? [])],
    assignees: [...named, ...(owned?.assignees ?? [])],
    leader: owned?.leader ?? null,
    fields: objectIn(wanted, "fields"),
  };
}

function present(wanted: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = text(wanted, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The ticket when the tracker has it, or after the seconds that the call allows. */
export async function ticketSettled(
  { core }: TicketGround,
  id: number,
  { parameters, signal }: RunCall,
): Promise<TicketRow> {
  const until = performance.now() + secondsOf(parameters) * 1_000;
  for (;;) {
    const row = await ticketById(core.database.db, id);
    if (row === undefined) throw new AppError("TICKET_UNKNOWN", [String(id)]);
    if (row.state !== "intent" && row.state !== "created") return row;
    if (performance.now() >= until) return row;
    if (await isBlocked(core, row.backend)) return row;
    await delay(lookMs, undefined, { signal });
  }
}

/** Nobody asks a tracker that is away or not configured: there is nothing to wait for. */
async function isBlocked(core: Core, backend: string): Promise<boolean> {
  const until = (await backendRow(core.database.db, backend))?.blocked_until ?? null;
  return until !== null && until.getTime() > Date.now() + 1_000;
}

function secondsOf(parameters: JsonObject): number {
  const { wait } = parameters;
  return typeof wait === "number" && wait >= 0 ? wait : 20;
}

/** Makes a verb that adds one change to a ticket. `read` takes what the backend is given from the parameters. */
function changing(verb: string, read: (parameters: JsonObject) => JsonObject): TicketVerb {
  return async (ground, call) => {
    const { core, settings } = ground;
    const { parameters, idempotencyKey } = call;
    const ref = text(parameters, "ticket");
    if (ref === undefined) throw new AppError("TICKET_REQUEST", ["The parameter ticket is empty."]);
    const merge = text(parameters, "merge") ?? null;
    const change = await core.database.transaction(async (tx) => {
      const { id } = await ticketMeant(tx, settings.backend, ref);
      const added = await addChange(tx, {
        ticketId: id,
        key: text(parameters, "key") ?? idempotencyKey,
        verb,
        document: read(inLanguage(parameters, settings.language)),
        merge,
        spacingSeconds: settings.coalesceSeconds,
      });
      await wakeTicket(tx, id);
      return added;
    });
    core.bells.ring({ kind: "ticket", id: String(change.ticket_id) });
    return changeSettled(ground, change, call, merge !== null);
  };
}

async function changeSettled(
  { core }: TicketGround,
  { id, ticket_id: ticketId }: { readonly id: number; readonly ticket_id: number },
  { parameters, signal }: RunCall,
  merged: boolean,
): Promise<JsonObject> {
  const until = performance.now() + (merged ? 0 : secondsOf(parameters) * 1_000);
  for (;;) {
    const { db } = core.database;
    const [change, ticket] = [await changeById(db, id), await ticketById(db, ticketId)];
    if (change === undefined || ticket === undefined)
      throw new AppError("TICKET_UNKNOWN", [String(ticketId)]);
    if (change.state === "refused")
      throw new AppError("TICKET_REQUEST", [change.error ?? "The tracker refused it."]);
    const over = change.state !== "waiting" || ticket.state === "refused";
    if (over || performance.now() >= until || (await isBlocked(core, ticket.backend)))
      return { ...changeView(change), ticket: ticketView(ticket) };
    await delay(lookMs, undefined, { signal });
  }
}

function needed(parameters: JsonObject, name: string): string {
  const value = text(parameters, name);
  if (value === undefined)
    throw new AppError("TICKET_REQUEST", [`The parameter ${name} is empty.`]);
  return value;
}

const attachment = (parameters: JsonObject): JsonObject => {
  const [content, encoded] = [text(parameters, "content"), text(parameters, "content_base64")];
  if (content === undefined && encoded === undefined)
    throw new AppError("TICKET_REQUEST", ["Give content or content_base64."]);
  return {
    name: needed(parameters, "name"),
    content_type: text(parameters, "content_type") ?? "application/octet-stream",
    content_base64: encoded ?? Buffer.from(content ?? "", "utf8").toString("base64"),
  };
};

/** One ticket with its history, and on `live` what the tracker says now. */
async function getTicket(ground: TicketGround, { parameters, signal }: RunCall) {
  const { core, settings } = ground;
  const ref = needed(parameters, "ticket");
  const { db } = core.database;
  const row = await ticketKnown(db, settings.backend, ref);
  if (parameters["live"] !== true) {
    if (row === undefined) throw new AppError("TICKET_UNKNOWN", [ref]);
    return ticketDetail(db, row);
  }
  const remote = row === undefined ? ref : row.remote_key;
  if (remote === null) throw new AppError("TICKET_REQUEST", [`${ref} is not in the tracker yet.`]);
  const answer = await askBackend(core, {
    backend: row?.backend ?? settings.backend,
    verb: "get",
    key: `get:${remote}`,
    signal,
    input: { ...settings.defaults, ticket: remote },
  });
  if (!answer.ok) throw new AppError("TICKET_REQUEST", [answer.error]);
  return { ...(row === undefined ? {} : await ticketDetail(db, row)), live: answer.result };
}

export async function ticketDetail(db: Db, row: TicketRow): Promise<JsonObject> {
  const page = { limit: 1_000, offset: 0 };
  const [changes, events, subs] = await Promise.all([
    changesOf(db, row.id),
    eventsOf(db, row.id),
    listTickets(db, { parent: row.id }, page),
  ]);
  return {
    ...ticketView(row),
    wanted: row.document,
    changes: changes.map(changeView),
    history: events.map(eventView),
    sub_tickets: subs.toReversed().map(ticketView),
  };
}

async function findTicket({ core }: TicketGround, { parameters }: RunCall): Promise<JsonObject> {
  const row = await ticketByKey(
    core.database.db,
    needed(parameters, "key"),
    text(parameters, "window"),
  );
  return row === undefined ? { found: false } : { found: true, ...ticketView(row) };
}

async function retry({ core, settings }: TicketGround, { parameters }: RunCall) {
  const ref = needed(parameters, "ticket");
  const row = await ticketKnown(core.database.db, settings.backend, ref);
  if (row === undefined) throw new AppError("TICKET_UNKNOWN", [ref]);
  return retryWork(core, row);
}

/** Puts what the tracker refused up for another try. */
export async function retryWork(core: Core, row: TicketRow): Promise<JsonObject> {
  const retried = await retryTicket(core.database.db, row.id);
  core.bells.ring({ kind: "ticket", id: String(row.id) });
  return { ticket: ticketRef(row), retried };
}

export const ticketVerbs: Readonly<Record<string, TicketVerb>> = {
  open: openTicket,
  open_sub: openTicket,
  comment: changing("comment", (parameters) => ({ text: needed(parameters, "text") })),
  attach: changing("attach", attachment),
  transition: changing("transition", (parameters) => ({ to: needed(parameters, "to") })),
  assign: changing("assign", (parameters) => ({
    assignees:
      "owner" in parameters && parameters["owner"] !== null
        ? assignmentOf(parameters["owner"]).assignees
        : texts(parameters, "assignees").flatMap((one) => candidate(one) ?? []),
  })),
  update: changing("update", (parameters) => ({
    ...present(parameters, ["summary", "description", "priority", "component", "due"]),
    add_labels: texts(parameters, "add_labels"),
    remove_labels: texts(parameters, "remove_labels"),
    fields: objectIn(parameters, "fields"),
  })),
  link: changing("link", (parameters) => ({
    other: needed(parameters, "other"),
    type: text(parameters, "type") ?? "Relates",
  })),
  find: findTicket,
  get: getTicket,
  retry,
};
