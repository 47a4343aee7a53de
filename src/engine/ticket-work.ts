/** One turn at a ticket that is held: make it, read it back, tell its waiting changes in order. */
import { passing } from "../model/crash-points.ts";
import type { JsonObject } from "../model/json.ts";
import { renameTicket } from "../store/alerts.ts";
import { backendRow, backendWorks, blockBackend } from "../store/ticket-backends.ts";
import {
  endChange,
  nextChange,
  sendingChange,
  type TicketChangeRow,
} from "../store/ticket-changes.ts";
import { mergeAdopted } from "../store/ticket-merging.ts";
import {
  changeTicket,
  noteTicket,
  releaseTicket,
  ticketById,
  type TicketRow,
  wakeChildren,
} from "../store/tickets.ts";
import { pauseSeconds, type BackendAnswer } from "../tickets/answer.ts";
import type { TicketSettings } from "../tickets/settings.ts";
import type { Core } from "./core.ts";
import { askBackend } from "./ticket-backend.ts";
import { ticketKnown } from "./ticket-call.ts";
import { observeTicket } from "./ticket-observe.ts";
import { tellOpened } from "./ticket-review.ts";
import { ticketId } from "./ticket-view.ts";

export interface Work {
  readonly core: Core;
  readonly settings: TicketSettings;
  readonly signal: AbortSignal;
}

/** What comes after a step: the next one, or a rest of so many seconds (undefined: until something is wanted). */
type Next = "on" | { readonly rest: number | undefined };

const done: Next = { rest: undefined };

/** Rejects when the ledger is away; the hold then ends by itself. */
export async function workOn(
  core: Core,
  settings: TicketSettings,
  held: TicketRow,
  signal: AbortSignal,
): Promise<void> {
  const { db } = core.database;
  const work: Work = { core, settings, signal };
  for (;;) {
    const ticket = await ticketById(db, held.id);
    if (ticket === undefined || ticket.fence !== held.fence) return;
    const next = await step(work, ticket);
    if (next === "on" && !signal.aborted) continue;
    await releaseTicket(db, ticket, next === "on" ? 0 : next.rest);
    return;
  }
}

async function step(work: Work, ticket: TicketRow): Promise<Next> {
  if (ticket.state === "refused") return done;
  if (ticket.state === "intent") return open(work, ticket);
  if (ticket.state === "created") return confirm(work, ticket);
  const change = await nextChange(work.core.database.db, ticket.id);
  return change === undefined ? done : tell(work, ticket, change);
}

async function open(work: Work, ticket: TicketRow): Promise<Next> {
  const { core, settings } = work;
  const { db } = core.database;
  const parent = await parentKey(work, ticket);
  if (parent === undefined) return done;
  const before = await backendRow(db, ticket.backend);
  const sent = ticket.sent_at;
  const after = sent === null ? (before?.last_key ?? null) : (ticket.facts["after"] ?? null);
  if (sent === null) {
    const facts = { ...ticket.facts, after };
    const attempts = ticket.attempts + 1;
    if (!(await changeTicket(db, ticket, { sent_at: new Date(), attempts, facts }))) return done;
  }
  const settled = sent !== null && Date.now() - sent.getTime() > settings.settleSeconds * 1_000;
  passing("ticket.before-open");
  const answer = await askBackend(core, {
    backend: ticket.backend,
    verb: "open",
    key: markerOf(ticket),
    signal: work.signal,
    input: {
      ...settings.defaults,
      ...ticket.document,
      key: markerOf(ticket),
      parent,
      look: sent !== null,
      make: sent === null || settled,
      after,
    },
  });
  passing("ticket.after-open");
  if (!answer.ok) return notOpened(work, ticket, answer);
  const { key, url, notes, assignee, leader } = answer.result;
  if (typeof key !== "string") return { rest: Math.max(1, Math.min(5, settings.settleSeconds)) };
  await core.database.transaction(async (tx) => {
    await mergeAdopted(tx, { id: ticket.id, backend: ticket.backend, remoteKey: key });
    const written = await changeTicket(tx, ticket, {
      state: "created",
      remote_key: key,
      url: typeof url === "string" ? url : null,
      assignee: typeof assignee === "string" ? assignee : null,
      ...(typeof leader === "string" ? { leader } : {}),
      notes: JSON.stringify(Array.isArray(notes) ? notes : []),
      error: null,
      sent_at: null,
    });
    if (!written) return;
    await noteTicket(tx, ticket.id, {
      what: "created",
      detail: { key, notes, found: sent !== null },
    });
    await wakeChildren(tx, ticket.id);
    await renameTicket(tx, ticketId(ticket.id), key);
  });
  passing("ticket.opened");
  await backendWorks(db, ticket.backend, key);
  return "on";
}

