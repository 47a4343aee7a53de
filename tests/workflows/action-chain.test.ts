import { describe, expect, test } from "vitest";

import { parseYaml } from "../../src/content/yaml.ts";
import { Unanswered, type Ask } from "../../src/expressions/context.ts";
import { renderValues } from "../../src/expressions/render-values.ts";
import { isObject } from "../../src/model/json.ts";
import type { ChainSurroundings } from "../../src/workflows/action-chain.ts";
import { readActionChain } from "../../src/workflows/action-chain-spec.ts";
import type { WorkflowEvent } from "../../src/workflows/conductor.ts";
import { compilePlan, courseOf, type Course, type CourseEffect } from "../../src/workflows/course.ts";

const read = (text: string) => readActionChain(parseYaml(text, "python").value);

describe("the definition", () => {
  test.for([
    ["no chain", "vars: {}", "'chain' is a required property", []],
    ["no name", "chain: [{ref: a.b}]", "'name' is a required property", ["chain", 0]],
    ["no reference", "chain: [{name: a}]", "'ref' is a required property", ["chain", 0]],
    [
      "no reference later",
      "chain: [{name: a, ref: a.b}, {name: b}]",
      "'ref' is a required property",
      ["chain", 1],
    ],
    [
      "an unknown key",
      "chain: [{name: a, ref: a.b, on-sucess: a}]",
      "Additional properties are not allowed ('on-sucess' was unexpected)",
      ["chain", 0],
    ],
    [
      "an unknown key above",
      "chain: [{name: a, ref: a.b}]\ntasks: {}",
      "Additional properties are not allowed ('tasks' was unexpected)",
      [],
    ],
    ["a wrong type", "chain: [{name: a, ref: 1}]", "1 is not of type 'string'", ["chain", 0, "ref"]],
    [
      "both parameters",
      "chain: [{name: a, ref: a.b, params: {x: 1}, parameters: {y: 1}}]",
      'Either "params" or "parameters" attribute needs to be provided, but not both',
      ["chain", 0, "params"],
    ],
    [
      "an unknown target",
      "chain: [{name: a, ref: a.b, on-failure: b2}]",
      'Unable to find node with name "b2" referenced in "on-failure" in task "a".',
      ["chain", 0, "on-failure"],
    ],
    [
      "an unknown start, with the nearest name",
      "chain: [{name: first, ref: a.b}]\ndefault: fist",
      'Unable to find node with name "fist" referenced in "default". Did you mean "first"?',
      ["default"],
    ],
  ] as const)("is refused with %s", ([, text, message, path]) => {
    const { chain, errors } = read(text);
    expect(chain).toBeUndefined();
    expect(errors[0]).toMatchObject({ message, path });
  });

  test.for([
    ["the one nobody leads to", "chain: [{name: b, ref: x}, {name: a, ref: x, on-success: b}]", "a"],
    ["the first of a circle", "chain: [{name: b, ref: x, on-success: a}, {name: a, ref: x, on-success: b}]", "b"],
    ["the one that is named", "chain: [{name: a, ref: x}, {name: b, ref: x}]\ndefault: b", "b"],
  ] as const)("starts with %s", ([, text, start]) => {
    expect(read(text).chain?.start).toBe(start);
  });

  test("takes null for not written, and an unknown key of a later node for a slip", () => {
    const { chain, errors, warnings } = read(
      "chain: [{name: a, ref: x}, {name: b, ref: x, on-success: null, publish: null, notify: null, descripton: d}]\nvars: null",
    );
    expect(errors).toEqual([]);
    expect(chain?.nodes.get("b")).toMatchObject({ onSuccess: "", publish: {} });
    expect(warnings).toMatchObject([{ path: ["chain", 1, "descripton"] }]);
  });
});

const noAsk: Ask = (question) => {
  throw new Unanswered(question);
};

test("values become text, lists and mappings keep their shape, plain values their type", () => {
  const rendered = renderValues(
    {
      text: "{{ n }} and {{ yes }}",
      list: ["{{ n }}", 2, null],
      mapping: { a: "{{ d }}", b: [1.5] },
      plain: [1, true],
      number: 7,
      complex: "{{ d | to_json_string }}",
      all: "{{ __context.n }}",
      data: "{{ evil }}",
      line: "ends\n",
    },
    { n: 1, yes: true, d: { k: [1, null] }, evil: "{{ n }}" },
    noAsk,
  );
  expect(rendered).toEqual({
    text: "1 and True",
    list: ["1", 2, null],
    mapping: { a: "{'k': [1, None]}", b: [1.5] },
    plain: [1, true],
    number: 7,
    complex: '{"k": [1,null]}',
    all: "1",
    data: "{{ n }}",
    line: "ends",
  });
});

const datastore: Ask = (question) =>
  question.kind === "datastore" ? `<${question.name}>` : noAsk(question);

test("a template asks for the datastore by its new and its old name", () => {
  expect(renderValues({ a: "{{ st2kv.system.x.y }}", b: "{{ system.x.y }}" }, {}, datastore)).toEqual({
    a: "<system.x.y>",
    b: "<system.x.y>",
  });
});

const surroundings: ChainSurroundings = {
  parameters: { given: "g" },
  context: { execution_id: "1", user: "u" },
  config: { url: "http://x" },
  displayPublished: true,
  skipNotify: ["quiet"],
  notify: { "on-complete": { routes: ["ops"] } },
};

