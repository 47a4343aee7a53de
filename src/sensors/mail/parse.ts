import { simpleParser, type AddressObject, type Attachment } from "mailparser";
import { repairCharset } from "./charset.ts";
import { messageId, rawHeaders } from "./head.ts";
import { htmlToText } from "./html-text.ts";

/** A mail as plain JSON, safe for PostgreSQL (no NUL, no lone surrogates). Text fields are "" when the mail has none. */
export interface ParsedMail {
  /** Without angle brackets. */
  readonly message_id: string;
  /** `Name <address>`, several separated by a comma. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly reply_to: string;
  readonly subject: string;
  /** The Date header as ISO 8601 UTC, "" when missing or not a date. */
  readonly date: string;
  /** Plain text; made from the HTML when the mail has no plain part. At most `mailBounds.text` characters. */
  readonly text: string;
  readonly html: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly attachments: readonly AttachmentFacts[];
  /** Bytes of the raw mail. */
  readonly size: number;
  /** True when an unknown or missing charset label had to be put right. */
  readonly charset_repaired: boolean;
  /** True when a text, the HTML or the headers were cut at their bound. */
  readonly truncated: boolean;
}

export interface AttachmentFacts {
  readonly file_name: string;
  readonly content_type: string;
  readonly size: number;
  readonly content_id: string;
}

/** Nobody could look at the mail at all (the machine is too busy, the process is stopping): it is no fault of the mail, which is to be brought again. */
export class MailParserAway extends Error {
  override readonly name = "MailParserAway";
}

/** What sensors are handed: parses in a killable child; rejects when the child was stopped (deadline, memory, crash), with MailParserAway when there was none. */
export type ParseMail = (raw: Uint8Array) => Promise<ParsedMail>;

export const mailBounds = {
  /** Characters of text, and of HTML. */
  text: 262_144,
  subject: 10_000,
  /** Characters of all header lines together. */
  headers: 65_536,
  attachments: 200,
  /** Longer HTML is not read by mailparser at all. */
  html: 2_000_000,
} as const;

/** Parses one mail. `raw`: the bytes, or base64 of them (as they come over a child's channel). Can be slow: run it in a child. */
export async function parseMail(raw: Uint8Array | string): Promise<ParsedMail> {
  const bytes =
    typeof raw === "string"
      ? Buffer.from(raw, "base64")
      : Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  const { raw: fixed, repaired } = repairCharset(bytes);
  const mail = await simpleParser(fixed, {
    maxHtmlLengthToParse: mailBounds.html,
    // Our own linear conversion is used instead: the library's blocked for 25 s on 1 MB of nested tags.
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    skipImageLinks: true,
    keepCidLinks: true,
  });
  const html = typeof mail.html === "string" ? mail.html : "";
  const plain = mail.text ?? "";
  const text = plain.trim() === "" && html !== "" ? htmlToText(html) : plain;
  const headers = boundedHeaders(fixed);
  return {
    message_id: clean(messageId(bytes)),
    from: addresses(mail.from),
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    reply_to: addresses(mail.replyTo),
    subject: bounded(mail.subject ?? "", mailBounds.subject),
    date: isoDate(mail.date),
    text: bounded(text.replace(/\r\n/g, "\n"), mailBounds.text),
    html: bounded(html, mailBounds.text),
    headers: headers.kept,
    attachments: mail.attachments.slice(0, mailBounds.attachments).map(attachmentFacts),
    size: bytes.length,
    charset_repaired: repaired,
    truncated: text.length > mailBounds.text || html.length > mailBounds.text || headers.cut,
  };
}

/** PostgreSQL refuses NUL in text and lone surrogates in JSON; both become U+FFFD, visibly. */
export function clean(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}

function bounded(text: string, length: number): string {
  return clean(text.length > length ? text.slice(0, length) : text);
}

function addresses(found: AddressObject | AddressObject[] | undefined): string {
  if (found === undefined) return "";
  const list = Array.isArray(found) ? found : [found];
  return bounded(list.map((one) => one.text).join(", "), mailBounds.subject);
}

function isoDate(date: Date | undefined): string {
  return date === undefined || Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

function attachmentFacts(attachment: Attachment): AttachmentFacts {
  return {
    file_name: bounded(attachment.filename ?? "", 1_000),
    content_type: bounded(attachment.contentType, 200),
    size: attachment.size,
    content_id: bounded(attachment.contentId ?? "", 998),
  };
}

function boundedHeaders(raw: Buffer): { kept: Array<[string, string]>; cut: boolean } {
  const kept: Array<[string, string]> = [];
  let room: number = mailBounds.headers;
  for (const [name, value] of rawHeaders(raw)) {
    room -= name.length + value.length;
    if (room < 0) return { kept, cut: true };
    kept.push([clean(name), clean(Buffer.from(value, "latin1").toString("utf8"))]);
  }
  return { kept, cut: false };
}