/** Null: it has no parent. Undefined: its parent is not there yet. */
async function parentKey(
  { core }: Work,
  { parent_id: id, parent_key: key }: TicketRow,
): Promise<string | null | undefined> {
  if (id === null) return key;
  return (await ticketById(core.database.db, id))?.remote_key ?? undefined;
}

/** The text that marks a ticket in the tracker. */
function markerOf({ key, period }: TicketRow): string {
  return period === "" ? key : `${key}@${period}`;
}

type Failed = Extract<BackendAnswer, { ok: false }>;

async function notOpened(work: Work, ticket: TicketRow, answer: Failed): Promise<Next> {
  const { database } = work.core;
  const { reason, error } = answer;
  if (reason === "refused") {
    await database.transaction(async (tx) => {
      await changeTicket(tx, ticket, { state: "refused", error, sent_at: null });
      await noteTicket(tx, ticket.id, { what: "refused", detail: { error } });
    });
    return done;
  }
  // A search for a lost one that did not come through leaves open what became of it.
  const nothing = reason !== "unsure" && ticket.sent_at === null;
  await changeTicket(database.db, ticket, { error, ...(nothing ? { sent_at: null } : {}) });
  return pause(work, ticket, answer, ticket.attempts);
}

/** How long to leave it alone; everybody leaves a tracker alone that is away. */
async function pause(
  { core, settings }: Work,
  ticket: TicketRow,
  { reason, error, retryAfter, scope }: Failed,
  attempts: number,
): Promise<Next> {
  const { db } = core.database;
  if (reason === "unsure")
    return { rest: Math.min(pauseSeconds(attempts), settings.settleSeconds) };
  if (scope === "ticket") return { rest: retryAfter ?? pauseSeconds(attempts) };
  const failures = (await backendRow(db, ticket.backend))?.failures ?? 0;
  const seconds =
    reason === "unconfigured" ? 30 : (retryAfter ?? Math.min(60, pauseSeconds(failures + 1)));
  await blockBackend(db, ticket.backend, { seconds, reason: error });
  return { rest: 0 };
}

async function confirm(work: Work, ticket: TicketRow): Promise<Next> {
  await tellOpened(work.core, work.settings, ticket);
  const answer = await askBackend(work.core, {
    backend: ticket.backend,
    verb: "get",
    key: markerOf(ticket),
    signal: work.signal,
    input: { ...work.settings.defaults, ticket: ticket.remote_key },
  });
  const { database } = work.core;
  if (!answer.ok) {
    const { reason, error } = answer;
    const gone = reason === "refused";
    await changeTicket(database.db, ticket, { error, ...(gone ? { state: "refused" } : {}) });
    return gone ? done : pause(work, ticket, answer, 1);
  }
  await observeTicket(work.core, work.settings, ticket, answer.result);
  return "on";
}

async function tell(work: Work, ticket: TicketRow, change: TicketChangeRow): Promise<Next> {
  const { db } = work.core.database;
  const other = await otherKey(work, ticket, change);
  if (other === undefined) return { rest: 5 };
  if (!(await sendingChange(db, change.id))) return "on";
  passing("ticket.before-change");
  const answer = await askBackend(work.core, {
    backend: ticket.backend,
    verb: change.verb,
    key: `${markerOf(ticket)}#${change.key}`,
    signal: work.signal,
    input: {
      ...work.settings.defaults,
      ...change.document,
      ...other,
      ticket: ticket.remote_key,
      look: change.sent_at !== null,
    },
  });
  passing("ticket.after-change");
  if (answer.ok) {
    await endChange(db, change.id, {
      state: "done",
      result: answer.result,
      error: null,
      done_at: new Date(),
    });
    await backendWorks(db, ticket.backend);
    if (answer.result["stage_changed"] === true)
      await changeTicket(db, ticket, { state: "created" });
    return "on";
  }
  const { reason, error } = answer;
  if (reason === "refused") {
    await endChange(db, change.id, { state: "refused", error, done_at: new Date() });
    await noteTicket(db, ticket.id, {
      what: "change refused",
      detail: { verb: change.verb, error },
    });
    return "on";
  }
  const nothing = reason !== "unsure" && change.sent_at === null;
  await endChange(db, change.id, { error, ...(nothing ? { sent_at: null } : {}) });
  return pause(work, ticket, answer, change.attempts + 1);
}

/** The tracker's key of the ticket that a change names by ours. Undefined: it has none yet. */
async function otherKey(
  { core }: Work,
  { backend }: TicketRow,
  { document }: TicketChangeRow,
): Promise<JsonObject | undefined> {
  const { other } = document;
  if (typeof other !== "string") return {};
  const row = await ticketKnown(core.database.db, backend, other);
  if (row === undefined) return {};
  return row.remote_key === null ? undefined : { other: row.remote_key };
}
