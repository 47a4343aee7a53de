/** Actions of the pack `alert`: messages become alerts, repeats are counted, one ticket stands for a day.
 *
 * 1. A message counts once, whatever happens: its key is stored with its effect; running `receive` again raises the same events again, and the
 *    ledger knows them already.
 * 2. One noter at a time per alert: who holds the note writes the newest count to the ticket and looks again before letting go. */
import type { AlertParser } from "../alerts/definition.ts";
import { correlate } from "../alerts/correlate.ts";
import type { AlertMessage, CanonicalAlert } from "../alerts/alert.ts";
import { parseAlerts } from "../alerts/parse.ts";
import { alertDay } from "../alerts/time.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import {
  alertOf,
  type AlertRow,
  findAlert,
  findOccurrence,
  lockAlert,
  mergeFacts,
  rememberTicket,
  saveAlert,
  saveOccurrence,
} from "../store/alerts.ts";
import { knownAlert, record } from "./alert-record.ts";
import type { Database } from "../store/database.ts";
import type { Db } from "../store/schema.ts";

export interface AlertRunnerOptions {
  readonly database: Database;
  readonly timeZone: string;
  readonly parsers: () => readonly AlertParser[];
  readonly ingest: (events: readonly NewEvent[]) => Promise<unknown>;
}

const triggers = {
  firing: "alert.firing",
  repeated: "alert.repeated",
  resolved: "alert.resolved",
} as const;
const noteSeconds = 120;

type Verb = (options: AlertRunnerOptions, call: RunCall) => Promise<unknown>;

const verbs: Readonly<Record<string, Verb>> = {
  receive,
  get: async ({ database }, { parameters }) =>
    shown(await alertOf(database.db, ...identity(parameters))),
  set_ticket: async ({ database }, { parameters }) => {
    const kept = await rememberTicket(
      database.db,
      ...identity(parameters),
      String(parameters["ticket"]),
    );
    if (kept === undefined) throw new Error("no such alert");
    return { ticket: kept, mine: kept === String(parameters["ticket"]) };
  },
  begin_note: beginNote,
  end_note: endNote,
  remember: async ({ database }, { parameters }) =>
    shown(
      await mergeFacts(
        database.db,
        ...identity(parameters),
        isObject(parameters["facts"]) ? parameters["facts"] : {},
      ),
    ),
};

/** Runs in the engine's own process: everything it does is a transaction of the ledger. */
export function alertRunner(options: AlertRunnerOptions): Runner {
  return {
    name: "alert",
    aliases: [],
    description: "Takes in messages of monitoring systems and keeps their alerts.",
    parameters: {},
    outputKey: undefined,
    onWorkerLost: "rerun",
    inLedger: true,
    run: async (call): Promise<Outcome> => {
      const verb = verbs[call.action.ref.slice(call.action.ref.indexOf(".") + 1)];
      if (verb === undefined)
        return {
          status: "failed",
          result: {
            error: `There is no alert action "${call.action.ref}": ${Object.keys(verbs).join(", ")}`,
          },
        };
      return { status: "succeeded", result: await verb(options, call) };
    },
  };
}

function identity(parameters: JsonObject): [fingerprint: string, day: string] {
  return [String(parameters["fingerprint"]), String(parameters["day"])];
}

function shown(row: AlertRow | undefined): JsonObject {
  if (row === undefined) throw new Error("no such alert");
  const { fingerprint, day, count, status, ticket, document, first_at, last_at, workflow } = row;
  return {
    ...(isObject(document) ? document : {}),
    fingerprint,
    day,
    count,
    status,
    ticket,
    first_at: first_at.toISOString(),
    last_at: last_at.toISOString(),
    facts: workflow ?? {},
  };
}

function messageOf(parameters: JsonObject): { message: AlertMessage; origin: JsonObject } {
  const { mail, body } = parameters;
  if (!isObject(mail)) return { message: { kind: "json", body }, origin: {} };
  const field = (name: string): string => (typeof mail[name] === "string" ? mail[name] : "");
  const headers = Array.isArray(mail["headers"])
    ? mail["headers"].filter(
        (pair): pair is [string, string] =>
          Array.isArray(pair) && pair.every((part) => typeof part === "string"),
      )
    : [];
  const parts = {
    subject: field("subject"),
    from: field("from"),
    to: field("to"),
    cc: field("cc"),
    text: field("text"),
    date: field("date"),
    headers,
  };
  return {
    message: { kind: "mail", mail: parts },
    origin: { message_id: field("message_id"), subject: parts.subject, from: parts.from },
  };
}

