import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressList, readSignIn } from "../../src/content/sign-in.ts";
import { defaultSignIn } from "../../src/model/sign-in.ts";

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "raicho-auth-"))));
afterAll(() => rmSync(directory, { recursive: true }));

function reading(text: string): ReturnType<typeof readSignIn> {
  const file = join(directory, "auth.yaml");
  writeFileSync(file, text);
  return readSignIn(file);
}

describe("auth.yaml", () => {
  test("that is not there means accounts of our own", async () => {
    expect(await readSignIn(join(directory, "none.yaml"))).toStrictEqual({
      settings: defaultSignIn,
      problems: [],
    });
  });

  test("gives everything a value", async () => {
    writeFileSync(join(directory, "secret"), "from a file\n");
    const { settings, problems } = await reading(`
trusted_proxies: [10.0.0.0/8]
proxy: {}
query_secrets: false
public_url: https://raicho.example.com
ldap: {urls: ["ldaps://ldap.example.com"], base: "dc=example", bind_dn: cn=r, bind_password_file: secret}
oidc: {issuer: "https://id.example.com", client_id: raicho, client_secret: s}
`);
    expect(problems).toStrictEqual([]);
    expect(settings).toMatchObject({
      querySecrets: false,
      proxy: { userHeader: "remote-user", groupsHeader: "remote-groups" },
      ldap: { bindPassword: "from a file", groupBase: "dc=example", userFilter: "(uid={user})" },
      oidc: {
        scopes: "openid profile email",
        userClaim: "preferred_username",
        groupsClaim: "groups",
      },
    });
  });

  test.each([
    ["ldpa: {}", 'unknown key "ldpa"'],
    ["proxy: {}", "needs trusted_proxies"],
    ["trusted_proxies: [everywhere]", '"everywhere" is no address and no network'],
    ["ldap: {urls: [http://x], base: b}", "must be ldap://"],
    ["ldap: {urls: [ldap://x], base: b, bind_password_file: none}", "cannot be read"],
    ["oidc: {issuer: nowhere, client_id: c}", "must be an address"],
    ["- list", "mapping"],
  ])("%s is refused", async (text, sentence) => {
    const { problems } = await reading(`${text}\n`);
    expect(problems.map(({ message }) => message).join("; ")).toContain(sentence);
  });
});

test.each([
  ["10.1.2.3", true],
  ["::ffff:10.1.2.3", true],
  ["11.0.0.1", false],
  ["2001:db8::5", true],
  ["2001:db9::5", false],
  ["192.0.2.7", true],
  ["", false],
])("%s is among the trusted: %s", (address, expected) => {
  expect(addressList(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])(address)).toBe(expected);
});