function open(text: string): Course {
  const compiled = compilePlan("action-chain", parseYaml(text, "python").value);
  if (!("plan" in compiled)) throw new Error(JSON.stringify(compiled.errors));
  return courseOf(compiled.plan, surroundings);
}

/** Feeds the events; gives every effect. After each, the journal alone leads to the same state. */
function play(text: string, events: readonly WorkflowEvent[]) {
  let course = open(text);
  let replayed = open(text);
  const effects: CourseEffect[] = [];
  for (const [index, event] of events.entries()) {
    const turn = course.advance(event, noAsk, `t${index}`);
    effects.push(...turn.effects);
    ({ course } = turn);
    const stored: unknown = JSON.parse(JSON.stringify(turn.entries));
    replayed = replayed.replay(Array.isArray(stored) ? stored : []);
    const saved: unknown = JSON.parse(JSON.stringify(replayed.snapshot()));
    expect(saved).toEqual(JSON.parse(JSON.stringify(course.snapshot())));
  }
  return { course, effects };
}

const start: WorkflowEvent = { kind: "start", input: {}, context: {} };
const done = (
  taskId: string,
  visit: number,
  status: "succeeded" | "failed" | "timeout" | "abandoned" | "canceled" | "paused" = "succeeded",
): WorkflowEvent => ({
  kind: "task",
  taskId,
  route: 0,
  visit,
  status,
  result: { r: visit },
  execution: "5f0000000000000000000001",
});

const two = `
chain:
  - {name: a, ref: x.y, parameters: {p: "{{ given }} {{ action_context.parent.user }} {{ config_context.url }}"}, on-success: quiet, on-failure: z, publish: {v: "{{ a.r }}"}}
  - {name: quiet, ref: x.y, parameters: {p: "{{ v }} {{ __results.a.r }}"}, notify: {on-complete: {routes: [x]}}}
  - {name: z, ref: x.y, notify: {on-failure: {routes: [y]}}}
`;

describe("the run", () => {
  test("renders with parameters, results, published values, context and configuration", () => {
    const { effects } = play(two, [start, done("a", 1), done("quiet", 2)]);
    const nodes = effects.filter((effect) => effect.kind === "node");
    expect(nodes.map(({ key, input, notify }) => [key, input, notify])).toEqual([
      ["a:0:1", { p: "g u http://x" }, surroundings.notify],
      ["quiet:0:2", { p: "1 1" }, {}],
    ]);
    expect(effects.at(-1)).toMatchObject({
      kind: "ended",
      status: "succeeded",
      result: {
        tasks: [
          { id: "a", created_at: "t0", updated_at: "t1", workflow: null },
          { id: "quiet", created_at: "t1", updated_at: "t2" },
        ],
        published: { v: "1" },
      },
    });
  });

  test.for([
    ["failed", "failed"],
    ["abandoned", "failed"],
    ["timeout", "timeout"],
    ["canceled", "canceled"],
  ] as const)("ends after a last node that is %s as %s", ([ended, status]) => {
    const { effects } = play("chain: [{name: a, ref: x}]", [start, done("a", 1, ended)]);
    expect(effects.at(-1)).toMatchObject({ kind: "ended", status });
  });

  test("a failure leads to its node, whose end counts and whose own notification is used", () => {
    const { effects } = play(two, [start, done("a", 1, "timeout"), done("z", 2)]);
    expect(effects.find((effect) => effect.kind === "node" && effect.node === "z")).toMatchObject({
      notify: { "on-failure": { routes: ["y"] } },
    });
    expect(effects.at(-1)).toMatchObject({ kind: "ended", status: "succeeded" });
  });

  test("ends that are late, doubled or of somebody else change nothing", () => {
    const { effects, course } = play(two, [
      start,
      done("a", 7),
      done("z", 1),
      done("a", 1),
      done("a", 1),
      done("quiet", 2),
      done("quiet", 2),
      start,
      { kind: "cancel" },
      { kind: "resume" },
    ]);
    expect(effects.filter((effect) => effect.kind === "node")).toHaveLength(2);
    expect(course.status).toBe("succeeded");
  });

  test("a paused child pauses the chain; resume goes on with the same child", () => {
    const { effects, course } = play(two, [
      start,
      done("a", 1, "paused"),
      { kind: "resume" },
      done("a", 1),
    ]);
    expect(effects.filter((effect) => effect.kind !== "node")).toMatchObject([
      { kind: "status", status: "running" },
      { kind: "status", status: "paused", result: { tasks: [{ state: "paused" }] } },
      { kind: "status", status: "running" },
      { kind: "children", request: "resume", only: "workflows" },
    ]);
    expect(course.status).toBe("running");
  });

  test("only a refusal of parameters is a failed node; the error is its result", () => {
    const { effects } = play(two, [
      start,
      { kind: "fail", message: "no", taskId: "a", route: 0 },
      done("z", 2),
    ]);
    const last = effects.at(-1);
    const tasks = last?.kind === "ended" ? last.result["tasks"] : undefined;
    expect(Array.isArray(tasks) && isObject(tasks[0]) ? tasks[0] : {}).toMatchObject({
      execution_id: null,
      liveaction_id: null,
      state: "failed",
      result: { error: 'Failed running task "a". no' },
    });
  });
});
