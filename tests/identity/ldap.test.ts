/** Signing in by LDAP, at a real OpenLDAP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { authenticator } from "../../src/engine/auth.ts";
import { LoginDesk } from "../../src/engine/login.ts";
import { mostFailures } from "../../src/engine/login-limiter.ts";
import { RoleBook } from "../../src/engine/role-book.ts";
import { escapeFilter, ldapDirectory } from "../../src/identity/ldap.ts";
import type { LdapSettings } from "../../src/model/sign-in.ts";
import { addAccount } from "../../src/store/accounts.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { needs } from "../support/needs.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { basic } from "../support/raicho.ts";
import { type Slapd, startSlapd } from "../support/slapd.ts";

function settings(url: string, more: Partial<LdapSettings> = {}): LdapSettings {
  return {
    urls: [url],
    startTls: false,
    ca: undefined,
    bindDn: "cn=reader,dc=example,dc=com",
    bindPassword: "reads-only",
    base: "dc=example,dc=com",
    userFilter: "(uid={user})",
    userAttribute: "uid",
    groupBase: "dc=example,dc=com",
    groupFilter: "(member={dn})",
    groupAttribute: "cn",
    timeoutSeconds: 5,
    ...more,
  };
}

test.each([
  ["plain", "plain"],
  ["*)(uid=*", String.raw`\2a\29\28uid=\2a`],
  ["a\\b\0", String.raw`a\5cb\00`],
  ["山田", "山田"],
])("in filters %j is %s", (value, escaped) => {
  expect(escapeFilter(value)).toBe(escaped);
});

describe.skipIf(!needs("slapd"))("a directory", () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd();
  }, 60_000);
  afterAll(() => slapd.stop());

  test.each([
    ["a right password", "hana", "さくら-and-rain", "hana"],
    ["a name in other letters", "HANA", "さくら-and-rain", "hana"],
    ["a wrong password", "hana", "さくら", undefined],
    ["an empty password", "hana", "", undefined],
    ["nobody", "nobody", "さくら-and-rain", undefined],
    ["a pattern", "*", "さくら-and-rain", undefined],
    ["a filter", "hana)(cn=*", "さくら-and-rain", undefined],
  ])("%s", async (_name, user, password, expected) => {
    const found = await ldapDirectory(settings(slapd.url)).check(user, password);
    expect(found?.name).toBe(expected);
  });

  test("tells groups by their names and their DNs", async () => {
    const directory = ldapDirectory(settings(slapd.url));
    expect((await directory.check("hana", "さくら-and-rain"))?.groups).toStrictEqual([
      "cn=operators,dc=example,dc=com",
      "operators",
    ]);
    expect((await directory.check("sora", "clear-sky-above"))?.groups).toStrictEqual([]);
  });

  test("that is away leaves the way to the next", async () => {
    const two = settings("", { urls: ["ldap://127.0.0.1:1", slapd.url] });
    expect((await ldapDirectory(two).check("hana", "さくら-and-rain"))?.name).toBe("hana");
    await expect(ldapDirectory(settings("ldap://127.0.0.1:1")).check("hana", "x")).rejects.toThrow(
      "ECONNREFUSED",
    );
  });
});

describe.skipIf(!needs("slapd"))("signing in by LDAP", () => {
  let slapd: Slapd;
  let database: TestDatabase;
  let engine: TestEngine;
  let url: string;
  let close: () => void;
  beforeAll(async () => {
    slapd = await startSlapd();
    database = await testDatabase();
    engine = testEngine(database.url);
    const book = new RoleBook(database, () => ({
      roles: [],
      assignments: [],
      mappings: [{ group: "operators", roles: ["observer"] }],
      problems: [],
    }));
    const desk = new LoginDesk(database, book, () => ldapDirectory(settings(slapd.url)));
    const authenticate = authenticator(engine.core, book);
    const door = { ...doorOf(engine.core), auth: true, book, desk, authenticate };
    const { server, url: at } = listenAt(makeDoor(door, emptyInventory));
    url = at;
    close = () => server.close().closeAllConnections();
  }, 60_000);
  afterAll(async () => {
    close();
    await engine[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await slapd.stop();
  });

  function signIn(user: string, password: string): Promise<Response> {
    return fetch(`${url}/auth/v1/tokens`, { method: "POST", headers: basic(user, password) });
  }

  test("gives the roles of the groups", async () => {
    const answer = await signIn("hana", "さくら-and-rain");
    expect(answer.status).toBe(201);
    const { token } = (await answer.json()) as { token: string };
    const user = await fetch(`${url}/v1/user`, { headers: { "x-auth-token": token } });
    expect(await user.json()).toMatchObject({ username: "hana", rbac: { roles: ["observer"] } });
    expect((await signIn("sora", "clear-sky-above")).status).toBe(201);
    expect((await signIn("hana", "wrong-password")).status).toBe(401);
  });

  test("is nothing for a name that has an account here", async () => {
    await addAccount(database.db, { name: "sora-local", password: "!", roles: [] });
    expect((await signIn("sora-local", "clear-sky-above")).status).toBe(401);
  });

  test("is answered with 503 when the directory is away, and counts as no guess", async () => {
    await slapd.stop();
    for (let count = 0; count <= mostFailures.name; count++)
      expect((await signIn("hana", "さくら-and-rain")).status).toBe(503);
    slapd = await startSlapd();
  }, 60_000);
});
