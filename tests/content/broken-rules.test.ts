import { expect, test } from "vitest";

import { loadBroken } from "./tree.ts";
import type { Broken } from "./tree.ts";

const rule =
  "name: r\ntrigger:\n  type: core.st2.webhook\n  parameters: {url: x}\naction:\n  ref: demo.good\n";

const broken: Broken = [
  [
    "rules/r.yaml",
    `${rule}criteria:\n  trigger.x: {type: equls, pattern: 1}\n`,
    'error packs/demo/rules/r.yaml:8:21 there is no operator "equls" | equals',
  ],
  [
    "rules/r.yaml",
    `${rule}criteria:\n  trigger.x: {type: Search, condition: any, pattern: {item.a: {type: exits, pattern: 1}}}\n`,
    'error packs/demo/rules/r.yaml:8:70 there is no operator "exits" | exists',
  ],
  // rules
  [
    "rules/r.yaml",
    rule.replace("ref:", "reff:"),
    'error packs/demo/rules/r.yaml:6:3 unknown key "reff" in action | ref',
    'error packs/demo/rules/r.yaml:6:3 "ref" is missing in action',
  ],
  [
    "rules/r.yaml",
    rule.replace("demo.good", "demo.goood"),
    'error packs/demo/rules/r.yaml:6:8 there is no action "demo.goood" | demo.good',
  ],
  [
    "rules/r.yaml",
    rule.replace("webhook", "webhok"),
    'error packs/demo/rules/r.yaml:3:9 there is no trigger type "core.st2.webhok" | core.st2.webhook',
  ],
  [
    "rules/r.yaml",
    rule.replace("{url: x}", "{}"),
    'error packs/demo/rules/r.yaml:4:15 "url" is required',
  ],
  [
    "rules/r.yaml",
    rule.replace("{url: x}", "{url: x, uri: y}"),
    'error packs/demo/rules/r.yaml:4:24 unknown parameter "uri" | url',
  ],
  [
    "rules/r.yaml",
    rule.replace("webhook", "IntervalTimer").replace("{url: x}", "{unit: second, delta: 1.5}"),
    'error packs/demo/rules/r.yaml:4:22 trigger.parameters.unit must be one of weeks, days, hours, minutes or seconds, not "second" | seconds',
    "error packs/demo/rules/r.yaml:4:37 trigger.parameters.delta must be an integer, not 1.5",
  ],
  [
    "rules/r.yaml",
    `${rule}  parameters:\n    messag: x\n`,
    'error packs/demo/rules/r.yaml:8:5 "demo.good" has no parameter "messag" | message',
  ],
  [
    "rules/r.yaml",
    `${rule}criteria:\n  trigger.x: {type: equals}\n`,
    'error packs/demo/rules/r.yaml:8:14 "pattern" is missing in criteria.trigger.x',
  ],
  [
    "rules/r.yaml",
    `${rule}criteria:\n  trigger.x: 5\n`,
    "error packs/demo/rules/r.yaml:8:14 criteria.trigger.x must be a mapping, not 5",
  ],
  [
    "rules/r.yaml",
    `${rule}when: |\n  trigger.body.(\n    a = \n`,
    'error packs/demo/rules/r.yaml:9:8 not JSONata: Expected ")" before end of expression',
  ],
  [
    "rules/r.yaml",
    `${rule}type: {ref: backstopp}\n`,
    'error packs/demo/rules/r.yaml:7:13 type.ref must be standard or backstop, not "backstopp" | backstop',
  ],
  // sensors, triggers, aliases, policies
  [
    "sensors/s.yaml",
    "class_name: S\nentry_point: s.py\npoll_interval: 3\n",
    "error packs/demo/sensors/s.yaml:3:16 poll_interval must be a number of at least 4, not 3",
  ],
  [
    "sensors/s.yaml",
    "class_name: S\nentry_point: gone.py\n",
    "error packs/demo/sensors/s.yaml:2:14 the entry point packs/demo/sensors/gone.py does not exist",
  ],
  [
    "sensors/s.yaml",
    "class_name: S\nentry_point: s.py\ntrigger_types:\n  - description: x\n",
    'error packs/demo/sensors/s.yaml:4:5 "name" is missing in trigger_types[0]',
  ],
  ["triggers/t.yaml", "description: x\n", 'error packs/demo/triggers/t.yaml:1:1 "name" is missing'],
  [
    "aliases/l.yaml",
    "name: l\naction_ref: demo.god\nformats: [x]\n",
    'error packs/demo/aliases/l.yaml:2:13 there is no action "demo.god" | demo.good',
  ],
  [
    "aliases/l.yaml",
    "name: l\naction_ref: demo.good\nformat: x\n",
    'error packs/demo/aliases/l.yaml:3:1 unknown key "format" | formats',
  ],
  [
    "policies/p.yaml",
    "name: p\nresource_ref: demo.good\npolicy_type: action.concurency\n",
    'error packs/demo/policies/p.yaml:3:14 policy_type must be action.concurrency, action.concurrency.attr, action.retry, action.rate_limit or action.debounce, not "action.concurency" | action.concurrency',
  ],
  [
    "policies/p.yaml",
    "name: p\nresource_ref: demo.good\npolicy_type: action.retry\nparameters: {retry_on: failure}\n",
    'error packs/demo/policies/p.yaml:4:13 "max_retry_count" is missing in parameters',
  ],
  [
    "parsers/p.yaml",
    "- x\n",
    "error packs/demo/parsers/p.yaml:1:1 the file must be a mapping, not a list",
  ],
  [
    "config.schema.yaml",
    "url: {typ: string}\n",
    'error packs/demo/config.schema.yaml:1:7 unknown key "typ" in url | type',
  ],
  // workflows
  [
    "actions/workflows/w.yaml",
    "version: 1.0\ntaskss: {}\n",
    'error packs/demo/actions/workflows/w.yaml:2:9 Unknown key "taskss". Did you mean "tasks"?',
    "error packs/demo/actions/workflows/w.yaml:1:1 Expected a dict of at least one task.",
  ],
  [
    "actions/workflows/w.yaml",
    "version: 1.0\ntasks:\n  one:\n    action: demo.goood x=1\n",
    'error packs/demo/actions/workflows/w.yaml:4:13 there is no action "demo.goood" | demo.good',
  ],
  [
    "actions/workflows/w.yaml",
    "version: 1.0\ntasks: [\n",
    "error packs/demo/actions/workflows/w.yaml:3:1 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  [
    "actions/workflows/w.yaml",
    "version: 1.0\ntasks:\n  one:\n    action: demo.good\n    input:\n      a: x <% ctx(.) %>\n",
    "error packs/demo/actions/workflows/w.yaml:6:19 Parse error: unexpected '.' at position 4 of expression 'ctx(.)' in <% ctx(.) %>",
  ],
  [
    "actions/workflows/w.yaml",
    "version: 1.0\ntasks:\n  one:\n    action: demo.good\n    input:\n      a: x {{ ctx().b }}\n    next:\n      - do: one, twoo\n",
    'error packs/demo/actions/workflows/w.yaml:8:13 The task "twoo" is not defined.',
    "error packs/demo/actions/workflows/w.yaml:2:1 Unable to identify any tasks to start the workflow. If the workflow has a loop, please add a task that serves as an entry point (or lead) into the loop.",
  ],
  [
    "actions/workflows/w.yaml",
    "version: 1.0\nvars: [{a: 1}]\ntasks:\n  one:\n    action: demo.good\n    next:\n      - publish: b=<% ctx().c %>\n        do: noop, fail\noutput:\n  - d: <% ctx().st2.user %> {% if ctx().a %}\n",
    "error packs/demo/actions/workflows/w.yaml:10:8 Expression with multiple types is not supported. in <% ctx().st2.user %> {% if ctx().a %}",
    'error packs/demo/actions/workflows/w.yaml:7:29 Variable "c" is referenced before assignment. in <% ctx().c %>',
  ],
];

test.each(broken)("%s: %j", async (path, text, ...expected) => {
  const { lines, actions } = await loadBroken(path, text);
  expect(lines).toEqual(expected);
  expect(actions).toContain("demo.good");
});
