import { expect, test } from "vitest";

import { parseYaml } from "../../src/content/yaml.ts";
import { readRehearsal } from "../../src/workflows/rehearsal-format.ts";
import { rehearse } from "../../src/workflows/rehearse.ts";

const definition = `
version: 1.0
input: [host, {tries: 2}]
vars: [{note: null}]
tasks:
  check:
    action: core.ping host=<% ctx().host %>
    retry: {count: <% ctx().tries %>, when: <% failed() %>}
    next:
      - when: <% succeeded() %>
        publish: note=<% result().text %>
        do: left, right
      - when: <% failed() %>
        do: repair
  left: {action: core.noop, next: [{publish: [{l: <% task(check).result.text %>}], do: meet}]}
  right: {action: core.noop, next: [{publish: [{key: <% st2kv('system.k') %>}], do: meet}]}
  meet:
    join: all
    with: x in <% list(1, 2, 3) %>
    action: core.echo message=<% item(x) %>
  repair: {action: core.repair, next: [{do: fail}]}
output: [{note: <% ctx().note %>}, {shout: '<$ $uppercase($string(note)) & $formatNumber(1, "0.0") $>'}]
`;

function play(text: string, workflow = definition) {
  const { rehearsal, errors } = readRehearsal(parseYaml(text, "python").value);
  expect(errors).toEqual([]);
  if (rehearsal === undefined) throw new Error("no rehearsal");
  return rehearse(parseYaml(workflow, "python").value, rehearsal);
}

test("a rehearsal that meets every expectation passes", async () => {
  const report = await play(`
input: {host: web1}
datastore: {system.k: secret}
results:
  check:
    - {status: failed, result: {text: down}}
    - {result: {text: up}}
  meet: {items: [{result: 1}, {result: 2}]}
expect:
  tasks: [check, left, right, meet]
  routes: [[]]
  inputs:
    check: [{host: web1}, {host: web1}]
    meet: [{message: 1}, {message: 2}, {message: 3}]
  publishes: {check: {note: up}, left: {l: up}, right: {key: secret}}
  output: {note: up, shout: UP1.0}
  errors:
    - {type: error, message: Execution failed. See result for details., task_id: check, result: {text: down}}
`);
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ passed: true, status: "succeeded" });
  expect(report.started.map(({ task, item }) => [task, item])).toEqual([
    ["check", undefined],
    ["check", undefined],
    ["left", undefined],
    ["right", undefined],
    ["meet", 0],
    ["meet", 1],
    ["meet", 2],
  ]);
});

test("every expectation that is not met is told, with its place", async () => {
  const report = await play(`
input: {host: web1}
results: {check: {status: failed, result: {text: down}}}
expect:
  status: succeeded
  tasks: [check, left]
  inputs: {repair: {}}
  publishes: {check: {note: up}}
  output: {note: up}
`);
  expect(report.passed).toBe(false);
  expect(report.problems).toEqual([
    'status: expected "succeeded", got "failed"',
    'tasks[1]: expected "left", got "repair"',
    'tasks[2]: expected nothing, got "fail"',
    "inputs.repair: expected {}, got null",
    'publishes.check: expected {"note":"up"}, got nothing',
    'output.note: expected "up", got null',
    'output.shout: expected nothing, got "NULL1.0"',
  ]);
});

test("events come first, in their order; then all that runs is answered", async () => {
  const report = await play(`
input: {host: web1}
datastore: {system.k: secret}
events:
  - {task: check, result: {text: up}}
  - pause
  - {task: left}
  - {task: right}
  - resume
  - {task: meet, item: 2, status: failed}
expect: {status: failed, tasks: [check, left, right, meet]}
`);
  expect(report.problems).toEqual([]);
});

test("what runs when the workflow is cancelled ends as cancelled; a rerun takes it up", async () => {
  const cancelled = await play(`
input: {host: web1}
events: [cancel]
expect: {status: canceled, tasks: [check]}
`);
  expect(cancelled.problems).toEqual([]);
  const rerun = await play(`
input: {host: web1}
datastore: {system.k: secret}
events:
  - {task: check, result: {text: up}}
  - {task: left}
  - {task: right}
  - {task: meet, item: 1, status: failed}
  - {task: meet, item: 0}
  - {task: meet, item: 2}
  - rerun
expect:
  status: succeeded
  tasks: [check, left, right, meet, meet]
  inputs: {meet: [{message: 1}, {message: 2}, {message: 3}, {message: 2}]}
`);
  expect(rerun.problems).toEqual([]);
});

test("tasks and events that cannot be are told", async () => {
  const misspelt = await play("results: {chek: {status: failed}}\nexpect: {inputs: {nowhere: {}}}");
  expect(misspelt.problems).toEqual([
    'results: there is no task "chek". Did you mean "check"?',
    'expect.inputs: there is no task "nowhere".',
  ]);
  const early = await play("input: {host: a}\nevents: [{task: meet}, rerun]\nexpect: {status: failed}");
  expect(early.problems).toEqual([
    "events: meet does not run.",
    "rerun: WorkflowIsActiveAndNotRerunableError: Unable to rerun workflow because it is not in a completed state.",
  ]);
});

test("a workflow that inspection refuses is not played", async () => {
  const report = await play("{}", "tasks: {a: {action: x.y, next: [{do: b}]}}");
  expect(report).toMatchObject({ passed: false, tasks: [], status: "null" });
  expect(report.problems).toEqual(['semantics: tasks.a.next[0].do: The task "b" is not defined.']);
});

test("a workflow without end is given up", async () => {
  const report = await play(
    "{}",
    "tasks: {a: {action: x.y, next: [{do: b}]}, b: {action: x.y, next: [{do: c}]}, c: {action: x.y, next: [{do: b}]}}",
  );
  expect(report.problems).toContain("The workflow goes on after 20000 actions.");
});

test("the faults of a rehearsal file have a path", () => {
  const { errors } = readRehearsal({
    worklfow: "x",
    input: [],
    now: "yesterday",
    results: { a: { stats: "failed" }, b: [{ status: "broken", items: {} }] },
    events: ["stop", { task: "a", item: -1 }, { rerun: "a" }],
    expect: { tasks: "a", staus: 1 },
  });
  expect(errors.map(({ path, message }) => `${path.join(".")} ${message}`)).toEqual([
    'worklfow Unknown key "worklfow". Did you mean "workflow"?',
    "input Expected a dict.",
    "now Expected a time such as 2026-01-01T00:00:00Z.",
    'results.a.stats Unknown key "stats". Did you mean "status"?',
    "results.b.0.items Expected a list.",
    "results.b.0.status Expected a status such as succeeded, failed or canceled.",
    "events.0 Expected one of: pause, resume, cancel, rerun, {task: …}, {rerun: […]} or {fail: …}.",
    "events.1.item Expected a whole number ≥ 0.",
    "events.2.rerun Expected a list.",
    'expect.staus Unknown key "staus". Did you mean "status"?',
    "expect.tasks Expected a list.",
  ]);
});
