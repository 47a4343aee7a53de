/** `raicho alert parse` and `raicho alert test`: parsers tried on files, without a server. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { AlertMessage } from "../alerts/alert.ts";
import { compileParsers, type AlertParser } from "../alerts/definition.ts";
import type { DocumentProblem } from "../alerts/document.ts";
import { parseAlerts } from "../alerts/parse.ts";
import {
  readParserTests,
  runParserTests,
  type TestedMessage,
  type TestVerdict,
} from "../alerts/parser-test.ts";
import { loadContent } from "../content/load.ts";
import { parseYaml } from "../content/yaml.ts";
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

interface Ground {
  readonly parts: AlertParts;
  readonly parsers: readonly AlertParser[];
  readonly content: Content;
}

async function ground(cli: Cli, more: readonly string[]): Promise<Ground> {
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
      rows.push(...(await rowsOf(file, name, { parts, parsers })));
    }
  } finally {
    await parts.close();
  }
  await printer(cli, options).list(rows, { columns });
  cli.end(rows.some(({ class: kind }) => kind === "unparsed") ? exitCodes.failed : exitCodes.ok);
}

/** What the parsers make of one file: a row per alert. */
async function rowsOf(
  file: string,
  name: string,
  { parts, parsers }: Pick<Ground, "parts" | "parsers">,
): Promise<readonly JsonObject[]> {
  const { message, fault } = await messageIn(file, parts);
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

function clock({ timeZone }: AlertParts): { readonly timeZone: string; readonly now: Date } {
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

interface ReadMessage {
  readonly message: AlertMessage;
  /** Why it could not be read as a whole; the others of a directory are not concerned. */
  readonly fault: string | null;
}

async function messageIn(file: string, parts: AlertParts): Promise<ReadMessage> {
  const bytes = readFileSync(file);
  if (!file.endsWith(".json")) {
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

export async function testPacks(given: readonly string[], cli: Cli): Promise<void> {
  const asked = given.map((path) => resolve(cli.workingDirectory, path));
  const { parts, parsers, content } = await ground(cli, asked);
  const packs = [...content.packs.values()].map(({ path }) => path);
  const [faults, passed] = [[] as string[], [] as string[]];
  for (const pack of asked.length > 0 ? asked : packs)
    for (const file of testFiles(join(pack, "parsers", "tests"))) {
      const name = relative(cli.workingDirectory, file);
      const verdicts = runParserTests(parsers, await testsIn(file, name, parts), clock(parts));
      const said = verdicts.map((verdict) => ({ ...verdict, said: sayFaults(name, verdict) }));
      faults.push(...said.flatMap((verdict) => (verdict.faults.length > 0 ? [verdict.said] : [])));
      passed.push(...said.flatMap((verdict) => (verdict.faults.length > 0 ? [] : [verdict.name])));
    }
  await parts.close();
  cli.terminal.write(`${faults.join("")}${passed.length} passed, ${faults.length} failed\n`);
  cli.end(faults.length === 0 ? exitCodes.ok : exitCodes.failed);
}

function sayFaults(file: string, { name, faults }: TestVerdict): string {
  return `${file}: ${name}\n${faults.map((fault) => `  ${fault}\n`).join("")}`;
}

function testFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

async function testsIn(
  file: string,
  name: string,
  parts: AlertParts,
): Promise<readonly TestedMessage[]> {
  const problems: DocumentProblem[] = [];
  const tests = readParserTests(parseYaml(readFileSync(file, "utf8")).value, problems);
  const [problem] = problems;
  if (problem !== undefined)
    throw new CliError(exitCodes.failed, `${name} ${problem.path}: ${problem.message}`);
  const tested: TestedMessage[] = [];
  for (const test of tests) {
    const { message } = test;
    tested.push({
      test,
      message:
        message.kind === "eml"
          ? (await messageIn(join(dirname(file), basename(message.file)), parts)).message
          : message,
    });
  }
  return tested;
}
