import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ruleCycles } from "../../src/inventory/cycles.ts";
import type {
  ActionDefinition,
  RuleDefinition,
  WorkflowSource,
} from "../../src/model/definitions.ts";
import { rule } from "../rules/rules.ts";

const source = { file: "/p/x.yaml", line: 1, column: 1 };
const action = (ref: string, runner: string, operation?: string): [string, ActionDefinition] => [
  ref,
  {
    ref,
    pack: "p",
    name: ref,
    description: "",
    enabled: true,
    runner,
    entryPoint: "",
    entryPath: "",
    parameters: operation === undefined ? {} : { operation: { default: operation } },
    outputSchema: {},
    notify: {},
    tags: [],
    onWorkerLost: undefined,
    checkedOutput: undefined,
    source,
  },
];
const actions = new Map([
  ...["patch", "upsert", "get", "delete"].map((name) =>
    action(`inventory.${name}`, "inventory", name),
  ),
  action("p.flow", "orquesta"),
  action("core.noop", "noop"),
]);
const flow = (text: string): ReadonlyMap<string, WorkflowSource> =>
  new Map([["p.flow", { action: "p.flow", text, document: parse(text), hash: "", source }]]);

const on = (
  name: string,
  trigger: Record<string, unknown>,
  [ref, parameters]: readonly [string, Record<string, unknown>],
  more: Partial<RuleDefinition> = {},
): RuleDefinition =>
  rule({
    name,
    trigger: { type: "inventory.entry.updated", parameters: trigger },
    action: { ref, parameters },
    ...more,
  });
const cycles = (
  rules: readonly RuleDefinition[],
  workflows: ReadonlyMap<string, WorkflowSource> = new Map(),
): readonly (readonly string[])[] =>
  ruleCycles({ rules: new Map(rules.map((one) => [one.ref, one])), actions, workflows }).map(
    ({ rules: found }) => found.map(({ name }) => name),
  );
const patch = (type: string, attributes: Record<string, unknown>) =>
  ["inventory.patch", { type, name: "x", attributes }] as const;

describe("rules that may cause each other", () => {
  test("one that writes what it hears of", () => {
    const own = on(
      "own",
      { type: "Device", attribute: "status" },
      patch("Device", { status: "a" }),
    );
    expect(cycles([own])).toEqual([["own"]]);
    const [found] = ruleCycles({ rules: new Map([[own.ref, own]]), actions, workflows: new Map() });
    expect(found?.message).toContain("rule p.own changes what it hears of itself");
  });
  test("not one that writes something else, reads, is switched off or hears of something else", () => {
    const device = { type: "Device", attribute: "status" };
    expect(
      cycles([
        on("other", device, patch("Device", { note: "seen" })),
        on("type", device, patch("Rack", { status: "x" })),
        on("reads", device, ["inventory.get", { type: "Device", name: "x" }]),
        on("noop", device, ["core.noop", {}]),
        on("unknown", device, ["p.unknown", {}]),
        on("deletes", device, ["inventory.delete", { type: "Device", name: "x" }]),
        on("off", device, patch("Device", { status: "x" }), { enabled: false }),
        on("mail", {}, patch("Device", { status: "x" }), {
          trigger: { type: "email.smtp.message", parameters: {} },
        }),
        on("due", {}, patch("Device", { status: "x" }), {
          trigger: { type: "inventory.expiry.due", parameters: {} },
        }),
      ]),
    ).toEqual([]);
  });
  test("a ring of rules, through a workflow, each ring once", () => {
    const a = on("a", { type: "Device", attribute: "status" }, ["p.flow", {}]);
    const b = on("b", {}, patch("Device", { status: "x" }), {
      criteria: {
        "trigger.type": { type: "equals", pattern: "Rack" },
        "trigger.changed": { type: "contains", pattern: "note" },
      },
    });
    const workflow = flow(`
version: 1.0
tasks:
  first: {action: core.noop, next: [{do: second}]}
  second: {action: inventory.upsert, input: {type: Rack, set: {name: r, note: <% ctx().x %>}}}
  again: {action: p.flow}
`);
    expect(cycles([b, a], workflow)).toEqual([["a", "b"]]);
    expect(cycles([a], workflow)).toEqual([]);
  });
  test("what is only known when it runs may be anything; a changeset tells of everything", () => {
    const any = on("any", { attribute: "rack" }, ["inventory.upsert", { items: "<% ctx().i %>" }]);
    expect(cycles([any])).toEqual([["any"]]);
    const expression = on("expression", { type: "Device", attribute: "rack" }, [
      "inventory.patch",
      { type: "<% ctx().type %>", attributes: "{{ trigger.after }}" },
    ]);
    expect(cycles([expression])).toEqual([["expression"]]);
    const whole = on("whole", {}, patch("Role", { title: "x" }), {
      trigger: { type: "inventory.changeset.committed", parameters: {} },
    });
    expect(cycles([whole])).toEqual([["whole"]]);
    const created = on(
      "created",
      { type: "Role" },
      ["inventory.upsert", { type: "Role", set: {} }],
      {
        trigger: { type: "inventory.entry.created", parameters: { type: "Role" } },
      },
    );
    expect(cycles([created])).toEqual([["created"]]);
    const patched = on("patched", {}, patch("Role", { title: "x" }), {
      trigger: { type: "inventory.entry.created", parameters: { type: "Role" } },
    });
    expect(cycles([patched])).toEqual([]);
  });
});
