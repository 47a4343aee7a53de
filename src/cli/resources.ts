/** The kinds of things that a server tells about in the same way. */
import type { CommandSetup } from "./cli.ts";
import { addResource, find, packFilter, type Resource } from "./resource.ts";
import { runShape } from "./run.ts";
import { setUpRuleBreakers } from "./rule-breakers.ts";
import { addVerb } from "./verb.ts";

const action: Resource = {
  noun: "action",
  plural: "actions",
  path: "/actions",
  key: "ref",
  columns: ["ref", "pack", "description"],
  detail: [
    "id",
    "uid",
    "ref",
    "pack",
    "name",
    "description",
    "enabled",
    "entry_point",
    "runner_type",
    "parameters",
    "metadata_file",
    "notify",
    "output_schema",
    "tags",
  ],
  filters: [packFilter, ["--tags <tag>", "with that tag", "tags"]],
  verbs: ["list", "get", "create", "update", "delete", "enable", "disable"],
};

const rule: Resource = {
  noun: "rule",
  plural: "rules",
  path: "/rules",
  key: "ref",
  columns: ["ref", "pack", "description", "enabled"],
  filters: [
    packFilter,
    ["--action <ref>", "that start that action", "action"],
    ["--trigger <ref>", "that listen to that trigger", "trigger"],
    ["--enabled <true|false>", "that are enabled, or not", "enabled"],
  ],
  verbs: ["list", "get", "create", "update", "delete", "enable", "disable"],
};

const enforcement: Resource = {
  noun: "rule enforcement",
  plural: "rule enforcements",
  path: "/ruleenforcements",
  key: "id",
  columns: ["id", "rule.ref", "trigger_instance_id", "execution_id", "enforced_at"],
  filters: [
    ["--rule <ref>", "of that rule", "rule_ref"],
    ["--trigger-instance <id>", "of that trigger instance", "trigger_instance"],
    ["--execution <id>", "that started that execution", "execution"],
    ["--enforced-at-gt <time>", "at or after", "enforced_at_gt"],
    ["--enforced-at-lt <time>", "at or before", "enforced_at_lt"],
  ],
  verbs: ["list", "get"],
};

const triggerType: Resource = {
  noun: "trigger type",
  plural: "trigger types",
  path: "/triggertypes",
  key: "ref",
  columns: ["ref", "pack", "description"],
  filters: [packFilter],
  verbs: ["list", "get", "create", "update", "delete"],
};

const triggerInstance: Resource = {
  noun: "trigger instance",
  plural: "trigger instances",
  path: "/triggerinstances",
  key: "id",
  columns: ["id", "trigger", "occurrence_time", "status"],
  filters: [
    ["--trigger <ref>", "of that trigger", "trigger"],
    ["--status <status>", "in that state", "status"],
    ["--timestamp-gt <time>", "at or after", "timestamp_gt"],
    ["--timestamp-lt <time>", "at or before", "timestamp_lt"],
  ],
  verbs: ["list", "get"],
};

const policy: Resource = {
  noun: "policy",
  plural: "policies",
  path: "/policies",
  key: "ref",
  columns: ["ref", "resource_ref", "policy_type", "enabled"],
  filters: [
    packFilter,
    ["--resource-ref <ref>", "about that action", "resource_ref"],
    ["--policy-type <ref>", "of that type", "policy_type"],
  ],
  verbs: ["list", "get", "create", "update", "delete", "enable", "disable"],
};

