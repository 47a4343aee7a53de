import type { DeclarationFile } from "../model/definitions.ts";
import { isTimeZone } from "../model/time-zone.ts";
import { parsedMembers, type ParsedMember } from "./alert.ts";
import { DocumentNode, nearestName, type DocumentProblem } from "./document.ts";
import { checkNames } from "./parser-names.ts";
import { compilePattern, matchesNothing } from "./pattern.ts";

/** A declarative parser, checked and with its patterns compiled. docs/alerts.md explains every key. */
export interface AlertParser {
  /** `<pack>.<file name>`. */
  readonly ref: string;
  readonly source: string;
  /** Smaller is tried first. */
  readonly order: number;
  readonly input: "mail" | "json";
  /** Paths of a JSON body whose texts hold JSON themselves: they are read, too (Amazon SNS sends so). */
  readonly unfold: readonly string[];
  /** Full-width letters and the like are folded (NFKC) before matching and extraction. */
  readonly fold: boolean;
  /** Zone of stamps without one, where it is not the site's. */
  readonly timeZone: string | undefined;
  readonly match: readonly Condition[];
  readonly repeat: Repeat | undefined;
  readonly extract: readonly ExtractStep[];
  readonly members: Readonly<Partial<Record<ParsedMember, Value>>>;
  readonly labels: ReadonlyArray<readonly [name: string, value: Value]>;
  /** Fields whose names start with this (and a dot) become labels as they are. */
  readonly labelsFrom: string | undefined;
  readonly require: readonly string[];
  readonly identity: readonly string[];
  readonly identityIgnore: readonly string[];
}

export type Condition =
  | { readonly kind: "regex"; readonly part: string; readonly pattern: RegExp }
  | { readonly kind: "contains"; readonly part: string; readonly text: string }
  | { readonly kind: "any" | "all" | "none"; readonly conditions: readonly Condition[] };

/** One message that carries several alerts. */
export type Repeat =
  | {
      readonly kind: "blocks";
      readonly part: string;
      readonly begin: RegExp;
      readonly heading: RegExp | undefined;
    }
  | { readonly kind: "path"; readonly path: string };

export type ExtractStep =
  | { readonly kind: "regex"; readonly part: string; readonly pattern: RegExp }
  | {
      readonly kind: "table";
      readonly part: string;
      readonly separator: string;
      readonly prefix: string;
      /** Folded key → field. */
      readonly keys: ReadonlyMap<string, string>;
      readonly until: RegExp | undefined;
    }
  | {
      readonly kind: "section";
      readonly part: string;
      readonly begin: RegExp;
      readonly end: RegExp | undefined;
      readonly as: string;
    }
  | {
      readonly kind: "pairs";
      readonly part: string;
      readonly separator: string;
      readonly begin: RegExp;
      readonly end: RegExp | undefined;
      readonly into: string;
    };

/** A template, then an exact map or the first matching case; what comes out empty is replaced by the fallback. */
export interface Value {
  readonly template: string;
  readonly map: ReadonlyMap<string, string> | undefined;
  readonly cases: ReadonlyArray<{ readonly pattern: RegExp; readonly value: string }> | undefined;
  readonly fallback: Value | undefined;
}

export interface ParserProblem extends DocumentProblem {
  readonly declaration: DeclarationFile;
}

/** Checks and compiles parser files. A file with a fault gives problems and no parser; the others stay usable. */
export function compileParsers(declarations: readonly DeclarationFile[]): {
  readonly parsers: readonly AlertParser[];
  readonly problems: readonly ParserProblem[];
} {
  const parsers: AlertParser[] = [];
  const problems: ParserProblem[] = [];
  for (const declaration of declarations) {
    if (declaration.kind !== "alert-parser") continue;
    const found: DocumentProblem[] = [];
    const parser = readParser(declaration, new DocumentNode(declaration.document, "", found));
    const sound = !found.some(({ path }) => /^\/(?:extract|repeat)/.test(path));
    found.push(...checkNames(declaration.document, parser, sound));
    if (found.length === 0) parsers.push(parser);
    problems.push(...found.map((problem) => ({ ...problem, declaration })));
  }
  parsers.sort((a, b) => a.order - b.order || (a.ref < b.ref ? -1 : 1));
  return { parsers, problems };
}

const parserKeys = [
  "source",
  "description",
  "order",
  "input",
  "normalize",
  "unfold",
  "time_zone",
  "match",
  "repeat",
  "extract",
  "alert",
  "require",
  "identity",
  "identity_ignore",
] as const;

function readParser(declaration: DeclarationFile, root: DocumentNode): AlertParser {
  const at = root.fields(parserKeys);
  const input = at("input").oneOf(["mail", "json"], "mail");
  const match = at("match");
  const conditions = match.items().map(readCondition);
  if (conditions.length === 0)
    match.problem("needs at least one condition, or it would take every mail");
  const zone = at("time_zone");
  if (zone.present && !isTimeZone(zone.text())) zone.problem(`"${zone.text()}" is no time zone`);
  at("description").text("");
  const { members, labels, labelsFrom } = readAlert(at("alert"));
  const identity = at("identity");
  return {
    ref: `${declaration.pack}.${declaration.name}`,
    source: at("source").text(),
    order: at("order").number(100),
    input,
    unfold: at("unfold")
      .items()
      .map((item) => item.text()),
    fold: at("normalize").oneOf(["none", "nfkc"], "none") === "nfkc",
    timeZone: zone.present ? zone.text() : undefined,
    match: conditions,
    repeat: readRepeat(at("repeat"), input),
    extract: at("extract")
      .items()
      .map(readStep)
      .filter((step) => step !== undefined),
    members,
    labels,
    labelsFrom,
    require: at("require")
      .items()
      .map((item) => item.text()),
    identity: identity.present ? identity.items().map(readIdentity) : ["host", "service"],
    identityIgnore: at("identity_ignore")
      .items()
      .map((item) => item.text()),
  };
}

