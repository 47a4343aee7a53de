import { describe, expect, test } from "vitest";
import { DocumentNode, type DocumentProblem } from "../../src/alerts/document.ts";
import { globMatches, matches, readMatchers, type MatchedAlert } from "../../src/alerts/matcher.ts";
import { anAlert } from "./policies.ts";

function fits(conditions: unknown, change: Partial<MatchedAlert> = {}): boolean {
  const problems: DocumentProblem[] = [];
  const matchers = readMatchers(new DocumentNode(conditions, "/match", problems));
  expect(problems).toEqual([]);
  return matches(matchers, anAlert(change));
}

function faultsOf(conditions: unknown): readonly string[] {
  const problems: DocumentProblem[] = [];
  readMatchers(new DocumentNode(conditions, "/match", problems));
  return problems.map(({ path, message }) => `${path} ${message}`);
}

const entity = { id: "e1", type: "Device", name: "auction-web-01" };

describe("conditions on alerts", () => {
  test.each<[string, unknown, boolean, Partial<MatchedAlert>?]>([
    ["nothing asked fits everything", undefined, true],
    ["one value", { source: "nagios" }, true],
    ["another value", { source: "zabbix" }, false],
    ["letter case and width do not count", { host: "ＷＥＢ01.AUCTION" }, true],
    ["one of a list", { severity: ["major", "critical"] }, true],
    ["a glob", { host: "web*.auction" }, true],
    ["a glob for one character", { host: "web0?.auction" }, true],
    ["a glob fits the whole value", { host: "web*" }, true],
    ["web1 is not web10", { host: "web1" }, false, { host_raw: "web10" }],
    ["all must hold", { source: "nagios", service: "DISK" }, false],
    ["not", { severity: { not: "info" } }, true],
    ["not one of several", { severity: { not: ["info", "critical"] } }, false],
    ["a regular expression sees a part", { summary: { regex: "is CRIT" } }, true],
    ["… with letter case", { summary: { regex: "is crit" } }, false],
    ["… or without", { summary: { regex: "is crit", ignore_case: true } }, true],
    ["a label", { "labels.team": "sys" }, true],
    ["a label that is not there is empty", { "labels.rack": "" }, true],
    ["the inventory's name is a name of the host, too", { host: "auction-*" }, true, { entity }],
    ["not looks at both names", { host: { not: "auction-*" } }, false, { entity }],
    ["type of the entry", { entity_type: "Device" }, true, { entity }],
    ["unknown to the inventory", { entity: "" }, true],
    [
      "owner and team",
      { owner: "yamada", team: "web-*" },
      true,
      { owner: "yamada", team: "web-ops" },
    ],
    ["what it belongs to", { belongs_to: "auction" }, true, { belongs: ["id7", "auction"] }],
    ["belongs to nothing", { belongs_to: "auction" }, false],
  ])("%s", (_, conditions, expected, change) => {
    expect(fits(conditions, change)).toBe(expected);
  });

  test.each<[unknown, string]>([
    [{ sevrity: "info" }, '/match an alert has no "sevrity"; did you mean "severity"?'],
    [{ host: { regexp: "x" } }, '/match/host/regexp unknown key "regexp"; did you mean "regex"?'],
    [{ host: { regex: "(a+)+" } }, "/match/host/regex a repeated group must not contain"],
    [["host"], "/match expected a mapping, found a list"],
  ])("%j is faulted", (conditions, message) => {
    expect(faultsOf(conditions)[0]).toContain(message);
  });

  test("a hostile glob takes no time to speak of", () => {
    expect(globMatches(`${"*a".repeat(400)}b`, "a".repeat(1_000))).toBe(false);
  });
});
