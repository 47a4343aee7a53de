/** What becomes due without a message: alerts that nothing holds back any more, flapping that settled, groups, sources that fell silent.
 *
 * Each step holds the lock of what it looks at, tells first and writes down after it; a step that was told and not written down is told again
 * under the same key, which the ledger knows. */
import { hasSettled } from "../alerts/flapping.ts";
import { groupOf, lookAt } from "../alerts/group.ts";
import { silenceAlert, type SilentRule } from "../alerts/silent.ts";
import { released } from "../alerts/telling.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { loopingSensor } from "../sensors/looping-sensor.ts";
import type { Sensor } from "../sensors/sensor.ts";
import { flappingNow, flappingOf, saveFlapping } from "../store/alert-flapping.ts";
import {
  dueGroups,
  holdGroup,
  membersOf,
  openGroup,
  removeGroup,
  saveGroup,
} from "../store/alert-groups.ts";
import { lastHeard, markSilent } from "../store/alert-messages.ts";
import {
  alertOf,
  heldAlerts,
  lockAlert,
  markTold,
  newestAlert,
  type AlertRow,
} from "../store/alerts.ts";
import { stateOf } from "./alert-flaps.ts";
import { heldBy, judge, matchedOf } from "./alert-judge.ts";
import { knownAlert, shownAlert } from "./alert-record.ts";
import { groupToOpen, take, toldOf, type AlertGround } from "./alert-take.ts";

const batch = 500;

/** `everyMs`: the longest that something due waits. */
export function alertClock(ground: AlertGround, everyMs = 2_000): Sensor {
  return loopingSensor("alert.clock", async (context, pace) => {
    while (!pace.stopped) {
      await tick(ground, context.now());
      await pace.rest(everyMs);
    }
  });
}

/** One look at everything. */
async function tick(ground: AlertGround, now: Date): Promise<void> {
  const { db } = ground.database;
  for (const fingerprint of await flappingNow(db, batch)) await settle(ground, fingerprint, now);
  for (const row of await heldAlerts(db, batch)) await release(ground, row, now);
  for (const { key } of await dueGroups(db, now, batch)) await tellGroup(ground, key, now);
  for (const rule of ground.policies().silent) await listen(ground, rule, now);
}

/** An alert that changed too often and has stayed as it is since. */
async function settle(ground: AlertGround, fingerprint: string, now: Date): Promise<void> {
  await ground.database.transaction(async (tx) => {
    await lockAlert(tx, fingerprint);
    const row = await flappingOf(tx, fingerprint);
    const state = stateOf(row);
    const rule = ground.policies().flapping.find(({ name }) => name === row?.rule);
    if (!state.flapping || (rule !== undefined && !hasSettled(state, now.getTime(), rule))) return;
    const alert = await newestAlert(tx, fingerprint);
    if (alert !== undefined)
      await ground.ingest([
        {
          trigger: "alert.flapping",
          source: "alert",
          dedupeKey: `alert.flapping:settled:${fingerprint}:${state.changes.at(-1) ?? 0}`,
          payload: { ...shownAlert(alert), flapping: false },
        },
      ]);
    const name = rule?.name ?? row?.rule ?? "";
    await saveFlapping(tx, { changes: [], flapping: false, fingerprint, rule: name });
  });
}

/** An alert that was held back: told when nothing holds it any more. */
async function release(
  ground: AlertGround,
  { fingerprint, day }: AlertRow,
  now: Date,
): Promise<void> {
  const { policies, timeZone } = ground;
  const seen = await alertOf(ground.database.db, fingerprint, day);
  if (seen === undefined || seen.held === null) return;
  const matched = matchedOf(seen.document, fingerprint);
  // The inventory is asked before the lock is taken: windows of maintenance come and go.
  const place = await ground.place({ ...matched, occurred_at: "", raw_ref: "" });
  await ground.database.transaction(async (tx) => {
    await lockAlert(tx, fingerprint);
    const row = await alertOf(tx, fingerprint, day);
    if (row === undefined || row.held === null) return;
    const flaps = stateOf(await flappingOf(tx, fingerprint)).flapping;
    const site = { policies: policies(), timeZone };
    const held = await heldBy(tx, site, { alert: matched, place, now });
    const over = knownAlert(row).status === "resolved";
    if (flaps || (!over && held.length > 0)) return;
    const told = toldOf(row);
    const event = released(knownAlert(row).status, told);
    if (event !== undefined)
      await ground.ingest([
        {
          trigger: `alert.${event}`,
          source: "alert",
          dedupeKey: `alert.${event}:released:${fingerprint}:${day}:${row.count}`,
          payload: releasedPayload(row, over),
        },
      ]);
    const group = over ? undefined : groupOf(policies().groups, matched, day);
    if (group !== undefined && group.key === row.group_key)
      await openGroup(tx, groupToOpen(group, now));
    await markTold(tx, row, {
      told: event === undefined ? told : over ? "resolved" : "firing",
      held: null,
    });
  });
}

