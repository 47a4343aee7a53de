import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { fingerprint } from "../../src/content/fingerprint.ts";
import { parseWorkflow } from "../../src/content/parse-workflow.ts";
import { loadContent } from "../../src/content/load.ts";
import { Float } from "../../src/expressions/python/values.ts";
import { loadTree, packYaml, printed, runners, writeTree } from "./tree.ts";
import { busyMs } from "../support/eventually.ts";

/** A pack as StackStorm's own `core` is laid out, and as packs of the Exchange are written. */
const core = {
  "packs/core/pack.yaml":
    "---\nref: core\nname: StackStorm Core\ndescription: Basic core actions.\nkeywords:\n  - core\nversion: 0.3\npython_versions:\n  - '3'\nauthor: St2\nemail: info@example.com\nstackstorm_version: '>=3.0.0'\n",
  "packs/core/README.md": "# core",
  "packs/core/requirements.txt": "flex==6.14.1",
  "packs/core/icon.png": "",
  "packs/core/actions/local.yaml":
    "---\ndescription: Action that executes an arbitrary Linux command on the localhost.\nenabled: true\nentry_point: ''\nname: local\nparameters:\n  cmd:\n    description: Arbitrary Linux command to be executed on the local host.\n    required: true\n    type: string\n  timeout:\n    default: 30\nrunner_type: \"local-shell-cmd\"\n",
  "packs/core/actions/echo.yaml":
    'name: echo\nrunner_type: local-shell-cmd\ndescription: Action that executes the Linux echo command on the localhost.\nenabled: true\nentry_point: ""\nparameters:\n  message:\n    description: The message that the command will echo.\n    type: string\n    required: true\n  cmd:\n    description: Arbitrary Linux command to be executed on the local host.\n    required: true\n    type: string\n    default: \'echo "{{message}}"\'\n    immutable: true\n',
  "packs/core/actions/http.yml":
    "name: http\nrunner_type: http_request\nparameters:\n  method: {type: string, enum: [GET, POST]}\n",
  "packs/core/actions/sendmail.yaml":
    "name: sendmail\nrunner_type: local-shell-script\nentry_point: send_mail/send_mail\nparameters:\n  sendmail_binary: {type: string, position: 0, default: None}\n  from: {type: string, position: 1, default: stanley}\n",
  "packs/core/actions/send_mail/send_mail": "#!/bin/sh\n",
  "packs/core/actions/st2.kv.get.yaml":
    "name: st2.kv.get\nrunner_type: python-script\nentry_point: kv/get.py\n",
  "packs/core/actions/kv/get.py": "",
  "packs/core/actions/kv/not-an-action.yaml": "this: is not read\n",
  "packs/core/actions/config.yaml": "nor: this\n",
  "packs/core/actions/flow.yaml":
    "name: flow\nrunner_type: orchestra\nentry_point: workflows/flow.yaml\nparameters:\n  host: {type: string, required: true}\nnotify:\n  on-failure: {message: broken, routes: [ops]}\n",
  "packs/core/actions/workflows/flow.yaml":
    'version: 1.0\ninput:\n  - host\nvars:\n  - ratio: 1.0\ntasks:\n  say:\n    action: core.echo message="<% ctx(host) %>"\n    next:\n      - when: <% succeeded() %>\n        do: kv\n  kv:\n    action: core.st2.kv.get\n',
  "packs/core/actions/chain.yaml":
    "name: chain\nrunner_type: action-chain\nentry_point: chains/chain.yaml\n",
  "packs/core/actions/chains/chain.yaml":
    "chain:\n  - name: one\n    ref: core.local\n    parameters: {cmd: date}\n",
  "packs/core/rules/webhook.yaml":
    '---\nname: sample_rule_with_webhook\npack: core\ndescription: Sample rule dumping webhook payload to a file.\nenabled: true\ntrigger:\n  type: core.st2.webhook\n  parameters:\n    url: sample\ncriteria:\n  trigger.body.name#1:\n    pattern: st2\n    type: equals\naction:\n  ref: core.local\n  parameters:\n    cmd: "echo \\"{{trigger.body}}\\" >> ~/out"\n',
  "packs/core/rules/own.yaml":
    "name: own\ntrigger: {type: core.noticed}\ncriteria: {}\naction: {ref: core.local, parameters: {cmd: date}}\ntype: {ref: backstop}\n",
  "packs/core/sensors/watch.yaml":
    "class_name: Watcher\nentry_point: watch.py\ndescription: d\npoll_interval: 30\nunknown_key: is ignored\ntrigger_types:\n  - name: noticed\n    description: seen\n    payload_schema: {type: object, properties: {path: {type: string}}}\n",
  "packs/core/sensors/watch.py": "",
  "packs/core/triggers/other.yaml":
    "name: other\npack: core\npayload_info: [a, b]\nparameters_schema: {type: object}\n",
  "packs/core/aliases/remote.yaml":
    'name: remote\naction_ref: core.local\nformats:\n  - "run {{cmd}}"\n  - display: "do {{cmd}}"\n    representation: ["do {{cmd}}"]\nack: {format: ok, append_url: false}\nresult: {enabled: true}\n',
  "packs/core/policies/retry.yaml":
    "name: retry\nresource_ref: core.local\npolicy_type: action.retry\nparameters: {retry_on: timeout, max_retry_count: 2}\n",
};

