import { expect, test } from "vitest";

import { loadBroken } from "./tree.ts";
import type { Broken } from "./tree.ts";

const action = "name: a\nrunner_type: noop\n";

const broken: Broken = [
  [
    "actions/a.yaml",
    "name: a\nrunner_typ: noop\n",
    'error packs/demo/actions/a.yaml:2:1 unknown key "runner_typ" | runner_type',
    'error packs/demo/actions/a.yaml:1:1 "runner_type" is missing',
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: pyton-script\n",
    'error packs/demo/actions/a.yaml:2:14 there is no runner "pyton-script" | python-script',
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: run-local\n",
    'error packs/demo/actions/a.yaml:2:14 there is no runner "run-local" | local-shell-cmd',
  ],
  [
    "actions/a.yaml",
    `${action}enabled: "yes"\n`,
    'error packs/demo/actions/a.yaml:3:10 enabled must be true or false, not "yes"',
  ],
  [
    "actions/a.yaml",
    `pack: other\n${action}`,
    'error packs/demo/actions/a.yaml:1:7 "pack" is "other", but the file belongs to the pack "demo"',
  ],
  [
    "actions/a.yaml",
    `${action}on_worker_lost: rerunn\n`,
    'error packs/demo/actions/a.yaml:3:17 on_worker_lost must be rerun or abandon, not "rerunn" | rerun',
  ],
  [
    "actions/a.yaml",
    "- 1\n",
    "error packs/demo/actions/a.yaml:1:1 the file must be a mapping, not a list",
  ],
  [
    "actions/a.yaml",
    "",
    "error packs/demo/actions/a.yaml:1:1 the file must be a mapping, not nothing",
  ],
  [
    "actions/a.yaml",
    "name: a\n  runner_type: noop\n",
    "error packs/demo/actions/a.yaml:1:7 not valid YAML: Nested mappings are not allowed in compact mappings",
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p-q: {type: string}\n`,
    'error packs/demo/actions/a.yaml:4:3 "p-q" is not a valid name in parameters',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {type: strng}\n`,
    'error packs/demo/actions/a.yaml:4:13 parameters.p.type must be array, boolean, integer, null, number, object or string, not "strng" | string',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {type: [string, integer]}\n`,
    "error packs/demo/actions/a.yaml:4:13 parameters.p.type must be array, boolean, integer, null, number, object or string, not a list",
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {type: string, format: date}\n`,
    'error packs/demo/actions/a.yaml:4:21 unknown key "format" in parameters.p',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {type: array, items: {typ: string}}\n`,
    'warning packs/demo/actions/a.yaml:4:28 unknown key "typ" in parameters.p.items | type',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {position: 1}\n  q: {position: 3}\n`,
    "error packs/demo/actions/a.yaml:5:17 the positions 1, 3 are not contiguous",
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {immutable: true}\n`,
    'error packs/demo/actions/a.yaml:4:3 the immutable parameter "p" needs a default',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {position: 0}\n  q: {position: 0}\n`,
    'error packs/demo/actions/a.yaml:5:17 position 0 belongs to "p" already',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {position: 0}\n  q: {position: 2}\n`,
    "error packs/demo/actions/a.yaml:5:17 the positions 0, 2 are not contiguous",
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: local-shell-cmd\nparameters:\n  dir: {default: /tmp}\n",
    'error packs/demo/actions/a.yaml:4:3 "dir" is immutable in the runner and cannot be changed by an action',
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: local-shell-cmd\nparameters:\n  timeout: {type: string}\n",
    'warning packs/demo/actions/a.yaml:4:19 "type" of the runner\'s parameter "timeout" cannot be changed by an action; "integer" counts',
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: python-script\n",
    'error packs/demo/actions/a.yaml:1:1 the runner "python-script" needs an entry_point',
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: python-script\nentry_point: gone.py\n",
    "error packs/demo/actions/a.yaml:3:14 the entry point packs/demo/actions/gone.py does not exist",
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: python-script\nentry_point: ../../secret.py\n",
    "error packs/demo/actions/a.yaml:3:14 the entry point ../../secret.py lies outside of the pack",
  ],
  [
    "actions/a.yaml",
    "name: a\nrunner_type: python-script\nentry_point: /etc/passwd\n",
    "error packs/demo/actions/a.yaml:3:14 the entry point /etc/passwd lies outside of the pack",
  ],
  [
    "actions/a.yaml",
    `${action}notify:\n  on-complet: {message: x}\n`,
    'error packs/demo/actions/a.yaml:4:3 unknown key "on-complet" in notify | on-complete',
  ],
  [
    "actions/a.yaml",
    `${action}parameters:\n  p: {default: "<$ a.( $>"}\n`,
    'error packs/demo/actions/a.yaml:4:23 Expected ")" before end of expression in <$ a.( $>',
  ],
  [
    "actions/a.yaml",
    `${action}name: b\n`,
    'warning packs/demo/actions/a.yaml:3:1 "name" is written twice; only the last one counts',
  ],
];

test.each(broken)("%s: %j", async (path, text, ...expected) => {
  const { lines, actions } = await loadBroken(path, text);
  expect(lines).toEqual(expected);
  expect(actions).toContain("demo.good");
});
