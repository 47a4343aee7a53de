import { isObject } from "../model/json.ts";
import {
  alertBounds,
  alertSeverities,
  alertStatuses,
  alertUrgencies,
  type AlertMail,
  type AlertMessage,
  type AlertSeverity,
  type CanonicalAlert,
  type ParsedMember,
} from "./alert.ts";
import type { AlertParser } from "./definition.ts";
import {
  blocksOf,
  evaluate,
  flatten,
  holds,
  linesOf,
  runStep,
  type Fields,
  type Parts,
} from "./extract.ts";
import { fingerprint, type AlertIdentity } from "./fingerprint.ts";
import { parseTime } from "./time.ts";

export interface ParseOptions {
  /** The site's zone, for stamps without one. */
  readonly timeZone: string;
  /** Time of receipt, for messages without any stamp. */
  readonly now: Date;
  /** Where the raw message is kept; goes into the alerts as it is. */
  readonly rawRef?: string;
}

/** A message may carry several alerts (Alertmanager groups them); there is always at least one, or a reason. */
export type ParsedAlerts =
  | {
      readonly alerts: readonly CanonicalAlert[];
      /** Of each alert, what its fingerprint is made of. */
      readonly identities: readonly AlertIdentity[];
      readonly parser: string;
    }
  | { readonly unparsed: string };

/** Brings a message into canonical alerts with the first parser that matches and finds what it requires. */
export function parseAlerts(
  parsers: readonly AlertParser[],
  given: AlertMessage,
  options: ParseOptions,
): ParsedAlerts {
  const reasons: string[] = [];
  for (const parser of parsers) {
    if (parser.input !== given.kind) continue;
    const message = unfolded(given, parser.unfold);
    const parts = partsOf(message, parser.fold);
    if (!parser.match.every((condition) => holds(condition, parts))) continue;
    const found = fieldSets(parser, message, parts);
    const missing = found.flatMap((fields) =>
      parser.require.filter((name) => (fields.get(name) ?? "") === ""),
    );
    if (found.length === 0) reasons.push(`${parser.ref} matches but finds no alert in it`);
    else if (missing.length > 0) {
      reasons.push(`${parser.ref} matches but finds no ${[...new Set(missing)].join(", ")}`);
    } else {
      const made = found.map((fields) => alertOf(parser, fields, { ...options, message }));
      const alerts = made.map(({ alert }) => alert);
      const identities = made.map(({ identity }) => identity);
      return { alerts, identities, parser: parser.ref };
    }
  }
  return { unparsed: reasons.length > 0 ? reasons.join("; ") : "no parser matches" };
}