function readCondition(node: DocumentNode): Condition {
  const at = node.fields(["in", "regex", "contains", "ignore_case", "any", "all", "none"]);
  for (const kind of ["any", "all", "none"] as const) {
    if (at(kind).present) return { kind, conditions: at(kind).items().map(readCondition) };
  }
  const part = at("in").text("text");
  const regex = at("regex");
  if (regex.present) {
    return { kind: "regex", part, pattern: readPattern(regex, at("ignore_case").flag(false)) };
  }
  if (!at("contains").present) node.problem("needs one of regex, contains, any, all, none");
  return { kind: "contains", part, text: at("contains").text("") };
}

function readRepeat(node: DocumentNode, input: "mail" | "json"): Repeat | undefined {
  if (!node.present) return undefined;
  if (input === "json") return { kind: "path", path: node.fields(["path"])("path").text() };
  const at = node.fields(["in", "begin", "heading"]);
  return {
    kind: "blocks",
    part: at("in").text("text"),
    begin: readPattern(at("begin")),
    heading: optionalPattern(at("heading")),
  };
}

function readStep(node: DocumentNode): ExtractStep | undefined {
  const at = node.fields(["in", "regex", "ignore_case", "table", "section", "pairs"]);
  const part = at("in").text("text");
  if (at("regex").present) {
    const pattern = readPattern(at("regex"), at("ignore_case").flag(false));
    if (pattern !== matchesNothing && !pattern.source.includes("(?<")) {
      at("regex").problem("has no named group (?<field>…), so it would extract nothing");
    }
    return { kind: "regex", part, pattern };
  }
  if (at("table").present) return readTable(at("table"), part);
  if (at("section").present) {
    const section = at("section").fields(["begin", "end", "as"]);
    return {
      kind: "section",
      part,
      begin: readPattern(section("begin")),
      end: optionalPattern(section("end")),
      as: section("as").text(),
    };
  }
  if (at("pairs").present) {
    const pairs = at("pairs").fields(["separator", "begin", "end", "into"]);
    return {
      kind: "pairs",
      part,
      separator: pairs("separator").text(" = "),
      begin: readPattern(pairs("begin")),
      end: optionalPattern(pairs("end")),
      into: pairs("into").text(),
    };
  }
  node.problem("needs one of regex, table, section, pairs");
  return undefined;
}

function readTable(node: DocumentNode, part: string): ExtractStep {
  const at = node.fields(["separator", "prefix", "keys", "until"]);
  const keys = at("keys").entries();
  if (keys.length === 0) at("keys").problem("needs at least one key");
  return {
    kind: "table",
    part,
    separator: at("separator").text(":"),
    prefix: at("prefix").text(""),
    keys: new Map(keys.map(([key, field]) => [foldKey(key), field.text()])),
    until: optionalPattern(at("until")),
  };
}

/** Keys are compared without white space, width and case: `機器 名` is `機器名`. */
export function foldKey(key: string): string {
  return key.normalize("NFKC").replace(/\s+/g, "").toLowerCase();
}

function readAlert(node: DocumentNode) {
  if (!node.present) node.missing();
  const at = node.fields([...parsedMembers, "labels", "labels_from"]);
  const members: Partial<Record<ParsedMember, Value>> = {};
  for (const name of parsedMembers) {
    if (at(name).present) members[name] = readValue(at(name));
  }
  if (members.summary === undefined) at("summary").missing();
  const from = at("labels_from");
  return {
    members,
    labels: at("labels")
      .entries()
      .map(([name, value]) => [name, readValue(value)] as const),
    labelsFrom: from.present ? from.text() : undefined,
  };
}

function readValue(node: DocumentNode): Value {
  if (typeof node.value !== "object" || node.value === null) {
    return { template: node.text(), map: undefined, cases: undefined, fallback: undefined };
  }
  const at = node.fields(["value", "map", "cases", "default"]);
  const map = at("map");
  const cases = at("cases");
  return {
    template: at("value").text(),
    map: map.present
      ? new Map(map.entries().map(([key, value]) => [foldKey(key), value.text()]))
      : undefined,
    cases: cases.present ? cases.items().map(readCase) : undefined,
    fallback: at("default").present ? readValue(at("default")) : undefined,
  };
}

function readCase(node: DocumentNode): { pattern: RegExp; value: string } {
  const at = node.fields(["regex", "ignore_case", "value"]);
  return {
    pattern: readPattern(at("regex"), at("ignore_case").flag(false)),
    value: at("value").text(),
  };
}

function readIdentity(node: DocumentNode): string {
  const name = node.text();
  const known = ["host", "service", "class", "source_ref", "labels"];
  if (!known.includes(name) && !name.startsWith("labels.")) {
    const guess = nearestName(name, known);
    node.problem(
      `unknown identity part "${name}"; ${guess === undefined ? `known are: ${known.join(", ")}, labels.<name>` : `did you mean "${guess}"?`}`,
    );
  }
  return name;
}

function optionalPattern(node: DocumentNode): RegExp | undefined {
  return node.present ? readPattern(node) : undefined;
}

function readPattern(node: DocumentNode, ignoreCase = false): RegExp {
  const checked = compilePattern(node.text(), ignoreCase);
  if ("pattern" in checked) return checked.pattern;
  node.problem(checked.problem);
  return matchesNothing;
}
