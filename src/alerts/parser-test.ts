/** Tests of parsers as files beside them: a message, and what of its alerts must be so. */
import { isObject, type JsonObject } from "../model/json.ts";
import { alertMembers, type AlertMessage, type CanonicalAlert } from "./alert.ts";
import type { AlertParser } from "./definition.ts";
import { DocumentNode, type DocumentProblem } from "./document.ts";
import { parseAlerts } from "./parse.ts";

export interface ParserTest {
  readonly name: string;
  readonly message: AlertMessage | { readonly kind: "eml"; readonly file: string };
  /** The parser that has to take it; undefined = whichever. */
  readonly parser: string | undefined;
  /** Members that each alert must have; undefined = no parser may know the message. */
  readonly alerts: readonly JsonObject[] | undefined;
  /** Tests with a word in common have alerts of the same fingerprint. */
  readonly same: readonly string[];
}

/** Reads the tests of a file; faults are told where they stand. */
export function readParserTests(
  document: unknown,
  problems: DocumentProblem[],
): readonly ParserTest[] {
  return new DocumentNode(document, "", problems).items().map(readTest);
}

function readTest(node: DocumentNode, number: number): ParserTest {
  const at = node.fields(["name", "mail", "eml", "body", "parser", "alerts", "unparsed", "same"]);
  const unparsed = at("unparsed").flag(false);
  if (!unparsed && !at("alerts").present) node.problem("needs alerts, or unparsed: true");
  const alerts = at("alerts").items();
  for (const alert of alerts) alert.fields([...alertMembers]);
  return {
    name: at("name").text(`test ${number + 1}`),
    message: readMessage(node, at),
    parser: at("parser").present ? at("parser").text() : undefined,
    alerts: unparsed ? undefined : alerts.map(({ value }) => (isObject(value) ? value : {})),
    same: at("same")
      .items()
      .map((item) => item.text()),
  };
}

function readMessage(
  node: DocumentNode,
  at: (key: "mail" | "eml" | "body") => DocumentNode,
): ParserTest["message"] {
  if (at("body").present) return { kind: "json", body: at("body").value };
  if (at("eml").present) return { kind: "eml", file: at("eml").text() };
  if (!at("mail").present) node.problem("needs a message: mail, eml or body");
  const mail = at("mail").fields(["subject", "from", "to", "text", "date"]);
  return {
    kind: "mail",
    mail: {
      subject: mail("subject").text(""),
      from: mail("from").text(""),
      to: mail("to").text(""),
      text: mail("text").text(""),
      date: mail("date").text(""),
    },
  };
}

export interface TestedMessage {
  readonly test: ParserTest;
  readonly message: AlertMessage;
}

export interface TestVerdict {
  readonly name: string;
  /** Empty: all is as it should be. */
  readonly faults: readonly string[];
}

/** Runs the tests of one file. `now`: for messages without a time. */
export function runParserTests(
  parsers: readonly AlertParser[],
  tested: readonly TestedMessage[],
  options: { readonly timeZone: string; readonly now: Date },
): readonly TestVerdict[] {
  const marks = new Map<string, string>();
  return tested.map(({ test, message }) => {
    const parsed = parseAlerts(parsers, message, options);
    if ("unparsed" in parsed)
      return {
        name: test.name,
        faults: test.alerts === undefined ? [] : [`is not parsed: ${parsed.unparsed}`],
      };
    if (test.alerts === undefined)
      return { name: test.name, faults: [`is parsed by ${parsed.parser}`] };
    const faults = [
      ...(test.parser === undefined || test.parser === parsed.parser
        ? []
        : [`is parsed by ${parsed.parser}, not by ${test.parser}`]),
      ...differences(test.alerts, parsed.alerts),
      ...test.same.flatMap((word) => otherMark(marks, word, parsed.alerts[0])),
    ];
    return { name: test.name, faults };
  });
}

function differences(
  wanted: readonly JsonObject[],
  found: readonly CanonicalAlert[],
): readonly string[] {
  if (wanted.length !== found.length) return [`has ${found.length} alerts, not ${wanted.length}`];
  return wanted.flatMap((members, index) =>
    Object.entries(members).flatMap(([name, value]) => {
      const all: JsonObject = { ...found[index] };
      return mismatch(`alerts[${index}].${name}`, value, all[name]);
    }),
  );
}

function mismatch(place: string, wanted: unknown, found: unknown): readonly string[] {
  if (isObject(wanted) && isObject(found))
    return Object.entries(wanted).flatMap(([name, value]) =>
      mismatch(`${place}.${name}`, value, found[name]),
    );
  return wanted === found
    ? []
    : [`${place} is ${JSON.stringify(found) ?? "missing"}, not ${JSON.stringify(wanted)}`];
}

function otherMark(
  marks: Map<string, string>,
  word: string,
  alert: CanonicalAlert | undefined,
): readonly string[] {
  const mark = alert?.fingerprint ?? "";
  const before = marks.get(word);
  if (before === undefined) marks.set(word, mark);
  return before === undefined || before === mark
    ? []
    : [`is another alert than the first one marked "${word}": their fingerprints differ`];
}