function releasedPayload(row: AlertRow, over: boolean): JsonObject {
  const { facts: _facts, ...shown } = shownAlert(row);
  return {
    ...shown,
    status: over ? "resolved" : "firing",
    suppressed_by: [],
    flapping: false,
    released: true,
    previous_ticket: null,
    previous_urgency: null,
    previous_severity: null,
    reopened: row.told === "resolved",
    mail: {},
  };
}

/** A group whose time has come. */
async function tellGroup(ground: AlertGround, key: string, now: Date): Promise<void> {
  await ground.database.transaction(async (tx) => {
    const group = await holdGroup(tx, key);
    if (group === undefined || group.due_at > now) return;
    const rule = ground.policies().groups.find(({ name }) => name === group.rule);
    const members = await membersOf(tx, key);
    const ids = members.map(({ fingerprint, day }) => `${fingerprint.slice(0, 16)}-${day}`);
    const before = {
      told: Array.isArray(group.told) ? group.told.map(String) : undefined,
      toldAt: group.told_at?.getTime() ?? 0,
    };
    const { event, next } = lookAt(before, ids, now.getTime(), rule?.repeatMs ?? 0);
    if (event !== undefined)
      await ground.ingest([
        {
          trigger: `alert.group.${event}`,
          source: "alert",
          dedupeKey: `alert.group.${event}:${key}:${group.opened_at.getTime()}:${group.due_at.getTime()}`,
          payload: {
            group_key: key,
            rule: group.rule,
            labels: group.labels,
            count: members.length,
            opened_at: group.opened_at.toISOString(),
            alerts: members.slice(0, 100).map((member) => memberView(member)),
          },
        },
      ]);
    if (next.told === undefined) return removeGroup(tx, key);
    const dueAt = new Date(now.getTime() + (rule?.intervalMs ?? 300_000));
    await saveGroup(tx, key, { dueAt, told: next.told, toldAt: new Date(next.toldAt) });
  });
}

function memberView(row: AlertRow): JsonObject {
  const { id, source, host_raw, service, severity, urgency, summary, ...rest } = shownAlert(row);
  const { count, ticket, first_at, last_at, entity, owner } = rest;
  return {
    id,
    source,
    host_raw,
    service,
    severity,
    urgency,
    summary,
    count,
    ticket,
    first_at,
    last_at,
    entity,
    owner,
  };
}

/** A source from which nothing came for too long. */
async function listen(ground: AlertGround, rule: SilentRule, now: Date): Promise<void> {
  const { db } = ground.database;
  const { source, last_at: lastAt, silent_since: since } = await lastHeard(db, rule.source, now);
  if (since !== null || now.getTime() - lastAt.getTime() < rule.afterMs) return;
  const at = lastAt.toISOString();
  const alert = silenceAlert(rule, { status: "firing", lastAt: at, at: now.toISOString() });
  const judged = await judge(ground.place, ground.policies(), alert, undefined);
  const key = `silent:${source}:${at}`;
  const { events } = await take(ground, judged, { key, origin: {}, now });
  const [first] = events;
  const payload = isObject(first?.payload) ? first.payload : { ...alert };
  const silent = { ...payload, rule: rule.name, last_heard_at: at };
  await ground.ingest([...events, silentEvent(key, silent)]);
  await markSilent(db, source, now);
}

function silentEvent(key: string, payload: JsonObject) {
  return {
    trigger: "alert.source_silent",
    source: "alert",
    dedupeKey: `alert.source_silent:${key}`,
    payload,
  };
}
