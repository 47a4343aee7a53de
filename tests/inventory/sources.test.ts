import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileSources, policyFor, sourceFaults } from "../../src/inventory/sources.ts";
import { compiled, declaration } from "./types.ts";

const { types } = compiled(`
type: Host
attributes:
  name: { type: string, required: true }
  address: { type: ip }
  owner: { type: string, authority: [hr, dcim] }
keys: [[name]]
`);

function sources(...texts: readonly string[]) {
  const files = texts.map((text, index) => ({
    ...declaration(`source${index}`, "{}"),
    kind: "inventory-source" as const,
    document: parse(text) as unknown,
  }));
  return { ...compileSources(files, types), faults: sourceFaults(files, types) };
}

describe("sources", () => {
  test("the policy that says most about an attribute counts", () => {
    const { sources: found, problems } = sources(`
source: 台帳
policy: report
again: 5
policies:
  - { type: Host, policy: propose, hold: { observations: 3, minutes: 10 } }
  - { type: Host, attributes: [address], policy: enforce }
columns: { Host: { 機械: name, メモ: "" } }
`);
    expect(problems).toEqual([]);
    const policy = (attribute: string, type = "Host") =>
      policyFor(found, "台帳", { type, attribute })?.policy;
    expect([policy("address"), policy("owner"), policy("x", "Other")]).toEqual([
      "enforce",
      "propose",
      "report",
    ]);
    expect(policyFor(found, "nobody", { type: "Host", attribute: "owner" })).toBeUndefined();
    expect(policyFor(found, "台帳", { type: "Host", attribute: "owner" })?.patience).toEqual({
      observations: 3,
      minutes: 10,
      again: 5,
    });
    expect(found.get("台帳")?.columns).toEqual({ Host: { 機械: "name", メモ: "" } });
  });

  test.each<[string, readonly string[], string]>([
    [
      "adopt and enforce of the same attribute",
      [
        `{source: a, policies: [{type: Host, attributes: [address], policy: adopt}, {type: Host, attributes: [address, owner], policy: enforce}]}`,
      ],
      "would chase each other",
    ],
    [
      "two policies for the same type",
      [`{source: a, policies: [{type: Host, policy: report}, {type: Host, policy: ignore}]}`],
      "Host is ignore here and report above",
    ],
    [
      "two sources that write the same attribute",
      [
        `{source: a, policies: [{type: Host, attributes: [address], policy: adopt}]}`,
        `{source: b, policies: [{type: Host, policy: adopt}]}`,
      ],
      "they would overwrite each other",
    ],
    ["a word that is none", [`{source: a, polices: []}`], "did you mean policies?"],
    ["a policy that is none", [`{source: a, policy: adapt}`], "did you mean adopt?"],
    [
      "a type that is none",
      [`{source: a, policies: [{type: Hots, policy: adopt}]}`],
      "did you mean Host?",
    ],
    [
      "an attribute that is none",
      [`{source: a, policies: [{type: Host, attributes: [adress], policy: report}]}`],
      "did you mean address?",
    ],
    ["no policy", [`{source: a, policies: [{type: Host}]}`], "policy is missing"],
    ["no name", [`{policy: report}`], "a source needs a name"],
    ["a name twice", [`{source: a}`, `{source: a}`], "already declared"],
  ])("refuses %s", (_, texts, words) => {
    const { problems, faults } = sources(...texts);
    expect(problems.map(({ message }) => message).join("\n")).toContain(words);
    expect(faults).toHaveLength(problems.length);
  });

  test("an order of authority lets two sources write the same attribute", () => {
    const both = ["hr", "dcim"].map(
      (name) => `{source: ${name}, policies: [{type: Host, attributes: [owner], policy: adopt}]}`,
    );
    expect(sources(...both).problems).toEqual([]);
  });
});
