import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { DocumentProblem } from "../../src/alerts/document.ts";
import {
  readParserTests,
  runParserTests,
  type TestedMessage,
} from "../../src/alerts/parser-test.ts";
import { options, shipped } from "./shipped.ts";

const folder = "packs/alert/parsers/tests";

function verdicts(document: unknown) {
  const problems: DocumentProblem[] = [];
  const tested = readParserTests(document, problems).flatMap((one): TestedMessage[] =>
    one.message.kind === "eml" ? [] : [{ test: one, message: one.message }],
  );
  expect(problems).toEqual([]);
  return runParserTests(shipped.parsers, tested, options);
}

describe.each(readdirSync(folder))("%s", (file) => {
  const all = verdicts(parse(readFileSync(`${folder}/${file}`, "utf8")));
  test.each(all.map(({ name, faults }) => [name, faults] as const))("%s", (_, faults) => {
    expect(faults).toEqual([]);
  });
});

const nagios = { subject: "x", text: "Notification Type: PROBLEM\nHost: web01\nState: DOWN\n" };

test.each([
  [
    "another value",
    { mail: nagios, alerts: [{ severity: "info" }] },
    'alerts[0].severity is "critical", not "info"',
  ],
  [
    "a label that is not there",
    { mail: nagios, alerts: [{ labels: { rack: "A" } }] },
    'alerts[0].labels.rack is missing, not "A"',
  ],
  ["too few", { mail: nagios, alerts: [] }, "has 1 alerts, not 0"],
  ["parsed after all", { mail: nagios, unparsed: true }, "is parsed by alert.nagios"],
  ["not parsed", { mail: { subject: "x" }, alerts: [{}] }, "is not parsed: no parser matches"],
  [
    "another parser",
    { mail: nagios, parser: "alert.zabbix", alerts: [{}] },
    "is parsed by alert.nagios, not by alert.zabbix",
  ],
])("a test that does not hold says so: %s", (_, one, fault) => {
  expect(verdicts([one])).toEqual([{ name: "test 1", faults: [fault] }]);
});

test("alerts that should be the same and are not", () => {
  const other = { ...nagios, text: nagios.text.replace("web01", "web02") };
  const [, second] = verdicts([
    { mail: nagios, same: ["a"], alerts: [{}] },
    { mail: other, same: ["a"], alerts: [{}] },
  ]);
  expect(second?.faults).toEqual([
    'is another alert than the first one marked "a": their fingerprints differ',
  ]);
});

test("faults of a test file are told where they stand", () => {
  const problems: DocumentProblem[] = [];
  readParserTests([{ mial: {} }, { body: {}, alerts: [{ hots: "x" }] }], problems);
  expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
    '/0/mial unknown key "mial"; did you mean "mail"?',
    "/0 needs alerts, or unparsed: true",
    "/0 needs a message: mail, eml or body",
    expect.stringMatching(/^\/1\/alerts\/0\/hots unknown key "hots"/),
  ]);
});
