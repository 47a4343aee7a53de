/** `alert.receive`: a message becomes alerts, each counted in once.
 *
 * A message counts once, whatever happens: its key is stored with its effect; running `receive` again raises the same events again, and the
 * ledger knows them already. */
import type { AlertMessage, CanonicalAlert } from "../alerts/alert.ts";
import { correlate, type Correlation } from "../alerts/correlate.ts";
import type { AlertParser } from "../alerts/definition.ts";
import { fingerprint, type AlertIdentity } from "../alerts/fingerprint.ts";
import { parseAlerts } from "../alerts/parse.ts";
import { withUrgency, type AlertPolicies } from "../alerts/policy.ts";
import { alertDay } from "../alerts/time.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";
import {
  findAlert,
  findOccurrence,
  lockAlert,
  openAlert,
  saveAlert,
  saveOccurrence,
  type AlertRow,
} from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import type { Db } from "../store/schema.ts";
import type { FindPlace, FoundPlace } from "./alert-place.ts";
import { alertId, knownAlert, record } from "./alert-record.ts";

export interface AlertRunnerOptions {
  readonly database: Database;
  readonly timeZone: string;
  readonly parsers: () => readonly AlertParser[];
  readonly policies: () => AlertPolicies;
  readonly place: FindPlace;
  readonly ingest: (events: readonly NewEvent[]) => Promise<unknown>;
}

const triggers = {
  firing: "alert.firing",
  repeated: "alert.repeated",
  resolved: "alert.resolved",
} as const;

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

export async function receive(
  options: AlertRunnerOptions,
  { parameters, executionId }: RunCall,
): Promise<unknown> {
  const key =
    typeof parameters["message_key"] === "string" && parameters["message_key"] !== ""
      ? parameters["message_key"]
      : executionId;
  const { message, origin } = messageOf(parameters);
  const rawRef = typeof parameters["raw_ref"] === "string" ? parameters["raw_ref"] : "";
  const now = new Date();
  const parsed = parseAlerts(options.parsers(), message, {
    timeZone: options.timeZone,
    now,
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
  for (const [index, alert] of parsed.alerts.entries()) {
    const judged = await judge(options, alert, parsed.identities[index]);
    taken.push(await take(options, judged, { key: `${key}#${index}`, origin, now }));
  }
  const events = taken.flatMap(({ event }) => (event === undefined ? [] : [event]));
  if (events.length > 0) await options.ingest(events);
  return { parsed: true, parser: parsed.parser, alerts: taken.map(({ summary }) => summary) };
}

/** An alert with what the inventory and the site's policies make of it. */
interface JudgedAlert {
  readonly alert: CanonicalAlert;
  /** Fingerprint by the host's name as it was written; the same as the alert's when the inventory does not know the host. */
  readonly byName: string;
  readonly place: FoundPlace;
  readonly urgencyRule: string | undefined;
}

async function judge(
  { place: find, policies }: AlertRunnerOptions,
  parsed: CanonicalAlert,
  identity: AlertIdentity | undefined,
): Promise<JudgedAlert> {
  const place = await find(parsed);
  const { entity } = place;
  const named = identity !== undefined && identity.host !== "" && entity;
  const own = named ? fingerprint({ ...identity, host: entity.id }) : parsed.fingerprint;
  const placed = { ...parsed, ...place, fingerprint: own };
  const { alert, rule } = withUrgency(policies().urgency, placed);
  const { severity, urgency } = alert;
  return {
    alert: { ...parsed, fingerprint: own, severity, urgency },
    byName: parsed.fingerprint,
    place,
    urgencyRule: rule,
  };
}

interface Taken {
  readonly event: NewEvent | undefined;
  readonly summary: JsonObject;
}

/** Counts one alert of a message in, once. */
async function take(
  { database, timeZone }: AlertRunnerOptions,
  judged: JudgedAlert,
  { key, origin, now }: { key: string; origin: JsonObject; now: Date },
): Promise<Taken> {
  return database.transaction(async (tx) => {
    const alert = await identified(tx, judged);
    const day = alertDay(alert.occurred_at, timeZone);
    const counted = await findOccurrence(tx, key);
    if (counted !== undefined) return again(counted.effect, key, counted.document);
    const known = await findAlert(tx, alert.fingerprint, day);
    const decision = correlate({
      alert,
      day,
      existing: known === undefined ? undefined : knownAlert(known),
      messageKey: key,
    });
    const { effect, next } = decision;
    const facts = factsOf(alert, judged);
    if (next !== undefined)
      await saveAlert(tx, {
        ...record(known, facts, next),
        fingerprint: alert.fingerprint,
        day: next.day,
      });
    const recordDay = next?.day ?? day;
    const same = known?.day === recordDay ? known : undefined;
    const payload = {
      ...facts,
      ...told(decision, same, { recordDay, fingerprint: alert.fingerprint, at: alert.occurred_at }),
      received_at: now.toISOString(),
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

/** What events tell of the counts. `before`: the record of that day as it was. */
function told(
  { next, count, ticket, previousTicket, reopened }: Correlation,
  before: AlertRow | undefined,
  { recordDay, fingerprint: name, at }: { recordDay: string; fingerprint: string; at: string },
): JsonObject {
  const { urgency, severity } = facetsOf(before?.document);
  return {
    id: alertId(name, recordDay),
    day: recordDay,
    count,
    first_at: (before?.first_at ?? new Date(at)).toISOString(),
    last_at: next?.lastAt ?? at,
    ticket: ticket ?? null,
    previous_ticket: previousTicket ?? null,
    previous_urgency: urgency ?? null,
    previous_severity: severity ?? null,
    reopened,
  };
}

/** Takes the alert's lock. What was opened before the inventory knew the machine goes on under its first name. */
async function identified(tx: Db, { alert, byName }: JudgedAlert): Promise<CanonicalAlert> {
  const names = [...new Set([alert.fingerprint, byName])].toSorted();
  for (const name of names) await lockAlert(tx, name);
  if (names.length === 1) return alert;
  const older = await openAlert(tx, byName);
  return older === undefined ? alert : { ...alert, fingerprint: byName };
}

/** What is kept and told of an alert beyond its counts. */
function factsOf(alert: CanonicalAlert, { place, urgencyRule }: JudgedAlert): JsonObject {
  const { entity, responsible } = place;
  return {
    ...alert,
    entity_id: entity?.id ?? null,
    entity: entity ? { ...entity } : null,
    owner: responsible,
    urgency_rule: urgencyRule ?? null,
    group_key: alert.fingerprint,
  };
}

function facetsOf(document: unknown): { urgency?: string; severity?: string } {
  if (!isObject(document)) return {};
  const { urgency, severity } = document;
  return {
    ...(typeof urgency === "string" ? { urgency } : {}),
    ...(typeof severity === "string" ? { severity } : {}),
  };
}

function again(effect: string, key: string, payload: unknown): Taken {
  const trigger =
    effect === "firing" || effect === "repeated" || effect === "resolved"
      ? triggers[effect]
      : undefined;
  const document = isObject(payload) ? payload : {};
  const { host_raw, service, count, day, fingerprint: name, id, urgency } = document;
  return {
    event:
      trigger === undefined
        ? undefined
        : { trigger, source: "alert", dedupeKey: `${trigger}:${key}`, payload: document },
    summary: { effect, host_raw, service, count, day, fingerprint: name, id, urgency },
  };
}
