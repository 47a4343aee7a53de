import { describe, expect, test } from "vitest";
import { compileAlertPolicies, withUrgency } from "../../src/alerts/policy.ts";
import { anAlert, faults, policyFile } from "./policies.ts";

const site = policyFile({
  urgency: [
    { name: "batch waits", match: { host: "batch*" }, urgency: "business_day" },
    { name: "disks of databases", match: { host: "db*", service: "DISK" }, urgency: "immediate" },
    { name: "ours is worse", match: { source: "zabbix" }, severity: "major" },
  ],
});
const shipped = policyFile(
  {
    order: 1000,
    urgency: [{ name: "critical", match: { severity: "critical" }, urgency: "immediate" }],
  },
  "urgency",
  "alert",
);

/** Names of rules in order, when the pack's file has this order. */
const names = (order: number) =>
  compileAlertPolicies([
    policyFile({ order, urgency: [{ name: "pack", urgency: "immediate" }] }, "a", "alert"),
    policyFile({ urgency: [{ name: "site", urgency: "immediate" }] }, "z"),
  ]).policies.urgency.map(({ name }) => name);

describe("urgency by rule", () => {
  const { policies } = compileAlertPolicies([shipped, site]);

  test.each([
    ["host", { host_raw: "batch7" }, "business_day", "batch waits"],
    [
      "host and service",
      { host_raw: "db1", service: "DISK", severity: "warning", urgency: "business_day" },
      "immediate",
      "disks of databases",
    ],
    ["severity", { urgency: "business_day" }, "immediate", "critical"],
    [
      "no rule: the parser's word",
      { severity: "info", urgency: "business_day" },
      "business_day",
      undefined,
    ],
  ] as const)("by %s", (_, change, urgency, rule) => {
    const judged = withUrgency(policies.urgency, anAlert(change));
    expect([judged.alert.urgency, judged.rule]).toEqual([urgency, rule]);
  });

  test("a rule may set the severity and leave the urgency", () => {
    const { alert } = withUrgency(
      policies.urgency,
      anAlert({ source: "zabbix", urgency: "business_day" }),
    );
    expect([alert.severity, alert.urgency]).toEqual(["major", "business_day"]);
  });

  test("files of the site come before those of packs of the same order", () => {
    expect(names(100)).toEqual(["site", "pack"]);
    expect(names(10)).toEqual(["pack", "site"]);
  });

  test.each([
    [{ urgncy: [] }, '/urgncy unknown key "urgncy"; did you mean "urgency"?'],
    [{ urgency: [{ match: {} }] }, "/urgency/0 needs urgency, severity, or both"],
    [
      { urgency: [{ urgency: "soon" }] },
      '/urgency/0/urgency expected one of immediate, business_day; found "soon"',
    ],
    [
      { urgency: [{ urgency: "immediate", match: { hots: "x" } }] },
      '/urgency/0/match an alert has no "hots"; did you mean "host"?',
    ],
  ])("%j is faulted", (document, message) => {
    expect(faults(document)).toEqual([message]);
  });

  test("a file with a fault counts as not there; the others stay", () => {
    const { policies: left, problems } = compileAlertPolicies([
      shipped,
      policyFile({ urgency: [{}] }),
    ]);
    expect(left.urgency.map(({ name }) => name)).toEqual(["critical"]);
    expect(problems).toHaveLength(1);
  });
});
