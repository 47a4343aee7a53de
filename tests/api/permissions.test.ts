/** Every route of the door times every role: who gets in and who does not. What is expected is said here role by role, not read from the routes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { declaredRoutes } from "../../src/api/app.ts";
import type { DeclaredRoute } from "../../src/api/routes.ts";
import type { User } from "../../src/engine/auth.ts";
import { request } from "../../src/engine/request.ts";
import type { PermissionType } from "../../src/model/permission-types.ts";
import { doorOf, emptyInventory, testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

/** Routes for which nobody needs to be known. */
const forAnyone = [
  "get /livez",
  "get /metrics",
  "get /api/v2/openapi.json",
  "get /api/v2/docs",
  "get /readyz",
  "get /forms/assets/page.css",
  "get /forms/assets/form.js",
  "get /forms/sign-in",
  "post /forms/sign-in",
  "post /auth/v1/tokens",
  "delete /auth/v1/tokens",
  "get /auth/v1/sso",
  "get /auth/v1/sso/request",
  "get /auth/v1/sso/callback",
];

/** Routes for everybody who signed in, whatever the roles. */
const forSignedIn = [
  "post /auth/v1/tokens/validate",
  "get /v1/",
  "get /v1/user",
  "get /v1/keys",
  "get /v1/ruletypes",
  "get /v1/ruletypes/:id",
  "get /v1/triggers",
  "get /v1/triggers/:id",
  "get /v1/triggertypes",
  "get /v1/triggertypes/:ref",
  "post /v1/workflows/inspect",
  "put /api/v2/user/password",
  "get /api/v2/inventory/access",
  // Everybody may keep filters of one's own.
  "post /api/v2/inventory/filters",
  "put /api/v2/inventory/filters/:name",
  "delete /api/v2/inventory/filters/:name",
];

/** Reads that are no GET. */
const readingPosts = [
  "post /api/v2/inventory/render",
  "post /v1/packs/index/search",
  "post /api/v2/inventory/render",
  "post /api/v2/inventory/search",
  "post /api/v2/inventory/render",
  "post /api/v2/inventory/export",
  "post /api/v2/rules/test",
];
/** GETs that only administrators may send. */
const forAdmins = new Set([
  "get /v1/rbac/permission_types",
  "get /v1/rbac/permission_types/:type",
  "get /v1/rbac/roles",
  // Of oneself one may see them: tests/api/roles.test.ts.
  "get /v1/rbac/role_assignments",
  "get /v1/rbac/role_assignments/:id",
  "get /api/v2/audit",
  "get /api/v2/datastore-key",
  "get /api/v2/audit/verify",
  "get /api/v2/permission-types",
  "get /api/v2/roles",
  "get /api/v2/roles/:name",
  "get /api/v2/role-assignments",
  "get /api/v2/users",
  "get /api/v2/users/:name",
  "get /v1/rbac/roles/:id",
  "get /v1/service_registry/groups",
  "get /v1/service_registry/groups/:group/members",
]);
/** Reads that StackStorm does not let observers do either. */
const notForObservers = new Set(["get /v1/packs/index/health", "get /v1/actionalias/help"]);

function only(...permissions: readonly PermissionType[]): User {
  return { name: "one", roles: ["one"], grants: [{ resource: undefined, permissions }] };
}

function at(resource: string, ...permissions: readonly PermissionType[]): User {
  return { name: "one", roles: ["one"], grants: [{ resource, permissions }] };
}

const actionReads = [
  "get /v1/actions/:ref",
  "get /v1/actions/views/overview/:ref",
  "get /v1/actions/views/parameters/:ref",
  "get /v1/actions/views/entry_point/:ref",
];
const executionReads = [
  "get /v1/executions/:id",
  "get /api/v2/executions/:id",
  "get /v1/executions/:id/children",
  "get /v1/executions/:id/result",
  "get /v1/executions/:id/output",
  "get /v1/executions/:id/attribute/:name",
  "get /stream/v1/executions/:id/output",
];
const running = [
  "post /v1/executions",
  "post /v1/executions/:id/re_run",
  "delete /v1/executions/:id",
  "put /v1/executions/:id",
];

/** There is no inquiry, alias, enforcement or breaker: who may see some is told so. */
const nothingThere = {
  running: [
    "get /v1/inquiries/:id",
    "put /v1/inquiries/:id",
    "post /v1/aliasexecution",
    "post /v1/aliasexecution/match_and_execute",
  ],
  rules: ["get /v1/ruleenforcements/:id", "get /v1/ruleenforcements/views/:id"],
};