/** The message with JSON in place of texts that hold JSON. */
function unfolded(message: AlertMessage, paths: readonly string[]): AlertMessage {
  if (message.kind !== "json" || !isObject(message.body)) return message;
  const body = { ...message.body };
  for (const path of paths) {
    const text = body[path];
    if (typeof text === "string") body[path] = jsonOf(text) ?? text;
  }
  return { kind: "json", body };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function partsOf(message: AlertMessage, fold: boolean): Parts {
  const parts = new Map<string, string[]>();
  const add = (name: string, text: string | undefined): void => {
    const own = linesOf(text ?? "");
    parts.set(name, fold ? own.map((line) => line.normalize("NFKC")) : own);
  };
  if (message.kind === "json") {
    const fields: Fields = new Map();
    flatten(message.body, fields);
    for (const [path, value] of fields) add(path, value);
    return parts;
  }
  const { mail } = message;
  for (const name of ["subject", "from", "to", "cc", "text"] as const) add(name, mail[name]);
  for (const [name, value] of mail.headers ?? []) {
    const part = `header.${name.toLowerCase()}`;
    if (!parts.has(part)) add(part, value);
  }
  return parts;
}

/** The fields of each alert in the message. */
function fieldSets(parser: AlertParser, message: AlertMessage, parts: Parts): Fields[] {
  if (message.kind === "json") {
    return elementsOf(parser, message.body).map((element) => {
      const fields: Fields = new Map();
      flatten(element, fields);
      for (const step of parser.extract) runStep(step, parts, fields);
      return fields;
    });
  }
  const start = (more: Iterable<[string, string]>): Fields =>
    new Map([...mailFields(message.mail), ...more]);
  if (parser.repeat?.kind === "blocks") {
    return blocksOf(parser.repeat, parts).map(({ lines, heading }) => {
      const fields = start(heading);
      const own = new Map([...parts, ["block", lines] as const]);
      for (const step of parser.extract) runStep(step, own, fields);
      return fields;
    });
  }
  const fields = start([]);
  for (const step of parser.extract) runStep(step, parts, fields);
  return [fields];
}

function elementsOf(parser: AlertParser, body: unknown): readonly unknown[] {
  if (parser.repeat?.kind !== "path") return [body];
  let at: unknown = body;
  for (const key of parser.repeat.path.split(".")) at = isObject(at) ? at[key] : undefined;
  return Array.isArray(at) ? at.slice(0, alertBounds.alerts) : [];
}

function mailFields(mail: AlertMail): Array<[string, string]> {
  return [
    ["subject", mail.subject],
    ["from", mail.from],
    ["date", mail.date ?? ""],
    ["text", mail.text.slice(0, alertBounds.detail)],
  ];
}

function alertOf(
  parser: AlertParser,
  fields: Fields,
  options: ParseOptions & { readonly message: AlertMessage },
): { readonly alert: CanonicalAlert; readonly identity: AlertIdentity } {
  const member = (name: ParsedMember, length: number = alertBounds.member): string => {
    const value = parser.members[name];
    return value === undefined ? "" : evaluate(value, fields).slice(0, length);
  };
  const severity = oneOf(alertSeverities, member("severity"), "unknown");
  const alert = {
    source: parser.source,
    source_ref: member("source_ref"),
    class: member("class"),
    status: oneOf(alertStatuses, member("status"), "firing"),
    severity,
    urgency: oneOf(alertUrgencies, member("urgency"), defaultUrgency(severity)),
    host_raw: member("host_raw"),
    service: member("service"),
    summary: member("summary", alertBounds.summary).replace(/\s+/g, " "),
    detail: member("detail", alertBounds.detail),
    occurred_at: occurredAt(parser, member("occurred_at"), options),
    labels: labelsOf(parser, fields),
    raw_ref: options.rawRef ?? "",
  };
  const identity = identityOf(parser, alert, options.message);
  return { alert: { ...alert, fingerprint: fingerprint(identity) }, identity };
}

function defaultUrgency(severity: AlertSeverity): "immediate" | "business_day" {
  return severity === "critical" ? "immediate" : "business_day";
}

function oneOf<Name extends string>(names: readonly Name[], found: string, fallback: Name): Name {
  return names.find((name) => name === found) ?? fallback;
}

function occurredAt(
  parser: AlertParser,
  stamp: string,
  options: ParseOptions & { readonly message: AlertMessage },
): string {
  const zone = parser.timeZone ?? options.timeZone;
  const own = stamp === "" ? undefined : parseTime(stamp, zone);
  const date = options.message.kind === "mail" ? (options.message.mail.date ?? "") : "";
  const sent = date === "" ? undefined : parseTime(date, zone);
  return new Date(own ?? sent ?? options.now.getTime()).toISOString();
}

function labelsOf(parser: AlertParser, fields: Fields): Record<string, string> {
  const labels = new Map<string, string>();
  if (parser.labelsFrom !== undefined) {
    const prefix = `${parser.labelsFrom}.`;
    for (const [name, value] of fields) {
      if (name.startsWith(prefix)) labels.set(name.slice(prefix.length), value);
    }
  }
  for (const [name, value] of parser.labels) labels.set(name, evaluate(value, fields));
  return Object.fromEntries(
    [...labels]
      .filter(([name, value]) => value !== "" && name !== "__proto__")
      .slice(0, alertBounds.labels)
      .map(([name, value]) => [name, value.slice(0, alertBounds.label)]),
  );
}

function identityOf(
  parser: AlertParser,
  alert: Omit<CanonicalAlert, "fingerprint">,
  message: AlertMessage,
): AlertIdentity {
  const wanted = new Set(parser.identity);
  const more = parser.identity
    .filter((part) => part !== "host" && part !== "service")
    .flatMap((part) => identityPart(part, parser, alert));
  return {
    source: alert.source,
    host: wanted.has("host") ? alert.host_raw : "",
    service: wanted.has("service") ? alert.service : "",
    more,
    subject: message.kind === "mail" ? message.mail.subject : alert.summary,
  };
}

function identityPart(
  part: string,
  parser: AlertParser,
  alert: Omit<CanonicalAlert, "fingerprint">,
): string[] {
  if (part === "class") return [alert.class];
  if (part === "source_ref") return [alert.source_ref];
  if (part.startsWith("labels.")) return [alert.labels[part.slice("labels.".length)] ?? ""];
  return Object.entries(alert.labels)
    .filter(([name]) => !parser.identityIgnore.includes(name))
    .map(([name, value]) => `${name}=${value}`)
    .toSorted();
}
