/** The pack whose rules, workflows and actions the faults are aimed at. Every effect goes to the recorder, under the idempotency key of its step. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const effect = (lost: string): string =>
  `description: Tells the recorder.\nrunner_type: http-request\nenabled: true\nentry_point: ""\non_worker_lost: ${lost}\n`;

function step(name: string, next: string | undefined): string {
  const after =
    next === undefined ? "" : `    next:\n      - when: <% succeeded() %>\n        do: ${next}\n`;
  return `  ${name}:\n    action: faults.effect\n    input:\n      body: <% concat(ctx().n, ":${name}") %>\n${after}`;
}

function workflow(name: string): string {
  return `name: ${name}\ndescription: A workflow under faults.\nrunner_type: orquesta\nenabled: true\nentry_point: workflows/${name}.yaml\nparameters:\n  n:\n    type: string\n    required: true\n`;
}

function rule(name: string, trigger: string, action: string): string {
  return `name: ${name}\npack: faults\nenabled: true\ntrigger:\n${trigger}action:\n${action}`;
}

function webhook(url: string): string {
  return `  type: core.st2.webhook\n  parameters:\n    url: ${url}\n`;
}

function shell(name: string, lost: string, command: string): string {
  return `name: ${name}\ndescription: A program under faults.\nrunner_type: local-shell-cmd\nenabled: true\nentry_point: ""\non_worker_lost: ${lost}\nparameters:\n  n:\n    type: string\n    default: "0"\n  cmd:\n    immutable: true\n    default: ${JSON.stringify(command)}\n`;
}

/** Branches of the join; those of them that go through a worker. */
export const branches = 20;
export const slowBranches = ["b0", "b10"] as const;

function quickTask(name: string): string {
  return `  ${name}:\n    action: core.noop\n    next:\n      - when: <% succeeded() %>\n        do: join\n`;
}

function slowTask(name: string): string {
  const told = `action: faults.effect\n    input:\n      body: <% concat(ctx().n, ":${name}") %>`;
  return quickTask(name).replace("action: core.noop", told);
}

function joined(): string {
  const names = Array.from({ length: branches }, (_, n) => `b${n}`);
  const tasks = names.map((name, n) => (n % 10 === 0 ? slowTask(name) : quickTask(name)));
  return `version: 1.0\ninput:\n  - n\ntasks:\n  begin:\n    action: core.noop\n    next:\n      - do: ${names.join(", ")}\n${tasks.join("")}  join:\n    join: all\n    action: faults.effect\n    input:\n      body: <% concat(ctx().n, ":join") %>\n`;
}

/** Tells the recorder from a shell, as scripts of packs do. */
function tell(recorder: string, name: string): string {
  return `curl -s -H "Idempotency-Key: $RAICHO_IDEMPOTENCY_KEY" -d "${name}" ${recorder}/effect >/dev/null`;
}

function body(text: string): string {
  return `  ref: faults.effect\n  parameters:\n    body: ${text}\n`;
}

function three(text: string): string {
  return `  ref: faults.three\n  parameters:\n    n: ${text}\n`;
}

function files(recorder: string): Readonly<Record<string, string>> {
  const url = `parameters:\n  body:\n    type: string\n    required: true\n  url:\n    immutable: true\n    default: ${recorder}/effect\n  method:\n    immutable: true\n    default: POST\n  timeout:\n    default: 30\n`;
  return {
    "pack.yaml":
      "ref: faults\nname: faults\ndescription: What the faults are aimed at.\nversion: 1.0.0\nauthor: Raicho\nemail: raicho@example.com\n",
    "actions/effect.yaml": `name: effect\n${effect("rerun")}${url}`,
    "actions/slow.yaml": `name: slow\n${effect("rerun")}${url.replace("/effect", "/effect?ms=8000")}`,
    "actions/three.yaml": workflow("three"),
    "actions/workflows/three.yaml": `version: 1.0\ninput:\n  - n\ntasks:\n${step("a", "b")}${step("b", "c")}${step("c", undefined)}`,
    "actions/joined.yaml": workflow("joined"),
    "actions/workflows/joined.yaml": joined(),
    "actions/again.yaml": shell(
      "again",
      "rerun",
      `${tell(recorder, "again:{{ n }}")}; sleep 20 & exec sleep 600`,
    ),
    "actions/once.yaml": shell(
      "once",
      "abandon",
      `${tell(recorder, "once:{{ n }}")}; sleep 600 & setsid sleep 600`,
    ),
    "actions/shell.yaml": shell("shell", "rerun", tell(recorder, "shell:{{ n }}")),
    "rules/hook.yaml": rule("hook", webhook("faults"), three('"{{ trigger.body.n }}"')),
    "rules/one.yaml": rule("one", webhook("faults-one"), body('"{{ trigger.body.n }}"')),
    "rules/looked_up.yaml": rule(
      "looked_up",
      webhook("faults-later"),
      body('"{{ trigger.body.n }}{{ st2kv.system.faults_suffix }}"'),
    ),
    "actions/gated.yaml": `name: gated\n${effect("rerun")}${url}`,
    "policies/gated.yaml":
      "name: gated\ndescription: Three at a time.\nresource_ref: faults.gated\npolicy_type: action.concurrency\nparameters:\n  threshold: 3\n",
    "rules/gated.yaml": rule(
      "gated",
      webhook("faults-gated"),
      body('"{{ trigger.body.n }}"').replace("faults.effect", "faults.gated"),
    ),
    "rules/shell.yaml": rule(
      "shell",
      webhook("faults-shell"),
      three('"{{ trigger.body.n }}"').replace("faults.three", "faults.shell"),
    ),
    "rules/mail.yaml": rule(
      "mail",
      "  type: email.smtp.message\n",
      body('"{{ trigger.subject }}"'),
    ),
    "rules/changed.yaml": rule(
      "changed",
      "  type: inventory.entry.updated\n  parameters:\n    type: Role\n    attribute: note\n",
      body('"{{ trigger.after.note }}"'),
    ),
    "rules/complete.yaml": rule(
      "complete",
      '  type: inventory.changeset.committed\ncriteria:\n  trigger.changeset.message:\n    type: matchregex\n    pattern: "^n[0-9]"\n',
      body('"changeset:{{ trigger.changeset.message }}"'),
    ),
    "rules/differs.yaml": rule(
      "differs",
      "  type: inventory.drift.detected\n",
      body('"drift:{{ trigger.entry.name }}"'),
    ),
    // Every change of one entry is wanted here, however many there are.
    "../../configs/inventory.yaml": "breaker:\n  firings: 0\n",
  };
}

const timer = rule(
  "tick",
  "  type: core.st2.IntervalTimer\n  parameters:\n    unit: seconds\n    delta: 1\n",
  "  ref: core.noop\n",
);

/** Writes the pack into the data directory; `more`: further files of it. */
export function writePack(
  home: string,
  recorder: string,
  { timers = false, more = {} }: { timers?: boolean; more?: Readonly<Record<string, string>> } = {},
): void {
  const all = {
    ...files(recorder),
    ...(timers ? { "rules/tick.yaml": timer } : {}),
    ...more,
  };
  for (const [path, text] of Object.entries(all)) {
    const file = join(home, "packs/faults", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
}
