/** Users, roles and what they allow, with real accounts and tokens; roles from files and from the API. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { readRoles } from "../../src/content/roles.ts";
import { authenticator, ensureAdmin, issue } from "../../src/engine/auth.ts";
import { RoleBook } from "../../src/engine/role-book.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;
let url: string;
let admin: string;
let directory: string;
let close: () => void;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, token: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { "x-auth-token": token, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Answer["body"] };
}

async function tokenOf(account: string): Promise<string> {
  return (await issue(database, { account, kind: "token", ttlSeconds: 60, metadata: {} })).secret;
}

function write(path: string, text: string): void {
  mkdirSync(join(directory, path, ".."), { recursive: true });
  writeFileSync(join(directory, path), text);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "raicho-rbac-"));
  write(
    "roles/runner.yaml",
    "name: runner\ndescription: runs what is in core\npermission_grants:\n  - resource_uid: pack:core\n    permission_types: [action_execute]\n  - permission_types: [action_list]\n",
  );
  write("assignments/kenji.yaml", "username: kenji\nroles: [runner]\n");
  write("mappings/ops.yaml", "group: cn=ops,dc=example\nroles: [runner]\n");
  database = await testDatabase();
  engine = testEngine(database.url);
  await ensureAdmin(database, "raiden-over-kyoto");
  const files = await readRoles(directory);
  const book = new RoleBook(database, () => files);
  const authenticate = authenticator(engine.core, book);
  const door = { ...doorOf(engine.core), auth: true, book, authenticate };
  const { server, url: at } = listenAt(makeDoor(door, emptyInventory));
  url = at;
  close = () => server.close().closeAllConnections();
  admin = await tokenOf("admin");
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe("the first administrator", () => {
  test("is system_admin", async () => {
    expect((await call("GET", "/v1/user", admin)).body).toMatchObject({
      username: "admin",
      rbac: { enabled: true, is_admin: true, roles: ["system_admin", "admin"] },
    });
  });
});

describe("a user with a role of a file", () => {
  test("may do what it grants, and nothing else", async () => {
    const made = await call("POST", "/api/v2/users", admin, {
      name: "kenji",
      password: "umbrella-and-sandals",
    });
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.body)).not.toContain("argon2");
    const token = await tokenOf("kenji");
    expect((await call("GET", "/v1/user", token)).body).toMatchObject({
      rbac: { roles: ["runner"], is_admin: false },
    });
    const run = await call("POST", "/v1/executions", token, { action: "core.noop" });
    expect(run.status).toBe(201);
    expect((await call("GET", `/v1/executions/${String(run.body["id"])}`, token)).status).toBe(200);
    expect((await call("GET", "/v1/executions", token)).body).toStrictEqual({
      faultstring: 'User "kenji" doesn\'t have required permission "execution_list"',
    });
    expect(
      (await call("POST", "/v1/executions", token, { action: "linux.dig" })).body,
    ).toStrictEqual({
      faultstring:
        'User "kenji" doesn\'t have required permission "action_execute" on resource "action:linux:dig"',
    });
    expect((await call("GET", "/v1/rbac/role_assignments?user=kenji", token)).body).toMatchObject([
      { user: "kenji", role: "runner", source: "assignments/kenji.yaml", is_remote: false },
    ]);
    expect((await call("GET", "/v1/rbac/role_assignments", token)).status).toBe(403);
  });
});

describe("a role of the API", () => {
  test("is made, given, taken away", async () => {
    await call("POST", "/api/v2/users", admin, { name: "yui", password: "umbrella-and-sandals" });
    const token = await tokenOf("yui");
    expect((await call("GET", "/v1/rules", token)).status).toBe(403);
    const role = await call("PUT", "/api/v2/roles/reader", admin, {
      description: "reads rules",
      permission_grants: [{ permission_types: ["rule_list"] }],
    });
    expect(role.body).toMatchObject({
      name: "reader",
      system: false,
      permission_grant_objects: [{ resource_uid: null, permission_types: ["rule_list"] }],
    });
    const given = await call("POST", "/api/v2/role-assignments", admin, {
      user: "yui",
      role: "reader",
    });
    expect(given.status).toBe(201);
    await expect.poll(async () => (await call("GET", "/v1/rules", token)).status).toBe(200);
    expect(
      (await call("DELETE", `/api/v2/role-assignments/${String(given.body["id"])}`, admin)).status,
    ).toBe(204);
    await expect.poll(async () => (await call("GET", "/v1/rules", token)).status).toBe(403);
  });

  test.each([
    ["of no such permission", { permission_types: ["rule_lst"] }, '"rule_lst" is not one of'],
    [
      "without the resource it needs",
      { permission_types: ["rule_view"] },
      "Invalid permission type",
    ],
    [
      "on what is no resource",
      { resource_uid: "core", permission_types: ["rule_view"] },
      "is not the uid",
    ],
  ])("with a grant %s is refused", async (_name, grant, sentence) => {
    const { status, body } = await call("PUT", "/api/v2/roles/odd", admin, {
      permission_grants: [grant],
    });
    expect({
      status,
      told: JSON.stringify(body).replaceAll("\\", "").includes(sentence),
    }).toStrictEqual({ status: 400, told: true });
  });

  test.each(["admin", "runner"])("cannot be called %s", async (name) => {
    expect((await call("PUT", `/api/v2/roles/${name}`, admin, {})).status).toBe(409);
  });
});

describe("a user", () => {
  test.each([
    ["short", "fewer than 8"],
    ["Password123!", "tried first"],
    ["mallory1", "name of the user"],
    ["aaaaaaaaaa", "tried first"],
  ])("cannot have the password %s", async (password, sentence) => {
    const { status, body } = await call("POST", "/api/v2/users", admin, {
      name: "mallory",
      password,
    });
    expect({ status, told: JSON.stringify(body).includes(sentence) }).toStrictEqual({
      status: 400,
      told: true,
    });
  });

  test("who is disabled is out within a second, and in the streams too", async () => {
    await call("POST", "/api/v2/users", admin, {
      name: "ren",
      password: "umbrella-and-sandals",
      roles: ["observer"],
    });
    const token = await tokenOf("ren");
    const stream = await fetch(`${url}/v1/stream`, { headers: { "x-auth-token": token } });
    expect(stream.status).toBe(200);
    await call("PATCH", "/api/v2/users/ren", admin, { disabled: true });
    await expect.poll(async () => (await call("GET", "/v1/user", token)).status).toBe(401);
    // Ends by itself, or the test runs into its limit.
    expect(await stream.text()).not.toContain("event:");
  });

  test("changes the own password, which ends the other sessions", async () => {
    await call("POST", "/api/v2/users", admin, { name: "aoi", password: "umbrella-and-sandals" });
    const token = await tokenOf("aoi");
    const change = (old: string): Promise<Answer> =>
      call("PUT", "/api/v2/user/password", token, { old, new: "a quiet pond at dawn" });
    expect((await change("wrong one here")).status).toBe(403);
    expect((await change("umbrella-and-sandals")).status).toBe(204);
    await expect.poll(async () => (await call("GET", "/v1/user", token)).status).toBe(401);
  });

  test("cannot remove oneself", async () => {
    expect((await call("DELETE", "/api/v2/users/admin", admin)).status).toBe(409);
  });
});

describe("files of roles", () => {
  test("that are wrong are said with their place, and allow nothing", async () => {
    write("roles/bad.yaml", "name: bad\npermission_grants:\n  - permission_types: [rule_lits]\n");
    write("roles/twice.yaml", "name: runner\n");
    write("roles/silent.yaml", "name: silent\nenabled: false\n");
    const { roles, problems, mappings } = await readRoles(directory);
    expect(roles.map(({ name }) => name)).toStrictEqual(["runner"]);
    expect(problems).toMatchObject([
      { line: 3, message: 'there is no permission type "rule_lits"', suggestion: "rule_list" },
      { message: 'Duplicate definition file found for role "runner"' },
    ]);
    expect(mappings).toStrictEqual([{ group: "cn=ops,dc=example", roles: ["runner"] }]);
  });
});

describe("without RBAC", () => {
  test("whoever signed in may do everything, but not name the keys of others", async () => {
    const book = new RoleBook(
      database,
      () => ({ roles: [], assignments: [], mappings: [], problems: [] }),
      false,
    );
    const authenticate = authenticator(engine.core, book);
    const door = { ...doorOf(engine.core), auth: true, book, authenticate };
    const { server, url: at } = listenAt(makeDoor(door, emptyInventory));
    try {
      const made = await call("POST", "/api/v2/users", admin, {
        name: "nao",
        password: "umbrella-and-sandals",
      });
      expect(made.status).toBe(201);
      const headers = { "x-auth-token": await tokenOf("nao"), "content-type": "application/json" };
      const user = await fetch(`${at}/v1/user`, { headers });
      expect(await user.json()).toMatchObject({ rbac: { enabled: false, is_admin: true } });
      expect((await fetch(`${at}/v1/executions?limit=-1`, { headers })).status).toBe(200);
      const key = await fetch(`${at}/v1/keys/tea?user=hana&scope=user`, { headers });
      expect([key.status, await key.json()]).toStrictEqual([
        403,
        { faultstring: '"user" attribute can only be provided by admins when RBAC is enabled' },
      ]);
      const other = await fetch(`${url}/v1/executions`, { headers });
      expect(other.status).toBe(403);
    } finally {
      server.close().closeAllConnections();
    }
  });
});
