/** `raicho alert parse`: parsers tried on mails and webhooks in files, without a server. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { AlertMessage } from "../alerts/alert.ts";
import { compileParsers, type AlertParser } from "../alerts/definition.ts";
import { parseAlerts } from "../alerts/parse.ts";
import { loadContent } from "../content/load.ts";
import type { Content } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type AlertParts, type Cli } from "./cli.ts";
import { printer, type Options } from "./output.ts";

const columns = [
  "file",
  "parser",
  "source",
  "status",
  "severity",
  "urgency",
  "host_raw",
  "service",
  "summary",
  "occurred_at",
];

/** Parsers as a server started here would have them. */
export interface Ground {
  readonly parts: AlertParts;
  readonly parsers: readonly AlertParser[];
  readonly content: Content;
}

export async function ground(cli: Cli, more: readonly string[]): Promise<Ground> {
  const parts = await cli.host.alertParts();
  const { directories } = parts;
  const { content } = await loadContent({
    directories: { ...directories, packs: [...directories.packs, ...more] },
  });
  const { parsers, problems } = compileParsers(content.declarations);
  for (const { declaration, path, message } of problems)
    cli.terminal.note(`${declaration.source.file} ${path}: ${message}; raicho lint tells more\n`);
  return { parts, parsers, content };
}

export async function parseFiles(
  files: readonly string[],
  cli: Cli,
  options: Options,
): Promise<void> {
  const { parts, parsers } = await ground(cli, []);
  const rows: JsonObject[] = [];
  try {
    for (const file of files.flatMap((one) => filesAt(resolve(cli.workingDirectory, one)))) {
      const name = relative(cli.workingDirectory, file);
      const messages = mailbox(readFileSync(file));
      for (const [index, bytes] of messages.entries()) {
        const called = messages.length === 1 ? name : `${name}#${index + 1}`;
        rows.push(...rowsOf(called, await messageIn(file, bytes, parts), { parts, parsers }));
      }
    }
  } finally {
    await parts.close();
  }
  await printer(cli, options).list(rows, { columns });
  cli.end(rows.some(({ class: kind }) => kind === "unparsed") ? exitCodes.failed : exitCodes.ok);
}

/** What the parsers make of one message: a row per alert. */
function rowsOf(
  name: string,
  { message, fault }: ReadMessage,
  { parts, parsers }: Pick<Ground, "parts" | "parsers">,
): readonly JsonObject[] {
  const parsed = parseAlerts(parsers, message, { ...clock(parts), rawRef: name });
  return "unparsed" in parsed
    ? [unparsedRow(name, message, fault ?? parsed.unparsed)]
    : parsed.alerts.map((alert) => ({ file: name, parser: parsed.parser, ...alert }));
}

function unparsedRow(file: string, message: AlertMessage, reason: string): JsonObject {
  const { subject: summary, from } =
    message.kind === "mail" ? message.mail : { subject: "", from: "" };
  return { file, parser: "", class: "unparsed", summary, from, reason };
}

/** How stamps without a zone, and messages without a stamp, are read. */
export function clock({ timeZone }: AlertParts): { readonly timeZone: string; readonly now: Date } {
  return { timeZone, now: new Date() };
}

/** The file, or everything below the directory, by name. */
function filesAt(path: string): readonly string[] {
  let found;
  try {
    found = statSync(path);
  } catch {
    throw new CliError(exitCodes.notFound, `there is no ${path}`);
  }
  if (!found.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

export interface ReadMessage {
  readonly message: AlertMessage;
  /** Why it could not be read as a whole; the others of a directory are not concerned. */
  readonly fault: string | null;
}

/** The messages of a file: of a mailbox (mbox) each of its mails, else the whole file. */
function mailbox(bytes: Buffer): readonly Buffer[] {
  if (!bytes.subarray(0, 5).equals(Buffer.from("From "))) return [bytes];
  return bytes
    .toString("latin1")
    .split(/(?:^|\r?\n\r?\n)From \S+ .*\d{4}.*\r?\n/)
    .slice(1)
    .map((mail) => Buffer.from(mail.replace(/^>(>*From )/gm, "$1"), "latin1"));
}

/** Reads a message as its file is named: `.json` is a webhook, everything else a mail. */
export async function messageIn(
  file: string,
  bytes: Buffer,
  parts: AlertParts,
): Promise<ReadMessage> {
  if (!/\.json$/i.test(file)) {
    const { mail, fault } = await parts.readMail(bytes);
    return { message: { kind: "mail", mail }, fault };
  }
  try {
    const body: unknown = JSON.parse(bytes.toString("utf8").replace(/^\u{FEFF}/u, ""));
    return { message: { kind: "json", body }, fault: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { message: { kind: "json", body: null }, fault: `no JSON: ${reason}` };
  }
}
