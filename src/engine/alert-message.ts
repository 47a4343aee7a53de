/** Messages as `alert.receive` is given them, and as they are kept. */
import type { AlertMessage, CanonicalAlert } from "../alerts/alert.ts";
import { alertBounds } from "../alerts/alert.ts";
import { fingerprint, type AlertIdentity } from "../alerts/fingerprint.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { MessageRow } from "../store/alert-messages.ts";

export interface ReceivedMessage {
  /** The same delivery has the same key. */
  readonly key: string;
  readonly message: AlertMessage;
  /** Of a mail: `{message_id, subject, from}`. */
  readonly origin: JsonObject;
  readonly ref: string;
  /** A mail as it came; undefined when it is not at hand. */
  readonly raw: Buffer | undefined;
  /** Why a mail could not be read as a whole; undefined when it could. */
  readonly fault?: string;
}

/** `fallbackKey`: for messages that have no name. */
export function readMessage(parameters: JsonObject, fallbackKey: string): ReceivedMessage {
  const { mail, body, message_key: named, raw_ref: ref } = parameters;
  const key = typeof named === "string" && named !== "" ? named : fallbackKey;
  const common = { key, ref: typeof ref === "string" ? ref : "" };
  if (!isObject(mail))
    return {
      ...common,
      message: { kind: "json", body: storable(body) },
      origin: {},
      raw: undefined,
    };
  const field = (name: string): string => (typeof mail[name] === "string" ? mail[name] : "");
  const subject = field("subject");
  const from = field("from");
  const headers = Array.isArray(mail["headers"]) ? mail["headers"].filter(isHeader) : [];
  const [to, cc, text, date] = [field("to"), field("cc"), field("text"), field("date")];
  const [raw, fault] = [field("raw"), field("parse_error")];
  return {
    ...common,
    ...(fault === "" ? {} : { fault }),
    message: { kind: "mail", mail: { subject, from, to, cc, text, date, headers } },
    origin: { message_id: field("message_id"), subject, from },
    raw: raw === "" ? undefined : Buffer.from(raw, "base64"),
  };
}

function isHeader(pair: unknown): pair is [string, string] {
  return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
}

/** What the database takes: it knows no NUL and no half of a surrogate pair. */
function storable(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\u0000", "\ufffd").toWellFormed();
  if (Array.isArray(value)) return value.map(storable);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [String(storable(name)), storable(inner)]),
  );
}

/** What of a message is kept, for `restored`. */
export function keptDocument({ message, origin, fault }: ReceivedMessage): JsonObject {
  return message.kind === "mail"
    ? {
        mail: {
          ...message.mail,
          headers: (message.mail.headers ?? []).map((pair) => [...pair]),
          ...(fault === undefined ? {} : { parse_error: fault }),
        },
        origin,
      }
    : { body: message.body ?? null };
}

/** The message as it was received; a mail that no parser knew is read anew, with the readers of now. */
export async function replayed(row: MessageRow, readMail: ReadMail): Promise<ReceivedMessage> {
  const kept = restored(row);
  const { raw, key, ref, message } = kept;
  if (raw === undefined || message.kind !== "mail" || row.parser !== null) return kept;
  const mail = await readMail(raw);
  const anew = readMessage({ mail, message_key: key, raw_ref: ref }, key);
  return anew.fault === undefined ? { ...anew, raw } : kept;
}

function restored({ key, kind, ref, document, raw }: MessageRow): ReceivedMessage {
  const kept = isObject(document) ? document : {};
  const read = readMessage(
    kind === "mail"
      ? { mail: kept["mail"], message_key: key, raw_ref: ref }
      : { body: kept["body"], message_key: key, raw_ref: ref },
    key,
  );
  const origin = isObject(kept["origin"]) ? kept["origin"] : {};
  return { ...read, origin, raw: raw ?? undefined };
}

/** Gives the fields of a mail of which the bytes are kept, as in the payload of its event. */
export type ReadMail = (raw: Buffer) => Promise<JsonObject>;

/** What a mail or a body says in words. */
export function textOfMessage(message: AlertMessage): string {
  const text = message.kind === "mail" ? message.mail.text : JSON.stringify(message.body ?? null);
  return text.slice(0, alertBounds.detail);
}

/** The alert that a message nobody can read is. Mails of one sender with the same subject, numbers aside, are the same alert. */
export function unparsedAlert(
  { message, ref }: ReceivedMessage,
  { reason, at }: { readonly reason: string; readonly at: string },
): { readonly alert: CanonicalAlert; readonly identity: AlertIdentity } {
  const { subject, from } = message.kind === "mail" ? message.mail : { subject: "", from: "" };
  const named = subject === "" ? "message of a webhook" : subject;
  const identity = { source: "unparsed", host: "", service: "", subject: `${from} ${named}` };
  const alert: CanonicalAlert = {
    source: "unparsed",
    source_ref: "",
    class: "unparsed",
    status: "firing",
    severity: "unknown",
    urgency: "business_day",
    host_raw: "",
    service: "",
    summary: named.replace(/\s+/g, " ").slice(0, alertBounds.summary),
    detail: textOfMessage(message),
    occurred_at: at,
    labels: { from, reason: reason.slice(0, alertBounds.label) },
    fingerprint: fingerprint(identity),
    raw_ref: ref,
  };
  return { alert, identity };
}