/** Users with few rights, and all that these open besides what everybody may. */
const scoped: readonly (readonly [name: string, user: User, opens: readonly string[]])[] = [
  ["without a role", { name: "none", roles: [] }, []],
  ["of a role that is nowhere defined", { name: "none", roles: ["ghost"] }, []],
  [
    "who may list actions",
    only("action_list"),
    ["get /v1/actions", "get /v1/actions/views/overview"],
  ],
  [
    "who may view one action",
    at("action:core:noop", "action_view"),
    [...actionReads, ...executionReads],
  ],
  ["who may view another action", at("action:core:local", "action_view"), []],
  [
    "who may run one action",
    at("action:core:noop", "action_execute"),
    [...actionReads, ...executionReads, ...running, ...nothingThere.running],
  ],
  [
    "who may run all of the pack",
    at("pack:core", "action_execute"),
    [...actionReads, ...executionReads, ...running, ...nothingThere.running],
  ],
  ["who may run all of another pack", at("pack:linux", "action_execute"), nothingThere.running],
  [
    "who may view rules of the pack",
    at("pack:test", "rule_view"),
    ["get /v1/rules/:ref", "get /v1/rules/views/:ref", ...nothingThere.rules],
  ],
  [
    "who may do all with rules of another pack",
    at("pack:other", "rule_all"),
    [...nothingThere.rules, "post /api/v2/rules/breakers/:id/reset"],
  ],
  ["who may listen", only("stream_view"), ["get /v1/stream", "get /stream/v1/stream"]],
  ["who may send to one webhook", at("webhook:in", "webhook_send"), ["post /v1/webhooks/*name"]],
  ["who may send to another webhook", at("webhook:out", "webhook_send"), []],
  [
    "who may write a key",
    at("key_value_pair:st2kv.system:k", "key_value_pair_set"),
    ["get /v1/keys/:name", "put /v1/keys/:name"],
  ],
  ["who may write another key", at("key_value_pair:st2kv.system:other", "key_value_pair_all"), []],
];

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;
let routes: readonly DeclaredRoute[];
let execution: string;
const users = new Map<string, User>([
  ["admin", { name: "chief", roles: ["admin"] }],
  ["system", { name: "root", roles: ["system_admin"] }],
  ["observer", { name: "eye", roles: ["observer"] }],
]);
scoped.forEach(([, user], index) => users.set(`scoped${index}`, user));

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url, { content: { rules: [{ ref: "test.rule0" }] } });
  execution = await request(engine.core, { action: "core.noop", parameters: {}, context: {} });
  await engine.ended(execution);
  door = testDoor(engine.core, users);
  routes = declaredRoutes(doorOf(engine.core, users), emptyInventory);
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function nameOf({ method, path }: DeclaredRoute): string {
  return `${method} ${path}`;
}

/** The path with things that are there: the action core.noop, its execution, the rule test.rule0, the key k, the webhook in. */
function filled({ path }: DeclaredRoute): string {
  const kind = /^\/(?:v1|stream\/v1|api\/v2)\/(\w+)/.exec(path)?.[1] ?? "";
  const ids: Readonly<Record<string, string>> = {
    executions: execution,
    actions: "core.noop",
    rules: "test.rule0",
    keys: "k",
    webhooks: "in",
  };
  return path.replaceAll(/[:*](\w+)/g, (_all, name: string) =>
    name === "name" && kind === "executions" ? "status" : (ids[kind] ?? "none"),
  );
}

async function ask(route: DeclaredRoute, token: string | undefined): Promise<number> {
  const stop = new AbortController();
  const body = route.path === "/v1/executions" ? '{"action":"core.noop"}' : "{}";
  const response = await fetch(door.url + filled(route), {
    method: route.method.toUpperCase(),
    headers: {
      "content-type": route.path.endsWith("/inspect") ? "text/plain" : "application/json",
      ...(token === undefined ? {} : { "x-auth-token": token }),
    },
    ...(route.method === "get" ? {} : { body }),
    redirect: "manual",
    signal: stop.signal,
  });
  stop.abort();
  // Pages send whom they do not know to the sign-in.
  const toSignIn = response.headers.get("location")?.startsWith("/forms/sign-in") === true;
  return toSignIn ? 401 : response.status;
}

/** Routes that let that caller in; nothing may fail in a way of its own. */
async function openTo(token: string | undefined): Promise<Set<string>> {
  const open = new Set<string>();
  for (const route of routes) {
    const status = await ask(route, token);
    if (status !== 401 && status !== 403) open.add(nameOf(route));
  }
  return open;
}

/** A password is asked for there. */
function asked(open: Set<string>): void {
  open.add("post /auth/v1/tokens").add("post /forms/sign-in");
}

const everybody = [...forAnyone, ...forSignedIn];

describe("of all routes", () => {
  test("each is declared once", () => {
    const names = routes.map(nameOf);
    expect(names.length).toBeGreaterThan(100);
    expect(everybody.filter((name) => !names.includes(name))).toStrictEqual([]);
  });

  test("nobody unknown gets past those for anyone", async () => {
    const open = await openTo(undefined);
    asked(open);
    expect([...open].toSorted()).toStrictEqual(forAnyone.toSorted());
  });

  test.each(["admin", "system"])("%s may use every one", async (token) => {
    const open = await openTo(token);
    asked(open);
    expect(routes.map(nameOf).filter((name) => !open.has(name))).toStrictEqual([]);
  });

  test("an observer may use all that read, and nothing that writes", async () => {
    const open = await openTo("observer");
    asked(open);
    const reads = routes.map(nameOf).filter((name) => name.startsWith("get "));
    const expected = [...reads, ...readingPosts, ...everybody].filter(
      (name) => !forAdmins.has(name) && !notForObservers.has(name),
    );
    expect([...open].toSorted()).toStrictEqual([...new Set(expected)].toSorted());
  });

  test.each(scoped.map(([name], index) => [name, index] as const))(
    "a user %s may use only what that opens",
    async (_name, index) => {
      const open = await openTo(`scoped${index}`);
      asked(open);
      const opens = scoped[index]?.[2] ?? [];
      expect([...open].toSorted()).toStrictEqual([...everybody, ...opens].toSorted());
    },
  );
});
