import { mkdtempSync, mkdirSync, readFileSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changeIni } from "../../src/cli/ini.ts";
import { cachedToken, readSettings, rememberToken } from "../../src/cli/settings.ts";

function place(): string {
  return mkdtempSync(join(tmpdir(), "raicho-settings-"));
}

test("options go before the environment, that before the configuration", () => {
  const HOME = place();
  mkdirSync(join(HOME, ".st2"));
  writeFileSync(
    join(HOME, ".st2", "config"),
    "[general]\nbase_url = http://st2\ncacert = /ca.pem\n[credentials]\nusername = ada\npassword = a=b\n",
  );
  const fromFile = readSettings({ environment: { HOME } }, {});
  expect(fromFile).toMatchObject({
    api: "http://st2:9101/v1",
    auth: "http://st2:9100",
    stream: "http://st2:9102/v1",
    cacert: "/ca.pem",
    user: "ada",
    password: "a=b",
  });
  const environment = {
    HOME,
    RAICHO_URL: "https://r.example.com/",
    ST2_API_URL: "http://other:9101",
  };
  expect(readSettings({ environment }, {})).toMatchObject({
    api: "https://r.example.com/api/v1",
    auth: "https://r.example.com/auth/v1",
    stream: "https://r.example.com/stream/v1",
    own: "https://r.example.com/api/v2",
  });
  expect(readSettings({ environment }, { url: "http://mine:1" }).api).toBe("http://mine:1/api/v1");
  const st2 = { HOME, ST2_API_URL: "http://other:9101/v1", ST2_AUTH_TOKEN: "t", ST2_API_KEY: "k" };
  expect(readSettings({ environment: st2 }, {})).toMatchObject({
    api: "http://other:9101/v1",
    token: "t",
    apiKey: "k",
  });
  expect(readSettings({ environment: { HOME } }, { skipConfig: true }).api).toBe(
    "http://127.0.0.1:9101/api/v1",
  );
});

test("a line that makes no sense is told with its place", () => {
  const HOME = place();
  const file = join(HOME, "c");
  writeFileSync(file, "[general]\nnonsense\n");
  expect(() => readSettings({ environment: { HOME } }, { configFile: file })).toThrow(
    `${file}:2: expected "[section]" or "key = value"`,
  );
});

test("what is changed in a configuration leaves the rest as it was", () => {
  const file = join(place(), "config");
  writeFileSync(file, "# mine\n[general]\nurl = http://a\nkept = 1\n[cli]\ndebug = true\n");
  changeIni(file, {
    "general.url": "http://b",
    "credentials.username": "ada",
    "cli.debug": undefined,
  });
  expect(readFileSync(file, "utf8")).toBe(
    "# mine\n[general]\nurl = http://b\nkept = 1\n[cli]\n\n[credentials]\nusername = ada\n",
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a remembered token is used until it ends, and only while nobody else can read it", () => {
  const environment = { HOME: place(), RAICHO_URL: "http://a:1" };
  const settings = { ...readSettings({ environment }, {}), user: "ada" };
  rememberToken(environment, settings, { user: "ada", token: "t", expiry: "2026-01-01T00:00:00Z" });
  const end = Date.parse("2026-01-01T00:00:00Z");
  expect(cachedToken(environment, settings, end - 60_000)).toBe("t");
  expect(cachedToken(environment, settings, end)).toBeUndefined();
  const other = {
    ...readSettings({ environment: { ...environment, RAICHO_URL: "http://b:1" } }, {}),
    user: "ada",
  };
  expect(cachedToken(environment, other, 0)).toBeUndefined();
  const file = join(environment.HOME, ".config", "raicho", "token-ada-a_1_auth_v1");
  chmodSync(file, 0o644);
  expect(cachedToken(environment, settings, 0)).toBeUndefined();
});
