/** Names inside a parser file that have to fit each other: parts of a message, fields that steps find, words of the canonical alert. */
import { isObject, type JsonObject } from "../model/json.ts";
import { alertSeverities, alertStatuses, alertUrgencies } from "./alert.ts";
import type { AlertParser, ExtractStep } from "./definition.ts";
import { nearestName, type DocumentProblem } from "./document.ts";

const mailParts = ["subject", "from", "to", "cc", "text"] as const;
/** Fields that every mail has before the first step. */
const mailFields = ["subject", "from", "date", "text"] as const;

const words: Readonly<Record<string, readonly string[]>> = {
  status: alertStatuses,
  severity: alertSeverities,
  urgency: alertUrgencies,
};

/**
 * What of a parser that reads well could still never work: `in:` a part that no mail has, `{field}` that no step finds, `severity: crit`.
 * Parts and fields of JSON bodies are whatever the body holds and are not judged.
 * @param sound whether all steps could be read; else nothing is said of fields.
 */
export function checkNames(
  document: unknown,
  parser: AlertParser,
  sound: boolean,
): readonly DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  if (!isObject(document)) return problems;
  checkWords(document["alert"], problems);
  if (parser.input === "json") return problems;
  const fields = sound ? fieldsOf(parser) : undefined;
  const block = parser.repeat?.kind === "blocks";
  checkConditions(document["match"], "/match", problems);
  if (isObject(document["repeat"])) {
    checkPart(document["repeat"]["in"], { path: "/repeat/in", known: mailParts, problems });
  }
  const steps = block ? [...mailParts, "block"] : mailParts;
  for (const [index, step] of listOf(document["extract"]).entries()) {
    if (!isObject(step)) continue;
    checkPart(step["in"], { path: `/extract/${index}/in`, known: steps, fields, problems });
  }
  if (fields !== undefined) checkFields(document, fields, problems);
  return problems;
}

interface Fields {
  readonly names: ReadonlySet<string>;
  /** `labels.` for pairs that go into labels. */
  readonly prefixes: readonly string[];
}

function fieldsOf({ extract, repeat }: AlertParser): Fields {
  const headings = repeat?.kind === "blocks" && repeat.heading ? groupsOf(repeat.heading) : [];
  const found = extract.flatMap((step) => fieldsOfStep(step));
  const prefixes = extract.flatMap((step) => (step.kind === "pairs" ? [`${step.into}.`] : []));
  return { names: new Set([...mailFields, ...headings, ...found]), prefixes };
}

function fieldsOfStep(step: ExtractStep): readonly string[] {
  switch (step.kind) {
    case "regex":
      return groupsOf(step.pattern);
    case "table":
      return [...step.keys.values()];
    case "section":
      return [step.as];
    case "pairs":
      return [];
  }
}

function groupsOf({ source }: RegExp): readonly string[] {
  return [...source.matchAll(/\(\?<([^=!>][^>]*)>/g)].flatMap(([, name]) => name ?? []);
}

function checkConditions(value: unknown, path: string, problems: DocumentProblem[]): void {
  for (const [index, condition] of listOf(value).entries()) {
    if (!isObject(condition)) continue;
    const at = `${path}/${index}`;
    for (const kind of ["any", "all", "none"])
      checkConditions(condition[kind], `${at}/${kind}`, problems);
    checkPart(condition["in"], { path: `${at}/in`, known: mailParts, problems });
  }
}

interface PartCheck {
  readonly path: string;
  readonly known: readonly string[];
  /** Fields of earlier steps, where `field.<name>` is a part. */
  readonly fields?: Fields | undefined;
  readonly problems: DocumentProblem[];
}

function checkPart(part: unknown, { path, known, fields, problems }: PartCheck): void {
  if (typeof part !== "string" || known.includes(part) || part.startsWith("header.")) return;
  const atStep = path.startsWith("/extract");
  if (atStep && part.startsWith("field.")) {
    const name = part.slice("field.".length);
    if (fields !== undefined && !isFound(name, fields))
      problems.push({ path, message: unknownField(name, fields) });
    return;
  }
  const all = [...known, "header.<name>", ...(atStep ? ["field.<name>"] : [])];
  problems.push({ path, message: `a mail has no part "${part}"${hint(part, known, all)}` });
}

function checkWords(alert: unknown, problems: DocumentProblem[]): void {
  if (!isObject(alert)) return;
  for (const [member, known] of Object.entries(words))
    for (const { path, text } of resultsOf(alert[member], `/alert/${member}`)) {
      if (text === "" || text.includes("{") || known.includes(text)) continue;
      problems.push({ path, message: `"${text}" is no ${member}${hint(text, known, known)}` });
    }
}

interface Text {
  readonly path: string;
  readonly text: string;
}

/** Every text that a value may come out as. */
function resultsOf(value: unknown, path: string): readonly Text[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (!isObject(value)) return [];
  const chosen = value["map"] !== undefined || value["cases"] !== undefined;
  return [
    ...(chosen ? [] : resultsOf(value["value"], `${path}/value`)),
    ...entriesOf(value["map"]).flatMap(([key, text]) =>
      resultsOf(text, `${path}/map/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
    ),
    ...listOf(value["cases"]).flatMap((one, index) =>
      isObject(one) ? resultsOf(one["value"], `${path}/cases/${index}/value`) : [],
    ),
    ...resultsOf(value["default"], `${path}/default`),
  ];
}

/** Every template of the alert and every required field names fields that are found. */
function checkFields(document: JsonObject, fields: Fields, problems: DocumentProblem[]): void {
  for (const [index, name] of listOf(document["require"]).entries())
    if (typeof name === "string" && !isFound(name, fields))
      problems.push({ path: `/require/${index}`, message: unknownField(name, fields) });
  for (const { path, text } of textsBelow(document["alert"], "/alert")) {
    if (/\/regex$|\/labels_from$/.test(path)) continue;
    const named = [...text.matchAll(/\{([\w.|-]+)\}/g)].flatMap(([, names = ""]) =>
      names.split("|"),
    );
    for (const name of named)
      if (!isFound(name, fields)) problems.push({ path, message: unknownField(name, fields) });
  }
}

function textsBelow(value: unknown, path: string): readonly Text[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value))
    return value.flatMap((item, index) => textsBelow(item, `${path}/${index}`));
  return entriesOf(value).flatMap(([key, item]) =>
    textsBelow(item, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function isFound(name: string, { names, prefixes }: Fields): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

function unknownField(name: string, { names, prefixes }: Fields): string {
  const all = [...names, ...prefixes.map((prefix) => `${prefix}<key>`)];
  return `nothing extracts a field "${name}"${hint(name, [...names], all)}`;
}

function hint(wrong: string, names: readonly string[], all: readonly string[]): string {
  const guess = nearestName(wrong, names);
  return guess === undefined ? `; known are: ${all.join(", ")}` : `; did you mean "${guess}"?`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entriesOf(value: unknown): ReadonlyArray<[string, unknown]> {
  return isObject(value) ? Object.entries(value) : [];
}
