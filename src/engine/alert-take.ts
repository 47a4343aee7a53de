/** Counts one alert of a message in.
 *
 * 1. A message counts once, whatever happens: its key is stored with what it did; taking it again tells the same events again, and the ledger
 *    knows them already.
 * 2. Messages of one alert are taken one after the other: its lock is held until the transaction ends.
 * 3. What rules heard of an alert stands in its row, so that nothing is told twice and nothing that was held back is forgotten. */
import type { CanonicalAlert } from "../alerts/alert.ts";
import { acknowledgement, correlate, type Correlation } from "../alerts/correlate.ts";
import type { AlertParser } from "../alerts/definition.ts";
import { groupOf, type GroupOf } from "../alerts/group.ts";
import { samenessOf, type AlertPolicies } from "../alerts/policy.ts";
import { telling, type Telling, type Told } from "../alerts/telling.ts";
import { alertDay } from "../alerts/time.ts";
import { passing } from "../model/crash-points.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { openGroup } from "../store/alert-groups.ts";
import {
  closeEarlier,
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
import { flapsAfter } from "./alert-flaps.ts";
import { factsOf, heldBy, type JudgedAlert } from "./alert-judge.ts";
import type { FindPlace } from "./alert-place.ts";
import { alertId, heldOf, knownAlert, record } from "./alert-record.ts";
import { Lanes } from "./lanes.ts";

/** Messages of one alert, in this process. */
const lanes = new Lanes();

/** What taking alerts in stands on. */
export interface AlertGround {
  readonly database: Database;
  readonly timeZone: string;
  readonly parsers: () => readonly AlertParser[];
  readonly policies: () => AlertPolicies;
  readonly place: FindPlace;
  readonly ingest: (events: readonly NewEvent[]) => Promise<unknown>;
}

export interface TakenFrom {
  /** Names this alert of this message. */
  readonly key: string;
  readonly origin: JsonObject;
  readonly now: Date;
  /** Goes into the events as it is. */
  readonly more?: JsonObject;
}

export interface Taken {
  readonly events: readonly NewEvent[];
  readonly summary: JsonObject;
}

export function take(ground: AlertGround, judged: JudgedAlert, from: TakenFrom): Promise<Taken> {
  return lanes.run(judged.alert.fingerprint, () => takeNow(ground, judged, from));
}

function takeNow(
  ground: AlertGround,
  judged: JudgedAlert,
  { key, origin, now, more = {} }: TakenFrom,
): Promise<Taken> {
  return ground.database.transaction(async (tx) => {
    const alert = await identified(tx, judged);
    const counted = await findOccurrence(tx, key);
    if (counted !== undefined) return again(counted.effect, key, counted.document);
    const day = alertDay(alert.occurred_at, ground.timeZone);
    const seen = await decide(tx, ground, {
      alert,
      judged,
      day,
      now,
      key,
      byHand: more["by"] !== undefined,
    });
    const payload = {
      ...seen.facts,
      ...seen.told,
      ...(alert.class === acknowledgement ? whoTook(alert) : {}),
      ...more,
      received_at: now.toISOString(),
      mail: origin,
    };
    await saveOccurrence(tx, {
      message_key: key,
      fingerprint: alert.fingerprint,
      day: seen.recordDay,
      effect: seen.effect,
      document: { ...payload, events: seen.events },
    });
    passing("alert.before-commit");
    return again(seen.effect, key, { ...payload, events: seen.events });
  });
}

/** Takes the alert's lock. What was opened before the inventory knew the machine goes on under its first name. */
async function identified(tx: Db, { alert, byName }: JudgedAlert): Promise<CanonicalAlert> {
  const names = [...new Set([alert.fingerprint, byName])].toSorted();
  for (const name of names) await lockAlert(tx, name);
  if (names.length === 1) return alert;
  const older = await openAlert(tx, byName);
  return older === undefined ? alert : { ...alert, fingerprint: byName };
}

interface Deciding {
  readonly alert: CanonicalAlert;
  readonly judged: JudgedAlert;
  readonly day: string;
  readonly now: Date;
  readonly key: string;
  readonly byHand: boolean;
}

interface Decided {
  readonly effect: Correlation["effect"];
  readonly recordDay: string;
  readonly facts: JsonObject;
  readonly told: JsonObject;
  readonly events: readonly string[];
}

async function decide(
  tx: Db,
  { policies: current, timeZone }: AlertGround,
  { alert, judged, day, now, key, byHand }: Deciding,
): Promise<Decided> {
  const policies = current();
  const { place } = judged;
  const matched = { ...alert, ...place };
  const known = await findAlert(tx, alert.fingerprint, day);
  const decision = correlate({
    alert,
    day,
    existing: known && knownAlert(known),
    messageKey: key,
    same: samenessOf(policies.same, matched),
  });
  const recordDay = decision.next?.day ?? day;
  const before = known?.day === recordDay ? known : undefined;
  const held = await heldBy(tx, { policies, timeZone }, { alert: matched, place, now });
  const at = alert.occurred_at;
  const flaps = await flapsAfter(tx, policies.flapping, { alert: matched, decision, at, known });
  const said = telling({
    effect: decision.effect,
    told: toldOf(before),
    held: heldOf(before),
    suppressions: [...held, ...flaps.suppressions],
  });
  const group = groupOf(policies.groups, matched, recordDay);
  const groupKey = before?.group_key ?? group?.key ?? null;
  const facts = { ...factsOf(alert, judged), group_key: groupKey ?? alert.fingerprint };
  const earlier = await write(tx, { decision, said, known, facts, group, groupKey, now });
  const told = {
    ...counts(decision, before, { recordDay, alert }),
    suppressed_by: reasonsOf(said),
    flapping: flaps.flapping,
    earlier_tickets: [...earlier],
  };
  const taken = isTaken(alert, decision, { byHand, before });
  const events = eventsOf(said, { flapping: flaps.started, taken });
  return { effect: decision.effect, recordDay, facts, told, events };
}

/** Whether rules are to hear that somebody looks after it: of monitors, which say so again with every update, once. */
function isTaken(
  alert: CanonicalAlert,
  { next }: Correlation,
  { byHand, before }: { readonly byHand: boolean; readonly before: AlertRow | undefined },
): boolean {
  if (alert.class !== acknowledgement || next?.status !== "acked") return false;
  return byHand || before?.status !== "acked";
}

/** Who acknowledged it, as the monitor says. */
function whoTook({ labels, source }: CanonicalAlert): JsonObject {
  const { author = "", comment = "" } = labels;
  return { by: author, comment, noted_in: source };
}

function reasonsOf({ held }: Telling): readonly JsonObject[] {
  return (held ?? []).map((one) => ({ ...one }));
}

interface Writing {
  readonly decision: Correlation;
  readonly said: Telling;
  readonly known: AlertRow | undefined;
  readonly facts: JsonObject & { readonly fingerprint: string };
  readonly group: GroupOf | undefined;
  readonly groupKey: string | null;
  readonly now: Date;
}

/** Gives the tickets of earlier records that are over with this one. */
async function write(
  tx: Db,
  { decision: { effect, next }, said, known, facts, group, groupKey, now }: Writing,
): Promise<readonly string[]> {
  if (next === undefined) return [];
  const { fingerprint } = facts;
  const values = { ...record(known, facts, next), told: said.told, held: said.held, groupKey };
  await saveAlert(tx, { ...values, fingerprint, day: next.day });
  if (group?.key === groupKey && group !== undefined && said.told === "firing")
    await openGroup(tx, groupToOpen(group, now));
  return effect === "resolved" ? closeEarlier(tx, fingerprint, next.day) : [];
}

export function groupToOpen(
  { key, rule, labels }: GroupOf,
  now: Date,
): { key: string; rule: string; labels: JsonObject; dueAt: Date } {
  return { key, rule: rule.name, labels, dueAt: new Date(now.getTime() + rule.waitMs) };
}

function eventsOf(
  { event }: Telling,
  { flapping, taken }: { readonly flapping: boolean; readonly taken: boolean },
): readonly string[] {
  return [
    ...(event === undefined ? [] : [`alert.${event}`]),
    ...(flapping ? ["alert.flapping"] : []),
    ...(taken ? ["alert.acknowledged"] : []),
  ];
}

export function toldOf(row: Pick<AlertRow, "told"> | undefined): Told {
  const told = row?.told ?? null;
  return told === "firing" || told === "resolved" ? told : null;
}

/** What events tell of the counts. `before`: the record of that day as it was. */
function counts(
  { next, count, ticket, previousTicket, reopened }: Correlation,
  before: AlertRow | undefined,
  { recordDay, alert }: { readonly recordDay: string; readonly alert: CanonicalAlert },
): JsonObject {
  const { urgency, severity } = facetsOf(before?.document);
  return {
    id: alertId(alert.fingerprint, recordDay),
    day: recordDay,
    count,
    first_at: (before?.first_at ?? new Date(alert.occurred_at)).toISOString(),
    last_at: next?.lastAt ?? alert.occurred_at,
    ticket: ticket ?? null,
    previous_ticket: previousTicket ?? null,
    previous_urgency: urgency ?? null,
    previous_severity: severity ?? null,
    reopened,
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

/** Occurrences of before there were `events` say by their effect what was told. */
const toldByEffect: Readonly<Record<string, readonly string[]>> = {
  firing: ["alert.firing"],
  repeated: ["alert.repeated"],
  resolved: ["alert.resolved"],
};

function again(effect: string, key: string, stored: unknown): Taken {
  const { events, ...payload } = isObject(stored) ? stored : {};
  const told = Array.isArray(events) ? events.map(String) : (toldByEffect[effect] ?? []);
  const { host_raw, service, count, day, fingerprint: name, id, urgency, suppressed_by } = payload;
  return {
    events: told.map((trigger) => ({
      trigger,
      source: "alert",
      dedupeKey: `${trigger}:${key}`,
      payload,
    })),
    summary: {
      effect,
      host_raw,
      service,
      count,
      day,
      fingerprint: name,
      id,
      urgency,
      suppressed_by,
    },
  };
}