describe("StackStorm's layout", () => {
  test("everything in it is found, with StackStorm's defaults", async () => {
    const loaded = await loadTree(core);
    const { content } = loaded;
    expect(printed(loaded)).toEqual([]);
    expect([...content.actions.keys()]).toEqual(
      [
        "core.chain",
        "core.echo",
        "core.flow",
        "core.http",
        "core.local",
        "core.sendmail",
        "core.st2.kv.get",
      ].toSorted((a, b) => (a < b ? -1 : 1)),
    );
    expect(content.packs.get("core")).toMatchObject({
      version: "0.3.0",
      name: "StackStorm Core",
      bundled: false,
    });
    expect(content.actions.get("core.http")).toMatchObject({
      runner: "http-request",
      enabled: true,
      entryPath: "",
    });
    expect(content.actions.get("core.sendmail")?.entryPath).toBe(
      join(loaded.root, "packs/core/actions/send_mail/send_mail"),
    );
    expect(content.actions.get("core.local")?.source).toEqual({
      file: join(loaded.root, "packs/core/actions/local.yaml"),
      line: 2,
      column: 1,
    });
    expect(content.rules.get("core.sample_rule_with_webhook")).toMatchObject({
      enabled: true,
      trigger: { type: "core.st2.webhook", parameters: { url: "sample" } },
      criteria: { "trigger.body.name#1": { type: "equals", pattern: "st2" } },
      type: { ref: "standard" },
    });
    expect(content.rules.get("core.own")).toMatchObject({
      enabled: false,
      type: { ref: "backstop" },
    });
    expect(content.sensors.get("core.Watcher")).toMatchObject({ pollInterval: 30, enabled: true });
    expect([...content.triggerTypes.keys()].toSorted()).toEqual(["core.noticed", "core.other"]);
    expect(content.aliases.get("core.remote")).toMatchObject({
      action_ref: "core.local",
      enabled: true,
    });
    expect(content.policies.get("core.retry")).toMatchObject({
      resourceRef: "core.local",
      policyType: "action.retry",
    });
    expect([...content.workflows.keys()].toSorted()).toEqual(["core.chain", "core.flow"]);
    expect(content.workflows.get("core.flow")?.document).toMatchObject({
      vars: [{ ratio: new Float(1) }],
    });
    expect(content.workflows.get("core.flow")?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("a snapshot cannot be changed", async () => {
    const { content } = await loadTree(core);
    const parameters = content.rules.get("core.own")?.action.parameters as Record<string, unknown>;
    expect(() => (parameters["cmd"] = "rm")).toThrow(TypeError);
  });
});

describe("the site's own", () => {
  test("workflows need no second file; rules may call them", async () => {
    const loaded = await loadTree({
      "packs/demo/pack.yaml": packYaml,
      "packs/demo/actions/a.yaml": "name: a\nrunner_type: noop\n",
      "site/workflows/restore.yaml":
        "version: 1.0\ndescription: Brings a host back\ninput:\n  - host\n  - ttl: 60\n  - note: null\ntasks:\n  one: {action: demo.a}\n",
      "site/rules/r.yaml":
        'name: r\nenabled: true\ntrigger: {type: alert.resolved}\nwhen: trigger.alert.severity = "critical"\naction:\n  ref: default.restore\n  parameters: {host: "<$ trigger.alert.host $>"}\n',
      "site/types/rack.yaml": "name: rack\nattributes: {}\n",
      "packs/demo/types/node.yaml": "attributes: {}\n",
      "packs/demo/parsers/nagios.yaml": "order: 1\n",
    });
    expect(printed(loaded)).toEqual([]);
    expect(loaded.content.actions.get("default.restore")).toMatchObject({
      pack: "default",
      runner: "orquesta",
      description: "Brings a host back",
      parameters: { host: { required: true }, ttl: { default: 60 }, note: { default: null } },
      entryPath: join(loaded.root, "site/workflows/restore.yaml"),
    });
    expect(loaded.content.workflows.has("default.restore")).toBe(true);
    expect(loaded.content.rules.get("default.r")).toMatchObject({
      when: 'trigger.alert.severity = "critical"',
      criteria: {},
    });
    expect(loaded.content.packs.get("default")).toMatchObject({ path: join(loaded.root, "site") });
    expect(loaded.content.declarations.map(({ kind, pack, name }) => [kind, pack, name])).toEqual([
      ["alert-parser", "demo", "nagios"],
      ["entity-type", "demo", "node"],
      ["entity-type", "default", "rack"],
    ]);
  });

  test("the room that knows a declaration says what is wrong, and the file is left out", async () => {
    const root = writeTree({
      "demo/pack.yaml": packYaml,
      "demo/parsers/bad.yaml": "order: 1\nextract:\n  - regex: '('\n",
      "demo/parsers/good.yaml": "order: 1\n",
    });
    const { content, problems } = await loadContent({
      directories: { bundled: [], site: {}, packs: [root] },
      checkDeclarations: (all) =>
        all
          .filter(({ name }) => name === "bad")
          .map((declaration) => ({
            declaration,
            path: "/extract/0/regex",
            message: "not a pattern",
          })),
    });
    expect(problems.map(({ line, column, message }) => [line, column, message])).toEqual([
      [3, 12, "not a pattern"],
    ]);
    expect(content.declarations.map(({ name }) => name)).toEqual(["good"]);
  });
});

test("of two actions with one name the last file counts, as in StackStorm, and the first is named", async () => {
  const loaded = await loadTree({
    "packs/demo/pack.yaml": packYaml,
    "packs/demo/actions/a.yaml": "name: x\nrunner_type: noop\ndescription: first\n",
    "packs/demo/actions/b.yaml": "name: x\nrunner_type: noop\ndescription: second\n",
  });
  expect(printed(loaded)).toEqual([
    'warning packs/demo/actions/b.yaml:1:1 "demo.x" replaces the one in packs/demo/actions/a.yaml',
  ]);
  expect(loaded.content.actions.get("demo.x")?.description).toBe("second");
});

test("a fingerprint follows what is said, not where it stands", async () => {
  const tree = {
    "packs/demo/pack.yaml": packYaml,
    "packs/demo/actions/a.yaml": "name: a\nrunner_type: noop\n",
  };
  const root = writeTree(tree);
  const options = { directories: { bundled: [], site: {}, packs: [join(root, "packs")] } };
  const before = fingerprint((await loadContent(options)).content);
  writeFileSync(join(root, "packs/demo/actions/a.yaml"), "# moved\nrunner_type: noop\nname: a\n");
  expect(fingerprint((await loadContent(options)).content)).toBe(before);
  writeFileSync(
    join(root, "packs/demo/actions/a.yaml"),
    "name: a\nrunner_type: noop\nenabled: false\n",
  );
  expect(fingerprint((await loadContent(options)).content)).not.toBe(before);
});

test("three hundred packs load in reasonable time, without holding up other work", async () => {
  const root = writeTree({});
  const parameters = Array.from(
    { length: 8 },
    (_, n) => `  p${n}:\n    type: string\n    description: parameter ${n}\n    position: ${n}\n`,
  ).join("");
  for (let pack = 0; pack < 300; pack += 1) {
    const path = join(root, `p${pack}`);
    mkdirSync(join(path, "actions"), { recursive: true });
    writeFileSync(join(path, "pack.yaml"), packYaml);
    for (let action = 0; action < 8; action += 1) {
      writeFileSync(join(path, `actions/a${action}.py`), "");
      writeFileSync(
        join(path, `actions/a${action}.yaml`),
        `name: a${action}\nrunner_type: python-script\nentry_point: a${action}.py\nparameters:\n${parameters}`,
      );
    }
  }
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const started = performance.now();
  const { content, problems } = await loadContent({
    directories: { bundled: [], site: {}, packs: [root] },
    runners,
  });
  const elapsed = performance.now() - started;
  clearInterval(beat);
  expect(problems).toEqual([]);
  expect(content.actions.size).toBe(2400);
  expect(elapsed).toBeLessThan(busyMs(20_000));
  expect(longest).toBeLessThan(elapsed / 2);
});

test("the text of a workflow gives the document again", async () => {
  const { content } = await loadTree(core);
  const flow = content.workflows.get("core.flow");
  expect(parseWorkflow(flow?.text ?? "")).toEqual(flow?.document);
  expect(parseWorkflow("a: [")).toBeUndefined();
});
