/** `ticket.raise`: an alert becomes a ticket, or another occurrence of one.
 *
 * 1. What the alert means is decided under a lock of its key: 200 messages at once make one ticket.
 * 2. A storm is a few updates: what waits is merged, and told at most every `coalesce_seconds`. */
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";
import { alertOf, rememberTicket } from "../store/alerts.ts";
import type { Db } from "../store/schema.ts";
import { addChange, lastSays } from "../store/ticket-changes.ts";
import {
  listTickets,
  lockTicketKey,
  noteTicket,
  ticketByKey,
  ticketById,
  wakeTicket,
  type TicketRow,
} from "../store/tickets.ts";
import { decideRaise, raiseSettings, sameKey, type RaiseSettings } from "../tickets/raise.ts";
import { alertDescription, alertSummary, ticketWords } from "../tickets/texts.ts";
import { Lanes } from "./lanes.ts";
import { takeWanted, ticketSettled, type TicketGround } from "./ticket-actions.ts";
import { objectIn, text, ticketKnown } from "./ticket-call.ts";
import { ticketRef, ticketView } from "./ticket-view.ts";

/** Alerts of one key, in this process. */
const lanes = new Lanes();

interface Raising {
  readonly ground: TicketGround;
  readonly rules: RaiseSettings;
  readonly alert: JsonObject;
  readonly key: string;
  /** How often it came that day, as far as it is counted now. */
  readonly count: number;
  readonly lastAt: string;
  /** Names this call. */
  readonly call: string;
}

interface Raised {
  readonly ticket: TicketRow;
  readonly did: "open" | "repeat" | "reopen" | "nothing";
  readonly why: string;
}

export async function raiseAlert(ground: TicketGround, call: RunCall): Promise<JsonObject> {
  const { core, settings } = ground;
  const alert = objectIn(call.parameters, "alert");
  const [fingerprint, day] = [text(alert, "fingerprint"), text(alert, "day")];
  if (fingerprint === undefined || day === undefined)
    throw new AppError("TICKET_REQUEST", ["The alert has no fingerprint or no day."]);
  const rules = raiseSettings(settings.realTime);
  const key = sameKey(alert, rules);
  const decided = (tx: Db) => inKey(tx, { ground, rules, alert, key, call }, { fingerprint, day });
  const raised = await lanes.run(key, () => core.database.transaction(decided));
  passing("ticket.raised");
  if (raised === undefined)
    return { raised: false, ref: null, reason: "it waits for the digest of the next business day" };
  core.bells.ring({ kind: "ticket", id: String(raised.ticket.id) });
  const ticket =
    raised.did === "open"
      ? await ticketSettled(ground, raised.ticket.id, call)
      : ((await ticketById(core.database.db, raised.ticket.id)) ?? raised.ticket);
  return { ...ticketView(ticket), raised: true, did: raised.did, reason: raised.why };
}

/** Undefined: it waits for the digest. The key is locked until the transaction ends. */
async function inKey(
  tx: Db,
  {
    call,
    ...about
  }: Pick<Raising, "ground" | "rules" | "alert" | "key"> & { readonly call: RunCall },
  { fingerprint, day }: { readonly fingerprint: string; readonly day: string },
): Promise<Raised | undefined> {
  const { alert, rules, key } = about;
  await lockTicketKey(tx, key);
  const row = await alertOf(tx, fingerprint, day);
  const urgent = rules.urgencies.includes(text(alert, "urgency") ?? "immediate");
  const known = row?.ticket ?? null;
  if (!urgent && known === null) return undefined;
  const raising: Raising = {
    ...about,
    count: row?.count ?? 1,
    lastAt: row?.last_at.toISOString() ?? text(alert, "occurred_at") ?? "",
    call: call.idempotencyKey,
  };
  const done = await decide(tx, raising, day, known);
  if (known === null) await rememberTicket(tx, fingerprint, day, ticketRef(done.ticket));
  return done;
}

async function decide(
  tx: Db,
  raising: Raising,
  day: string,
  known: string | null,
): Promise<Raised> {
  const { ground, key, rules } = raising;
  const { backend } = ground.settings;
  const named = known === null ? undefined : await ticketKnown(tx, backend, known);
  const newest = named ?? (await ticketByKey(tx, key));
  const decision = decideRaise(
    newest && {
      // The ticket that stands for this alert's day counts as one of that day, whenever it was made.
      period: named === undefined ? newest.period : day,
      stage: newest.stage,
      status: newest.status ?? "",
      createdAt: newest.created_at.getTime(),
      closedAt: newest.closed_at?.getTime(),
    },
    { day, now: Date.now() },
    rules,
  );
  const did = { did: decision.do, why: decision.why };
  if (decision.do === "open" || newest === undefined)
    return {
      ...did,
      ticket: await openOf(tx, raising, decision.do === "open" ? decision.period : day),
    };
  if (decision.do === "reopen") await reopen(tx, raising, newest);
  if (decision.do !== "nothing") await repeat(tx, raising, newest);
  return { ...did, ticket: newest };
}