async function receive(
  options: AlertRunnerOptions,
  { parameters, executionId }: RunCall,
): Promise<unknown> {
  const key =
    typeof parameters["message_key"] === "string" && parameters["message_key"] !== ""
      ? parameters["message_key"]
      : executionId;
  const { message, origin } = messageOf(parameters);
  const rawRef = typeof parameters["raw_ref"] === "string" ? parameters["raw_ref"] : "";
  const parsed = parseAlerts(options.parsers(), message, {
    timeZone: options.timeZone,
    now: new Date(),
    rawRef,
  });
  if ("unparsed" in parsed) {
    const text =
      message.kind === "mail"
        ? message.mail.text.slice(0, 16_384)
        : JSON.stringify(message.body ?? null).slice(0, 16_384);
    await options.ingest([
      {
        trigger: "alert.unparsed",
        source: "alert",
        dedupeKey: `unparsed:${key}`,
        payload: { reason: parsed.unparsed, ...origin, text, raw_ref: rawRef },
      },
    ]);
    return { parsed: false, reason: parsed.unparsed };
  }
  const taken = [];
  for (const [index, alert] of parsed.alerts.entries())
    taken.push(await take(options, alert, { key: `${key}#${index}`, origin }));
  const events = taken.flatMap(({ event }) => (event === undefined ? [] : [event]));
  if (events.length > 0) await options.ingest(events);
  return { parsed: true, parser: parsed.parser, alerts: taken.map(({ summary }) => summary) };
}

interface Taken {
  readonly event: NewEvent | undefined;
  readonly summary: JsonObject;
}

/** Counts one alert of a message in, once. */
async function take(
  { database, timeZone }: AlertRunnerOptions,
  alert: CanonicalAlert,
  { key, origin }: { key: string; origin: JsonObject },
): Promise<Taken> {
  const day = alertDay(alert.occurred_at, timeZone);
  return database.transaction(async (tx) => {
    await lockAlert(tx, alert.fingerprint);
    const counted = await findOccurrence(tx, key);
    if (counted !== undefined) return again(counted.effect, key, counted.document);
    const known = await findAlert(tx, alert.fingerprint, day);
    const decision = correlate({
      alert,
      day,
      existing: known === undefined ? undefined : knownAlert(known),
      messageKey: key,
    });
    const { effect, next, count, ticket = null, previousTicket = null, reopened } = decision;
    if (next !== undefined)
      await saveAlert(tx, {
        ...record(known, alert, next),
        fingerprint: alert.fingerprint,
        day: next.day,
      });
    const recordDay = next?.day ?? day;
    const payload = {
      ...alert,
      day: recordDay,
      count,
      ticket,
      previous_ticket: previousTicket,
      reopened,
      mail: origin,
    };
    await saveOccurrence(tx, {
      message_key: key,
      fingerprint: alert.fingerprint,
      day: recordDay,
      effect,
      document: payload,
    });
    return again(effect, key, payload);
  });
}

function again(effect: string, key: string, payload: unknown): Taken {
  const trigger =
    effect === "firing" || effect === "repeated" || effect === "resolved"
      ? triggers[effect]
      : undefined;
  const document = isObject(payload) ? payload : {};
  const { host_raw, service, count, day, fingerprint } = document;
  return {
    event:
      trigger === undefined
        ? undefined
        : { trigger, source: "alert", dedupeKey: `${trigger}:${key}`, payload: document },
    summary: { effect, host_raw, service, count, day, fingerprint },
  };
}

/** Whether the caller may write the newest count to the ticket now; `note: false` = nothing to write, no ticket yet, or somebody does it. */
async function beginNote(
  { database }: AlertRunnerOptions,
  { parameters, executionId, context }: RunCall,
): Promise<unknown> {
  const [fingerprint, day] = identity(parameters);
  const holder =
    isObject(context["parent"]) && typeof context["parent"]["execution_id"] === "string"
      ? context["parent"]["execution_id"]
      : executionId;
  return database.transaction(async (tx) => {
    await lockAlert(tx, fingerprint);
    const row = await alertOf(tx, fingerprint, day);
    if (row === undefined || row.ticket === null) return { note: false, reason: "no ticket yet" };
    const facts = isObject(row.workflow) ? row.workflow : {};
    const noted = typeof facts["noted"] === "number" ? facts["noted"] : 1;
    if (noted >= row.count) return { note: false, reason: "nothing new" };
    const held =
      typeof facts["noter"] === "string" &&
      facts["noter"] !== holder &&
      Number(facts["noting_since"] ?? 0) > Date.now() - noteSeconds * 1_000;
    if (held) return { note: false, reason: "another workflow writes it" };
    await mergeFacts(tx, fingerprint, day, { noter: holder, noting_since: Date.now() });
    return {
      note: true,
      ticket: row.ticket,
      count: row.count,
      last_at: row.last_at.toISOString(),
      summary: facts["summary"],
    };
  });
}

async function endNote(
  { database }: AlertRunnerOptions,
  { parameters }: RunCall,
): Promise<unknown> {
  const [fingerprint, day] = identity(parameters);
  return database.transaction(async (tx: Db) => {
    await lockAlert(tx, fingerprint);
    await mergeFacts(tx, fingerprint, day, { noted: Number(parameters["count"]), noter: null });
    const row = await alertOf(tx, fingerprint, day);
    return { more: row !== undefined && row.count > Number(parameters["count"]) };
  });
}
