/** What can be done with each kind of resource, and the names of it. Names are StackStorm's (`st2common/rbac/types.py`). */

const packContents = {
  sensor_type: ["view", "modify", "all"],
  action: ["view", "create", "modify", "delete", "execute", "all"],
  action_alias: ["view", "create", "modify", "delete", "all"],
  rule: ["view", "create", "modify", "delete", "all"],
} as const;

/** What can be done with each kind of resource. */
const operations = {
  runner_type: ["list", "view", "modify", "all"],
  pack: [
    "list",
    "view",
    "create",
    "modify",
    "delete",
    "install",
    "uninstall",
    "register",
    "config",
    "search",
    "views_index_health",
    "all",
  ],
  sensor_type: ["list", ...packContents.sensor_type],
  action: ["list", ...packContents.action],
  action_alias: ["list", "match", "help", ...packContents.action_alias],
  rule: ["list", ...packContents.rule],
  rule_enforcement: ["list", "view"],
  execution: ["list", "view", "rerun", "stop", "views_filters_list", "all"],
  key_value_pair: ["list", "view", "set", "delete", "all"],
  webhook: ["list", "view", "create", "send", "delete", "all"],
  timer: ["list", "view", "all"],
  api_key: ["list", "view", "create", "modify", "delete", "all"],
  trace: ["list", "view", "all"],
  trigger: ["list", "view", "all"],
  policy_type: ["list", "view", "all"],
  policy: ["list", "view", "create", "modify", "delete", "all"],
  stream: ["view"],
  inquiry: ["list", "view", "respond", "all"],
  /** Raicho's own: entries of the inventory, alerts, and tickets. */
  inventory: ["list", "view", "modify", "all"],
  alert: ["list", "all"],
  ticket: ["list", "view", "modify", "all"],
  /** Request forms, and the documents that requests are prepared with. */
  form: ["list", "view", "submit", "all"],
  runbook: ["list", "view", "modify", "all"],
} as const;

export type ResourceType = keyof typeof operations;
export type PermissionType = {
  [Type in ResourceType]: `${Type}_${(typeof operations)[Type][number]}`;
}[ResourceType];

const nouns: Readonly<Record<ResourceType, readonly [one: string, many: string]>> = {
  runner_type: ["a runner", "runners"],
  pack: ["a pack", "packs"],
  sensor_type: ["a sensor", "sensors"],
  action: ["an action", "actions"],
  action_alias: ["an action alias", "action aliases"],
  rule: ["a rule", "rules"],
  rule_enforcement: ["a rule enforcement", "rule enforcements"],
  execution: ["an execution", "executions"],
  key_value_pair: ["a key of the datastore", "keys of the datastore"],
  webhook: ["a webhook", "webhooks"],
  timer: ["a timer", "timers"],
  api_key: ["an API key", "API keys"],
  trace: ["a trace", "traces"],
  trigger: ["a trigger", "triggers"],
  policy_type: ["a policy type", "policy types"],
  policy: ["a policy", "policies"],
  stream: ["the stream of events", "streams"],
  inquiry: ["an inquiry", "inquiries"],
  inventory: ["an entry of the inventory", "entries of the inventory"],
  alert: ["an alert", "alerts"],
  ticket: ["a ticket", "tickets"],
  form: ["a request form", "request forms"],
  runbook: ["a document", "documents"],
};

const verbs: Readonly<Record<string, string>> = {
  list: "List all %m.",
  view: "View %o.",
  create: "Create %o.",
  modify: "Change %o.",
  delete: "Delete %o.",
  execute: "Run %o.",
  install: "Install %m.",
  uninstall: "Uninstall %m.",
  register: "Register %m and what is in them.",
  config: "Configure %o.",
  search: "Search the index of %m.",
  views_index_health: "See how the indexes of %m are.",
  match: "Find the alias that fits a chat command.",
  help: "Read the help of %m.",
  rerun: "Run %o again.",
  stop: "Cancel, pause or resume %o.",
  views_filters_list: "List what %m can be filtered by.",
  set: "Write %o.",
  send: "Send an event to %o.",
  respond: "Respond to %o.",
  submit: "Send in %o.",
  all: "Everything that can be done with %o.",
};

export function isResourceType(name: string): name is ResourceType {
  return Object.hasOwn(operations, name);
}

export const resourceTypes: readonly ResourceType[] = Object.keys(operations).filter((name) =>
  isResourceType(name),
);

/** What is Raicho's own: StackStorm's API does not tell of it. */
const ownTypes: ReadonlySet<ResourceType> = new Set([
  "stream",
  "inventory",
  "alert",
  "ticket",
  "form",
  "runbook",
]);

export const st2ResourceTypes: readonly ResourceType[] = resourceTypes.filter(
  (type) => !ownTypes.has(type),
);

/** A permission type taken apart: `action_execute` is `execute` of an action. */
interface Split {
  readonly type: ResourceType;
  readonly operation: string;
}

const split = new Map<string, Split>(
  resourceTypes.flatMap((type) =>
    operations[type].map((operation): [string, Split] => [
      `${type}_${operation}`,
      { type, operation },
    ]),
  ),
);

export function partsOf(permission: PermissionType): Split {
  return split.get(permission) ?? { type: "pack", operation: "" };
}

export function operationsOf(type: ResourceType): readonly string[] {
  return operations[type];
}

export function isPermissionType(name: unknown): name is PermissionType {
  return typeof name === "string" && split.has(name);
}

export const permissionTypes: readonly PermissionType[] = [...split.keys()].filter((name) =>
  isPermissionType(name),
);

/** Permission types that may be granted on a resource of that type, each with a sentence: those of a pack cover what is in it. */
export function permissionsOf(type: ResourceType): ReadonlyMap<PermissionType, string> {
  const own = permissionTypes.filter((name) => split.get(name)?.type === type);
  const inner =
    type === "pack"
      ? Object.entries(packContents).flatMap(([kind, list]) =>
          list.map((operation) => `${kind}_${operation}`),
        )
      : [];
  return new Map([...own, ...inner.filter(isPermissionType)].map((name) => [name, describe(name)]));
}

function describe(permission: PermissionType): string {
  const { type, operation } = partsOf(permission);
  const [one, many] = nouns[type];
  return (verbs[operation] ?? "").replace("%o", one).replace("%m", many);
}

const globalOnes: ReadonlySet<string> = new Set<PermissionType>([
  "pack_install",
  "pack_uninstall",
  "pack_create",
  "pack_register",
  "pack_config",
  "pack_search",
  "pack_views_index_health",
  "action_alias_match",
  "action_alias_help",
  "api_key_create",
  "policy_create",
  "execution_views_filters_list",
  "stream_view",
  "inquiry_view",
  "inquiry_respond",
]);
const oursGlobal: ReadonlySet<string> = new Set<PermissionType>([
  "inventory_view",
  "inventory_modify",
  "inventory_all",
  "alert_all",
  "ticket_view",
  "ticket_modify",
  "ticket_all",
  "trigger_view",
  "trigger_all",
]);

/** Whether it can be granted without naming a resource. */
export function isGlobal(permission: PermissionType): boolean {
  return permission.endsWith("_list") || globalOnes.has(permission) || oursGlobal.has(permission);
}