async function openOf(tx: Db, raising: Raising, period: string): Promise<TicketRow> {
  const { ground, alert, key, count } = raising;
  const { settings } = ground;
  const { row } = await takeWanted(tx, settings, {
    key,
    period,
    kind: "alert",
    above: undefined,
    wanted: wantedOf(alert, settings.language, key),
  });
  if (count > 1) await tellCount(tx, raising, row);
  return row;
}

/** What a ticket of an alert says; `times` = its occurrences. */
export function wantedOf(
  alert: JsonObject,
  language: "ja" | "en",
  key: string,
  times: readonly string[] = [],
): JsonObject {
  return {
    summary: alertSummary(alert, times.length),
    description: alertDescription(alert, language, times),
    labels: [
      "alert",
      `alert-${key
        .replace(/^alert:/, "")
        .replaceAll(/[^\w.-]+/g, "-")
        .slice(0, 16)}`,
    ],
    category: [text(alert, "source"), text(alert, "service") ?? text(alert, "class")]
      .filter((part) => part !== undefined)
      .join("/"),
    owner: isObject(alert["owner"]) ? alert["owner"] : null,
  };
}

async function repeat(tx: Db, raising: Raising, ticket: TicketRow): Promise<void> {
  const { rules, count } = raising;
  if (count <= 1) return;
  if (rules.repeat === "sub_ticket") await subTicket(tx, raising, ticket);
  await tellCount(tx, raising, ticket);
}

/** The count in the ticket's summary, and by configuration in a comment; what waits already is replaced. In a storm many calls know the same count: one tells it. */
async function tellCount(tx: Db, raising: Raising, ticket: TicketRow): Promise<void> {
  const { ground, rules, alert, count, lastAt, call } = raising;
  const { language, coalesceSeconds: spacingSeconds } = ground.settings;
  const change = { ticketId: ticket.id, spacingSeconds };
  const summary = { merge: "count-summary", document: { summary: alertSummary(alert, count) } };
  const comment = {
    merge: "count-comment",
    document: { text: ticketWords(language).repeated(count, lastAt) },
  };
  const commented = rules.repeat === "comment";
  if (await lastSays(tx, { ticketId: ticket.id, ...(commented ? comment : summary) })) return;
  if (commented)
    await addChange(tx, { ...change, ...comment, key: `${call}:count`, verb: "comment" });
  await addChange(tx, {
    ...change,
    key: `${call}:summary`,
    verb: "update",
    ...summary,
  });
  await wakeTicket(tx, ticket.id);
}

/** A sub-ticket for this occurrence; in a storm the one that was just made stands for it. */
async function subTicket(tx: Db, raising: Raising, above: TicketRow): Promise<void> {
  const { ground, alert, call, lastAt } = raising;
  const { settings } = ground;
  const [last] = await listTickets(
    tx,
    { parent: above.id, kind: "repeat" },
    { limit: 1, offset: 0 },
  );
  const since = last === undefined ? Infinity : Date.now() - last.created_at.getTime();
  if (since < settings.coalesceSeconds * 1_000) return;
  await takeWanted(tx, settings, {
    key: `${above.key}:${call}`,
    period: above.period,
    kind: "repeat",
    above,
    wanted: {
      ...wantedOf(alert, settings.language, above.key),
      summary: `${alertSummary(alert)} (${lastAt})`,
    },
  });
}

async function reopen(tx: Db, { ground, call, lastAt }: Raising, ticket: TicketRow): Promise<void> {
  const words = ticketWords(ground.settings.language).reopened(lastAt);
  const change = { ticketId: ticket.id, spacingSeconds: 0 };
  await addChange(tx, {
    ...change,
    key: `${call}:reopen`,
    verb: "transition",
    merge: "reopen",
    document: { to: "open" },
  });
  await addChange(tx, {
    ...change,
    key: `${call}:reopened`,
    verb: "comment",
    merge: "reopened",
    document: { text: words },
  });
  await noteTicket(tx, ticket.id, { what: "reopened", detail: { at: lastAt } });
  await wakeTicket(tx, ticket.id);
}
