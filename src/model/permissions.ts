/** Who may do what: permission types, grants, and the decision. Names and implications are StackStorm's (`st2common/rbac/types.py`, st2-rbac-backend's resolvers). */

import { inventoryVerbs, type InventoryGrant, type InventoryVerb } from "./inventory-grants.ts";

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

function isResourceType(name: string): name is ResourceType {
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
  const { type, operation } = split.get(permission) ?? { type: "pack", operation: "" };
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

/** Permissions on one thing that follow from permissions on another: an execution belongs to its action, an enforcement to its rule, an inquiry to the
 * workflow that asks. */
const follows: Readonly<Partial<Record<PermissionType, PermissionType>>> = {
  execution_view: "action_view",
  execution_rerun: "action_execute",
  execution_stop: "action_execute",
  rule_enforcement_view: "rule_view",
  inquiry_view: "action_execute",
  inquiry_respond: "action_execute",
};

/** What includes viewing. */
const viewing = new Set(["all", "create", "modify", "delete", "execute", "set", "list", "respond"]);

/** Permission types each of which is enough on the resource itself or what it belongs to. */
function sufficient(permission: PermissionType): ReadonlySet<string> {
  const { type, operation } = split.get(permission) ?? { type: "pack", operation: "" };
  const enough = new Set<string>([permission, `${type}_all`]);
  // A list permission says nothing about single resources, but of keys and inquiries it does.
  const listIsView = type === "key_value_pair" || type === "inquiry";
  if (operation === "view")
    for (const each of operations[type])
      if (viewing.has(each) && (each !== "list" || listIsView)) enough.add(`${type}_${each}`);
  if (permission === "inquiry_respond") enough.add("inquiry_view");
  const followed = follows[permission];
  if (followed !== undefined) for (const each of enoughFor(followed)) enough.add(each);
  return enough;
}

const enoughs = new Map<PermissionType, ReadonlySet<string>>();

function enoughFor(permission: PermissionType): ReadonlySet<string> {
  const known = enoughs.get(permission);
  if (known !== undefined) return known;
  const made = sufficient(permission);
  enoughs.set(permission, made);
  return made;
}

/** What a role allows. */
export interface Grant {
  /** `pack:x`, `action:x:y` …; undefined: for permissions that concern no single resource. */
  readonly resource: string | undefined;
  readonly permissions: readonly PermissionType[];
  /** The role that it belongs to, where that is known. */
  readonly role?: string;
}

/** What somebody may do. */
export interface Rights {
  readonly roles: readonly string[];
  readonly grants: readonly Grant[];
  /** What their roles allow in parts of the inventory. */
  readonly inventory?: readonly InventoryGrant[];
}

export interface Resource {
  /** `action:core:local`. */
  readonly uid: string;
  /** Uids of what it belongs to: its pack, its action. */
  readonly within?: readonly string[];
  /** Whose it is: the owner may do everything with it. */
  readonly owner?: string;
}

export const systemRoles = ["system_admin", "admin", "observer"] as const;

const observed = new Set(["view", "list", "search", "views_filters_list"]);

export function isAdmin({ roles }: Pick<Rights, "roles">): boolean {
  return roles.includes("system_admin") || roles.includes("admin");
}

function byRole(rights: Rights, permission: PermissionType): boolean {
  if (isAdmin(rights)) return true;
  const { operation } = split.get(permission) ?? { operation: "" };
  return rights.roles.includes("observer") && observed.has(operation);
}

const opening: Readonly<Partial<Record<PermissionType, readonly InventoryVerb[]>>> = {
  inventory_list: inventoryVerbs,
  inventory_view: inventoryVerbs,
  inventory_modify: ["write", "create", "delete"],
};

/** Whether some part of the inventory is open for it: what is in that part, the inventory decides. */
function byInventory({ inventory = [] }: Rights, permission: PermissionType): boolean {
  const enough = opening[permission] ?? [];
  return inventory.some(({ may }) => may.some((verb) => enough.includes(verb)));
}

/** Whether these rights allow it, on that resource or, without one, at all. */
export function allows(rights: Rights, permission: PermissionType, resource?: Resource): boolean {
  if (byRole(rights, permission) || byInventory(rights, permission)) return true;
  if (resource === undefined)
    return rights.grants.some(
      ({ permissions, resource: at }) =>
        permissions.includes(permission) || (at === undefined && anyOf(permissions, permission)),
    );
  const places = new Set([resource.uid, ...(resource.within ?? [])]);
  return rights.grants.some(({ resource: at, permissions }) =>
    at === undefined
      ? // Who may make one has not thereby seen all that others made.
        anyOf(
          permissions.filter((each) => !each.endsWith("_create")),
          permission,
        )
      : places.has(at) && anyOf(permissions, permission),
  );
}

function anyOf(given: readonly PermissionType[], wanted: PermissionType): boolean {
  const enough = enoughFor(wanted);
  return given.some((each) => enough.has(each));
}

/** Whether some resource could be allowed: who has no such grant at all needs not be told which resources exist. */
export function allowsSomewhere(rights: Rights, permission: PermissionType): boolean {
  return (
    byRole(rights, permission) ||
    rights.grants.some(({ permissions }) => anyOf(permissions, permission))
  );
}

/** What is wrong with a grant, or undefined. */
export function grantFault({ resource, permissions }: Grant): string | undefined {
  if (resource === undefined) {
    const odd = permissions.find((each) => !isGlobal(each));
    return odd === undefined
      ? undefined
      : `Invalid permission type "${odd}". Valid global permission types which can be used without a resource id are: ${permissionTypes.filter(isGlobal).join(", ")}`;
  }
  const [type = ""] = resource.split(":");
  if (!isResourceType(type) || !resource.includes(":"))
    return `"${resource}" is not the uid of a resource: write <type>:<name>, where <type> is one of ${resourceTypes.join(", ")}`;
  const known = permissionsOf(type);
  const odd = permissions.find((each) => !known.has(each));
  return odd === undefined
    ? undefined
    : `Invalid permission type "${odd}" for resource type "${type}"`;
}
