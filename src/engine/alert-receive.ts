/** `alert.receive` and `alert.replay`: a message becomes alerts, is kept as it came, and can be read again. */
import { isOvertaken } from "../alerts/correlate.ts";
import { parseAlerts } from "../alerts/parse.ts";
import { silenceAlert } from "../alerts/silent.ts";
import { passing } from "../model/crash-points.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { heard, keepMessage } from "../store/alert-messages.ts";
import { strayRecovery } from "../store/alerts.ts";
import { judge, type JudgedAlert } from "./alert-judge.ts";
import {
  keptDocument,
  textOfMessage,
  unparsedAlert,
  type ReceivedMessage,
} from "./alert-message.ts";
import { take, type AlertGround, type Taken, type TakenFrom } from "./alert-take.ts";

/** Takes a message in: counts its alerts, keeps it, tells the events. Doing it again changes nothing. */
export async function receiveMessage(
  ground: AlertGround,
  received: ReceivedMessage,
  now = new Date(),
): Promise<JsonObject> {
  const { message, ref } = received;
  const parsed = alertsIn(ground, received, now);
  const taken =
    "unparsed" in parsed
      ? [await takeUnparsed(ground, received, parsed.unparsed, now)]
      : await takeAll(ground, received, parsed, now);
  const sources = "unparsed" in parsed ? [] : parsed.alerts.map(({ source }) => source);
  const back = await hearAgain(ground, received, sources, now);
  const events = [...taken, ...back].flatMap((one) => one.events);
  passing("alert.counted");
  if (events.length > 0) await ground.ingest(events);
  passing("alert.told");
  const summaries = taken.map(({ summary }) => summary);
  await keepMessage(ground.database.db, {
    key: received.key,
    kind: message.kind,
    ref,
    subject: message.kind === "mail" ? message.mail.subject.slice(0, 1_000) : "",
    sender: message.kind === "mail" ? message.mail.from.slice(0, 1_000) : "",
    parser: "unparsed" in parsed ? undefined : parsed.parser,
    reason: "unparsed" in parsed ? parsed.unparsed : undefined,
    alerts: summaries.map(({ id, effect }) => ({ id, effect })),
    document: keptDocument(received),
    raw: received.raw,
  });
  return "unparsed" in parsed
    ? { parsed: false, reason: parsed.unparsed, alerts: summaries }
    : { parsed: true, parser: parsed.parser, alerts: summaries };
}

/** What the parsers of now make of it. A mail that could not be read, and that no parser knows, says why. */
export function alertsIn(
  { parsers, timeZone }: AlertGround,
  { message, ref, fault }: ReceivedMessage,
  now: Date,
): ReturnType<typeof parseAlerts> {
  const parsed = parseAlerts(parsers(), message, { timeZone, now, rawRef: ref });
  return "unparsed" in parsed && fault !== undefined ? { unparsed: fault } : parsed;
}

async function takeAll(
  ground: AlertGround,
  { key, origin }: ReceivedMessage,
  parsed: Extract<ReturnType<typeof parseAlerts>, { parser: string }>,
  now: Date,
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  for (const [index, alert] of parsed.alerts.entries()) {
    const judged = await judge(ground.place, ground.policies(), alert, parsed.identities[index]);
    const first = await take(ground, judged, { key: `${key}#${index}`, origin, now });
    taken.push(first);
    if (first.summary["effect"] === "firing")
      taken.push(...(await overtaken(ground, judged, { key: `${key}#${index}`, origin, now })));
  }
  return taken;
}

/** The recovery of a new alert that came before it: mails overtake each other. It is taken in once more, now that there is something to close. */
async function overtaken(
  ground: AlertGround,
  judged: JudgedAlert,
  from: TakenFrom,
): Promise<readonly Taken[]> {
  const { alert } = judged;
  const at = await strayRecovery(ground.database.db, alert.fingerprint);
  if (at === undefined || !isOvertaken(alert.occurred_at, at)) return [];
  const recovery = { ...alert, status: "resolved" as const, occurred_at: at };
  const key = `${from.key}:overtaken`;
  return [await take(ground, { ...judged, alert: recovery }, { ...from, key })];
}

/** Never dropped: it is an alert itself, and each such message is told. */
async function takeUnparsed(
  ground: AlertGround,
  received: ReceivedMessage,
  reason: string,
  now: Date,
): Promise<Taken> {
  const { key, origin, message } = received;
  const { alert, identity } = unparsedAlert(received, { reason, at: now.toISOString() });
  const judged = await judge(ground.place, ground.policies(), alert, identity);
  const more = { reason, ...origin, text: textOfMessage(message) };
  const taken = await take(ground, judged, { key: `${key}#unparsed`, origin, now, more });
  const [told] = taken.events;
  const payload = isObject(told?.payload) ? told.payload : { ...alert, ...more };
  return { ...taken, events: [unparsedEvent(key, payload)] };
}

function unparsedEvent(key: string, payload: JsonObject): NewEvent {
  return { trigger: "alert.unparsed", source: "alert", dedupeKey: `unparsed:${key}`, payload };
}

/** Sources that were silent and are heard again. */
async function hearAgain(
  ground: AlertGround,
  { message, key }: ReceivedMessage,
  sources: readonly string[],
  now: Date,
): Promise<readonly Taken[]> {
  const way = message.kind === "mail" ? "mail" : "webhook";
  const silent = await heard(ground.database.db, [...new Set([way, ...sources])].toSorted(), now);
  const taken: Taken[] = [];
  for (const { source, last_at: lastAt } of silent) {
    const rule = ground.policies().silent.find((one) => one.source === source);
    if (rule === undefined) continue;
    const alert = silenceAlert(rule, {
      status: "resolved",
      lastAt: lastAt.toISOString(),
      at: now.toISOString(),
    });
    const judged = await judge(ground.place, ground.policies(), alert, undefined);
    taken.push(await take(ground, judged, { key: `${key}#heard:${source}`, origin: {}, now }));
  }
  return taken;
}
