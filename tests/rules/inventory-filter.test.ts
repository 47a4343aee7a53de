import { describe, expect, test } from "vitest";
import { compileRules } from "../../src/rules/index.ts";
import { explain, match } from "../../src/rules/match.ts";
import { tryRule } from "../../src/rules/trial.ts";
import { rule } from "./rules.ts";

const ask = (): never => {
  throw new Error("nothing is asked");
};
const updated = "inventory.entry.updated";
const event = (payload: Record<string, unknown>) => ({ trigger: updated, payload });
const change = {
  type: "Device",
  changed: ["status"],
  origin: { source: "haproxy", rule_chain: [] },
};

describe("the parameters of inventory triggers", () => {
  test.each([
    ["none", {}, true],
    ["its type", { type: "Device" }, true],
    ["one of its types", { type: ["Rack", "Device"] }, true],
    ["another type", { type: "Rack" }, false],
    ["an attribute that changed", { attribute: "status" }, true],
    ["one of them", { attribute: ["rack", "status"] }, true],
    ["an attribute that did not change", { type: "Device", attribute: "rack" }, false],
    ["changes from elsewhere", { not_from: "dns" }, true],
    ["not its own echo", { not_from: ["dns", "haproxy"] }, false],
    ["only how often it may follow itself", { reentrant: 2 }, true],
  ])("%s", (_name, parameters, expected) => {
    const one = rule({ trigger: { type: updated, parameters } });
    const index = compileRules([one]);
    expect(match(index, event(change), ask).matches.length === 1).toBe(expected);
    expect(tryRule(one, event(change), ask)).toMatchObject({
      listens: true,
      verdict: expected ? "match" : "no-match",
    });
  });
  test("say why they do not hold", () => {
    const index = compileRules([
      rule({ ref: "t.a", trigger: { type: updated, parameters: { type: "Rack" } } }),
      rule({ ref: "t.b", trigger: { type: updated, parameters: { not_from: "haproxy" } } }),
    ]);
    expect(explain(index, event(change), ask).map(({ reason }) => reason)).toEqual([
      "the trigger's parameter type: the entry is a Device, not a Rack",
      "the trigger's parameter not_from: the change came from haproxy itself",
    ]);
  });
  test("find the attribute of an event about one attribute, and nothing in an event without payload", () => {
    const trigger = { type: "inventory.expiry.due", parameters: { attribute: "end" } };
    const index = compileRules([rule({ trigger })]);
    const due = (payload: unknown) => match(index, { trigger: trigger.type, payload }, ask).matches;
    expect(due({ attribute: "end" })).toHaveLength(1);
    expect(due({ attribute: "start" })).toEqual([]);
    expect(due(undefined)).toEqual([]);
  });
});
