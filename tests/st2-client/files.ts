/** What the commands read from files. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const action = {
  name: "greet",
  pack: "default",
  description: "Greets",
  runner_type: "local-shell-cmd",
  entry_point: "",
  enabled: true,
  parameters: { cmd: { default: "echo good morning" } },
};
const alias = {
  name: "say_words",
  pack: "default",
  description: "Says words",
  action_ref: "core.local",
  formats: ["say {{ words }}"],
  immutable_parameters: {},
};
const rule = {
  name: "hooked",
  pack: "default",
  description: "Hears",
  enabled: true,
  trigger: { type: "core.st2.webhook", parameters: { url: "trial" } },
  criteria: {},
  action: { ref: "core.local", parameters: { cmd: "echo {{ trigger.body.word }}" } },
};
const policy = {
  name: "one",
  pack: "default",
  description: "At most one",
  resource_ref: "core.noop",
  policy_type: "action.concurrency",
  enabled: true,
  parameters: { threshold: 1, action: "delay" },
};
const trigger = {
  name: "rang",
  pack: "default",
  description: "It rang",
  payload_schema: { type: "object", properties: { loud: { type: "boolean" } } },
};

/** What a StackStorm keeps of the key `key-of-another-server`. */
const loadedHash = createHash("sha512").update("saltnpepperkey-of-another-server").digest("hex");

/** JSON is YAML, too. */
const documents: Readonly<Record<string, unknown>> = {
  "action.yaml": action,
  "action2.yaml": { ...action, description: "Greets twice" },
  "alias.yaml": { ...alias, action_ref: "core.echo", formats: ["say {{ message }}"] },
  "alias2.yaml": {
    ...alias,
    action_ref: "core.echo",
    formats: ["say {{ message }}"],
    description: "Says words again",
  },
  "rule.yaml": rule,
  "rule2.yaml": { ...rule, description: "Hears better" },
  "timed.yaml": {
    name: "timed",
    pack: "default",
    enabled: true,
    trigger: { type: "core.st2.IntervalTimer", parameters: { unit: "seconds", delta: 1 } },
    action: { ref: "core.noop", parameters: {} },
  },
  "policy.yaml": policy,
  "policy2.yaml": { ...policy, description: "At most two", parameters: { threshold: 2 } },
  "trigger.yaml": trigger,
  "trigger2.yaml": { ...trigger, description: "It rang twice" },
  "apikeys.json": [
    {
      user: "admin",
      metadata: { loaded: true },
      enabled: true,
      key_hash: loadedHash,
      id: "58e3f3330c0517062a3fda43",
      uid: `api_key:${loadedHash}`,
    },
  ],
  "keys.json": [{ name: "trial.loaded", value: "from a file", scope: "system" }],
  "keys.yaml": [{ name: "trial.list", value: [1, 2], scope: "system" }],
  "broken.yaml": { version: 1, tasks: { one: { action: "core.noop", next: [{ do: "two" }] } } },
};

/** A pack whose configuration has no descriptions: the form of st2client 3.10 fails where there is one, with the prompt_toolkit that it asks for. */
const plain: Readonly<Record<string, unknown>> = {
  "pack.yaml": {
    ref: "plain",
    name: "plain",
    description: "Configured at a terminal",
    version: "0.1.0",
    author: "site",
    email: "site@example.com",
  },
  "config.schema.yaml": {
    region: { type: "string", required: true },
    retries: { type: "integer", default: 3 },
  },
};

/** Writes the files of the commands, and a pack. */
export function writeFiles(directory: string, pack: string): void {
  mkdirSync(pack);
  for (const [name, document] of Object.entries(plain))
    writeFileSync(join(pack, name), JSON.stringify(document));
  mkdirSync(directory, { recursive: true });
  for (const [name, document] of Object.entries(documents))
    writeFileSync(join(directory, name), JSON.stringify(document));
  writeFileSync(join(directory, "word.txt"), "from a file");
}
