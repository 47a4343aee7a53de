/** What the inventory and the site's policies make of an alert. */
import type { AlertSeverity, AlertStatus, CanonicalAlert } from "../alerts/alert.ts";
import { alertSeverities, alertStatuses, alertUrgencies } from "../alerts/alert.ts";
import { DocumentNode } from "../alerts/document.ts";
import { fingerprint, type AlertIdentity } from "../alerts/fingerprint.ts";
import { matches, readMatchers, type MatchedAlert } from "../alerts/matcher.ts";
import { withUrgency, type AlertPolicies } from "../alerts/policy.ts";
import {
  suppressionsOf,
  type OpenAlert,
  type Silence,
  type Suppression,
} from "../alerts/suppress.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { activeSilences, type SilenceRow } from "../store/alert-silences.ts";
import { openAlerts, type AlertRow } from "../store/alerts.ts";
import type { Db } from "../store/schema.ts";
import type { FindPlace, FoundPlace } from "./alert-place.ts";

export interface JudgedAlert {
  readonly alert: CanonicalAlert;
  /** Fingerprint by the host's name as it was written; the same as the alert's when the inventory does not know the host. */
  readonly byName: string;
  readonly place: FoundPlace;
  readonly urgencyRule: string | undefined;
}

export async function judge(
  find: FindPlace,
  policies: AlertPolicies,
  parsed: CanonicalAlert,
  identity: AlertIdentity | undefined,
): Promise<JudgedAlert> {
  const place = await find(parsed);
  const { entity } = place;
  const named = identity !== undefined && identity.host !== "" && entity;
  const own = named ? fingerprint({ ...identity, host: entity.id }) : parsed.fingerprint;
  const { alert, rule } = withUrgency(policies.urgency, { ...parsed, ...place, fingerprint: own });
  const { severity, urgency } = alert;
  return {
    alert: { ...parsed, fingerprint: own, severity, urgency },
    byName: parsed.fingerprint,
    place,
    urgencyRule: rule,
  };
}

/** What is kept and told of an alert beyond its counts. */
export function factsOf(
  alert: CanonicalAlert,
  { place, urgencyRule }: JudgedAlert,
): CanonicalAlert & JsonObject {
  const { entity, responsible, belongs } = place;
  return {
    ...alert,
    entity_id: entity?.id ?? null,
    entity: entity ? { ...entity } : null,
    owner: responsible,
    belongs_to: [...(belongs ?? [])],
    urgency_rule: urgencyRule ?? null,
  };
}

/** An alert that is kept, for conditions. */
export function matchedOf(document: unknown, name: string): MatchedAlert {
  const kept = isObject(document) ? document : {};
  const text = (key: string): string => (typeof kept[key] === "string" ? kept[key] : "");
  const among = <Name extends string>(names: readonly Name[], key: string, usual: Name): Name =>
    names.find((one) => one === kept[key]) ?? usual;
  const { entity, owner, belongs_to: belongs, labels } = kept;
  const responsible = isObject(owner) ? owner : {};
  const { person, team } = responsible;
  return {
    source: text("source"),
    source_ref: text("source_ref"),
    class: text("class"),
    status: among<AlertStatus>(alertStatuses, "status", "firing"),
    severity: among<AlertSeverity>(alertSeverities, "severity", "unknown"),
    urgency: among(alertUrgencies, "urgency", "business_day"),
    host_raw: text("host_raw"),
    service: text("service"),
    summary: text("summary"),
    detail: text("detail"),
    labels: textsOf(labels),
    fingerprint: name,
    entity: isObject(entity) ? entityOf(entity) : null,
    owner: textIn(person, "login"),
    team: textIn(team, "code"),
    belongs: Array.isArray(belongs) ? belongs.map(String) : [],
  };
}

function textIn(value: unknown, name: string): string | null {
  const text = isObject(value) ? value[name] : undefined;
  return typeof text === "string" ? text : null;
}

function entityOf({ id, type, name }: JsonObject): { id: string; type: string; name: string } {
  return { id: String(id), type: String(type), name: String(name) };
}

function textsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) =>
      typeof text === "string" ? [[name, text] as const] : [],
    ),
  );
}

/** Newest open alerts that may inhibit others. */
const mostOpen = 5_000;

/** Everything that keeps the alert from being told now, flapping aside. */
export async function heldBy(
  db: Db,
  { policies, timeZone }: { readonly policies: AlertPolicies; readonly timeZone: string },
  { alert, place, now }: { alert: MatchedAlert; place: Pick<FoundPlace, "planned">; now: Date },
): Promise<readonly Suppression[]> {
  const inhibited = policies.inhibit.some(({ target }) => matches(target, alert));
  return suppressionsOf({
    alert,
    now: now.getTime(),
    timeZone,
    silences: (await activeSilences(db, now)).map(silenceOf),
    maintenance: policies.maintenance,
    planned: place.planned,
    inhibit: policies.inhibit,
    open: inhibited ? (await openAlerts(db, mostOpen)).map(openOf) : [],
  });
}

export function silenceOf({ id, match, starts_at, ends_at }: SilenceRow): Silence {
  return {
    id,
    match: readMatchers(new DocumentNode(match, "/match", [])),
    startsAt: starts_at.getTime(),
    endsAt: ends_at.getTime(),
  };
}

function openOf({ document, fingerprint: name, day, last_at }: AlertRow): OpenAlert {
  return {
    ...matchedOf(document, name),
    id: `${name.slice(0, 16)}-${day}`,
    lastAt: last_at.getTime(),
  };
}