const simple = {
  "policy-type": {
    noun: "policy type",
    plural: "policy types",
    path: "/policytypes",
    key: "ref",
    columns: ["ref", "resource_type", "enabled", "description"],
    filters: [["--resource-type <type>", "about things of that type", "resource_type"]],
    verbs: ["list", "get"],
  },
  runner: {
    noun: "runner",
    plural: "runners",
    path: "/runnertypes",
    key: "name",
    columns: ["name", "description", "enabled"],
    verbs: ["list", "get", "enable", "disable"],
  },
  sensor: {
    noun: "sensor",
    plural: "sensors",
    path: "/sensortypes",
    key: "ref",
    columns: ["ref", "pack", "description", "enabled"],
    filters: [packFilter],
    verbs: ["list", "get", "enable", "disable"],
  },
  timer: {
    noun: "timer",
    plural: "timers",
    path: "/timers",
    key: "id",
    columns: ["id", "type", "pack", "parameters"],
    filters: [["--timer-type <type>", "of that type", "timer_type"]],
    verbs: ["list", "get"],
    whole: true,
  },
  webhook: {
    noun: "webhook",
    plural: "webhooks",
    path: "/webhooks",
    key: "url",
    columns: ["parameters.url", "type", "description"],
    verbs: ["list", "get"],
    whole: true,
  },
  role: {
    noun: "role",
    plural: "roles",
    path: "/rbac/roles",
    key: "name",
    columns: ["id", "name", "system", "description"],
    filters: [["--system <true|false>", "that come with the system, or not", "system"]],
    verbs: ["list", "get"],
    whole: true,
  },
  "role-assignment": {
    noun: "role assignment",
    plural: "role assignments",
    path: "/rbac/role_assignments",
    key: "id",
    columns: ["id", "role", "user", "is_remote", "source", "description"],
    filters: [
      ["--role <name>", "of that role", "role"],
      ["--user <name>", "of that user", "user"],
      ["--source <name>", "from that source", "source"],
    ],
    verbs: ["list", "get"],
    whole: true,
  },
} as const satisfies Record<string, Resource>;

/** Kinds that have nothing of their own beside the common verbs. */
export function setUpSimple(name: keyof typeof simple): CommandSetup {
  return (command, cli) => addResource(command, cli, simple[name]);
}

export const setUpAction: CommandSetup = (command, cli) => {
  addResource(command, cli, action);
  addVerb(command, cli, {
    usage: "clone <ref> <pack> [name]",
    summary: "Copy an action into another pack.",
    options: [["-f, --force", "replace what has that name"]],
    run: async ({ args: [ref = "", pack = "", name], client, options, print }) => {
      const source = await find(client, action, ref);
      const body = {
        dest_pack: pack,
        dest_action: name ?? source["name"],
        overwrite: options["force"] === true,
      };
      const made = await client.object("POST", `/actions/${encodeURIComponent(ref)}/clone`, {
        body,
      });
      await print.one(made, action.detail);
    },
  });
  addVerb(command, cli, { ...runShape, usage: "execute <action> [parameters...]" });
};

export const setUpRule: CommandSetup = (command, cli) => {
  addResource(command, cli, rule);
  addVerb(command, cli, {
    usage: "test <rule>",
    summary:
      "Show for each criterion what the event holds and whether it is fulfilled. Exit code 0 when the rule matches, 1 when it does not.",
    options: [
      [
        "-i, --instance <id|file>",
        "a trigger instance of the server, or a file with {trigger, payload} or a payload",
      ],
      ["--key <name=value...>", "a value of the datastore, when the event is a file"],
    ],
    examples: [
      "rule test rules/disk_full.yaml --instance event.json",
      "rule test default.disk_full -i 6740b1f2c3d4e5f600000001",
    ],
    names: { path: "/rules", key: "ref" },
    // It evaluates expressions: too much to load for the other verbs.
    run: async (asked) => (await import("./rule-test.ts")).runTest(asked),
  });
  setUpRuleBreakers(command, cli);
};
export const setUpEnforcement: CommandSetup = (command, cli) =>
  addResource(command, cli, enforcement);
export const setUpPolicy: CommandSetup = (command, cli) => addResource(command, cli, policy);

export const setUpTrigger: CommandSetup = (command, cli) => {
  addResource(command, cli, triggerType);
  addVerb(command, cli, {
    usage: "getspecs",
    summary: "List triggers: types with the parameters that rules gave them.",
    shows: true,
    run: async ({ client, print }) => {
      const rows = await client.list("/triggers");
      await print.list(rows, { columns: ["ref", "type", "parameters", "description"] });
    },
  });
};

export const setUpTriggerInstance: CommandSetup = (command, cli) => {
  addResource(command, cli, triggerInstance);
  addVerb(command, cli, {
    usage: "re-emit <id>",
    summary: "Let it happen again: rules match it anew.",
    run: async ({ args: [id = ""], client, print }) => {
      const answer = await client.object(
        "POST",
        `/triggerinstances/${encodeURIComponent(id)}/re_emit`,
      );
      await print.one(answer, ["message", "payload"]);
    },
  });
};
