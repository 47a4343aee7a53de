import type { NewEvent } from "../../model/events.ts";
import { mailKey, rawHeaders, sha256Hex } from "./head.ts";
import { clean, MailParserAway, type ParsedMail, type ParseMail } from "./parse.ts";

/** Bytes of the raw mail that are kept in the event; the rest is known by size and hash only. */
export const rawBound = 1_048_576;

/** What both mail triggers carry beside the fields of `ParsedMail`. */
export interface MailPayload extends ParsedMail {
  readonly has_attachments: boolean;
  /** The raw mail in base64: all of it up to `rawBound` bytes, else its first `rawBound` bytes. */
  readonly raw: string;
  readonly raw_truncated: boolean;
  readonly raw_sha256: string;
  /** Why the mail could not be parsed; null when it was. Then the fields hold only what the header lines say, undecoded. */
  readonly parse_error: string | null;
  /** What the mail is called in deduplication: its Message-ID, or `sha256:…`. */
  readonly message_key: string;
}

/** Parses and packs one mail: one that cannot be parsed keeps its raw text and says why. Rejects only with MailParserAway. */
export async function mailPayload(raw: Uint8Array, parse: ParseMail): Promise<MailPayload> {
  let parsed: ParsedMail;
  let parseError: string | null = null;
  try {
    parsed = await parse(raw);
  } catch (error) {
    if (error instanceof MailParserAway) throw error;
    parsed = unparsedMail(raw);
    parseError = clean(error instanceof Error ? error.message : String(error)).slice(0, 1_000);
  }
  return {
    ...parsed,
    has_attachments: parsed.attachments.length > 0,
    raw: Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, rawBound)).toString("base64"),
    raw_truncated: raw.length > rawBound,
    raw_sha256: sha256Hex(raw),
    parse_error: parseError,
    message_key: clean(mailKey(raw)),
  };
}

/** The event of one mail. `compat`: what only this trigger carries (envelope, UID, the Exchange pack's names). */
export function mailEvent(
  trigger: string,
  source: string,
  payload: MailPayload,
  compat: Readonly<Record<string, unknown>>,
): NewEvent {
  return { trigger, source, dedupeKey: payload.message_key, payload: { ...payload, ...compat } };
}

/** What can be said of a mail without parsing it. */
export function unparsedMail(raw: Uint8Array): ParsedMail {
  const headers = rawHeaders(raw).slice(0, 100);
  const value = (wanted: string): string => {
    const found = headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
    return clean(Buffer.from(found, "latin1").toString("utf8")).slice(0, 1_000);
  };
  return {
    message_id: value("message-id").replace(/[<>\s]/g, ""),
    from: value("from"),
    to: value("to"),
    cc: value("cc"),
    reply_to: value("reply-to"),
    subject: value("subject"),
    date: "",
    text: "",
    html: "",
    headers: headers.map(([name]) => [clean(name), value(name.toLowerCase())] as const),
    attachments: [],
    size: raw.length,
    charset_repaired: false,
    truncated: false,
  };
}
