import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { ConfigError } from "../src/config-values.ts";

const site = mkdtempSync(join(tmpdir(), "raicho-config-"));
mkdirSync(join(site, "more"));
mkdirSync(join(site, "configs"));
afterAll(() => rmSync(site, { recursive: true, force: true }));

test("without any environment everything has a value that works on one machine", () => {
  expect(readConfig({}, site)).toEqual({
    home: join(site, ".raicho"),
    host: "127.0.0.1",
    port: 9101,
    localPort: 0,
    smtpHost: "127.0.0.1",
    smtpPort: 2525,
    databaseUrl: undefined,
    redisUrl: undefined,
    auth: true,
    allowOrigins: [],
    adminPassword: undefined,
    authFile: join(site, ".raicho", "auth.yaml"),
    jsonLog: false,
    webhooks: join(site, ".raicho", "webhooks"),
    rbac: join(site, ".raicho", "rbac"),
    timeZone: "Asia/Tokyo",
    validatePayloads: true,
    apiUrl: undefined,
    configsDirectory: undefined,
    packIndexes: ["https://index.stackstorm.org/v1/index.json"],
    wheels: undefined,
    packs: [],
    masterKeyFile: join(site, ".raicho", "master.key"),
    site,
    workers: 1,
    role: "all",
    concurrency: 32,
    actionNice: 5,
    labels: ["default"],
    pools: [],
    watch: false,
    drainSeconds: 20,
    retention: { executions: 90, output: 7, events: 30, feed: 30 },
    validateOutput: false,
    actionTriggers: ["succeeded", "failed", "timeout", "canceled", "abandoned"],
    ssh: {
      username: "stanley",
      privateKey: undefined,
      knownHosts: [join(site, ".raicho", "known_hosts"), "/etc/ssh/ssh_known_hosts"],
      unknownHosts: "refuse",
    },
  });
});

test.each([
  [{ RAICHO_HOME: "data" }, { home: join("data"), masterKeyFile: join("data", "master.key") }],
  [{ RAICHO_MASTER_KEY_FILE: "keys/m" }, { masterKeyFile: join("keys", "m") }],
  [{ RAICHO_PACKS: "more:configs" }, { packs: ["more", "configs"] }],
  [{ RAICHO_CONFIGS: "configs" }, { configsDirectory: "configs" }],
])("%o: paths start at the site", (environment, expected) => {
  const full = (path: string): string => join(site, path);
  const absolute = Object.fromEntries(
    Object.entries(expected).map(([name, value]) => [
      name,
      typeof value === "string" ? full(value) : value.map(full),
    ]),
  );
  expect(readConfig(environment, site)).toMatchObject(absolute);
});

test.each([
  [
    { RAICHO_PORT: "0", RAICHO_SMTP_PORT: "" },
    { port: 0, smtpPort: 2525 },
  ],
  [{ RAICHO_SMTP_PORT: "off" }, { smtpPort: undefined }],
  [{ RAICHO_HOST: "0.0.0.0" }, { host: "0.0.0.0", smtpHost: "0.0.0.0" }],
  [{ RAICHO_AUTH: "off" }, { auth: false }],
  [{ RAICHO_AUTH: "off", RAICHO_HOST: "::1" }, { auth: false }],
  [{ RAICHO_TZ: "Europe/Berlin" }, { timeZone: "Europe/Berlin" }],
  [{ RAICHO_WORKERS: "3" }, { workers: 3 }],
  [{ RAICHO_CONCURRENCY: "0" }, { concurrency: 1 }],
  [{}, { actionNice: 5 }],
  [{ RAICHO_ACTION_NICE: "0" }, { actionNice: 0 }],
  [{}, { labels: ["default"], pools: [] }],
  [{ RAICHO_LABELS: "zone=dc1, windows" }, { labels: ["zone=dc1", "windows"] }],
  [
    { RAICHO_POOLS: "vsphere.*:zone=dc1,linux.reboot:dc2" },
    {
      pools: [
        { actions: "vsphere.*", pool: "zone=dc1" },
        { actions: "linux.reboot", pool: "dc2" },
      ],
    },
  ],
  [{ RAICHO_DRAIN_SECONDS: "0" }, { drainSeconds: 0 }],
  [{ DATABASE_URL: "postgres://h/d" }, { databaseUrl: "postgres://h/d" }],
  [{ REDIS_URL: "rediss://h" }, { redisUrl: "rediss://h" }],
  [{ RAICHO_SYSTEM_USER: "stanley" }, { systemUser: "stanley" }],
  [{ RAICHO_SSH_USER: "ops" }, { ssh: { username: "ops" } }],
  [{ RAICHO_SSH_KEY: "/keys/ops" }, { ssh: { privateKey: "/keys/ops" } }],
  [{ RAICHO_SSH_KNOWN_HOSTS: "/a:/b" }, { ssh: { knownHosts: ["/a", "/b"] } }],
  [{ RAICHO_SSH_UNKNOWN_HOSTS: "remember" }, { ssh: { unknownHosts: "remember" } }],
])("%o is taken", (environment, expected) => {
  expect(readConfig(environment, site)).toMatchObject(expected);
});

test("the command line wins over the environment", () => {
  const config = readConfig({ RAICHO_WORKERS: "3" }, site, {
    workers: "2",
    role: "worker",
    label: ["zone=dc1"],
    watch: true,
  });
  expect(config).toMatchObject({
    workers: 2,
    role: "worker",
    labels: ["zone=dc1"],
    watch: true,
  });
});

describe("what cannot work is refused in one line that says what to do", () => {
  test.each([
    [{ RAICHO_PORT: "http" }, "RAICHO_PORT=http is not a port"],
    [{ RAICHO_PORT: "70000" }, "from 0 (any free port) to 65535"],
    [{ RAICHO_SMTP_PORT: "-1" }, "RAICHO_SMTP_PORT=-1 is not a port"],
    [{ RAICHO_TZ: "Mars/Olympus" }, "RAICHO_TZ=Mars/Olympus is not a time zone"],
    [{ RAICHO_AUTH: "no" }, 'give "on" or "off"'],
    [{ RAICHO_AUTH: "off", RAICHO_HOST: "0.0.0.0" }, "listen on 127.0.0.1 only"],
    [{ RAICHO_AUTH: "off", RAICHO_HOST: "127.0.0.1.evil.example" }, "listen on 127.0.0.1 only"],
    [{ RAICHO_WORKERS: "many" }, "RAICHO_WORKERS many: give a whole number from 0 to 64"],
    [{ RAICHO_CONCURRENCY: "1.5" }, "RAICHO_CONCURRENCY 1.5"],
    [{ DATABASE_URL: "mysql://h/d" }, "DATABASE_URL must start with postgres:// or postgresql://"],
    [{ REDIS_URL: "localhost:6379" }, "REDIS_URL must start with redis:// or rediss://"],
    [{ RAICHO_LABELS: "dc 1" }, 'RAICHO_LABELS: "dc 1" is no label: give a word or name=value'],
    [{ RAICHO_POOLS: "vsphere" }, 'RAICHO_POOLS: "vsphere": give actions and their pool'],
    [{ RAICHO_PACKS: "missing" }, "RAICHO_PACKS: there is no directory"],
    [{ RAICHO_CONFIGS: "missing" }, "RAICHO_CONFIGS: there is no directory"],
  ])("%o", (environment, words) => {
    const read = (): unknown => readConfig(environment, site);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(words);
  });

  test("unknown roles and numbers of workers", () => {
    expect(() => readConfig({}, site, { role: "boss" })).toThrow("--role boss: give one of all,");
    expect(() => readConfig({}, site, { workers: "65" })).toThrow(
      "--workers 65: give a whole number",
    );
  });
});

test("payloads are validated unless that is switched off, and the door may be elsewhere", () => {
  const env = { RAICHO_VALIDATE_PAYLOADS: "off", RAICHO_API_URL: "https://raicho.example/api/" };
  const { validatePayloads, apiUrl } = readConfig(env, site);
  expect([validatePayloads, apiUrl]).toEqual([false, "https://raicho.example/api"]);
  expect(() => readConfig({ RAICHO_VALIDATE_PAYLOADS: "yes" }, site)).toThrow(
    'RAICHO_VALIDATE_PAYLOADS=yes: give "on" or "off"',
  );
});

test("pages of other origins are named one by one", () => {
  const env = { RAICHO_ALLOW_ORIGIN: "https://Console.example/, http://127.0.0.1:8080" };
  expect(readConfig(env, site).allowOrigins).toEqual([
    "https://console.example",
    "http://127.0.0.1:8080",
  ]);
  expect(readConfig({}, site).allowOrigins).toEqual([]);
  for (const wrong of ["*", "null", "console.example", "https://console.example/ui"])
    expect(() => readConfig({ RAICHO_ALLOW_ORIGIN: wrong }, site)).toThrow(
      `RAICHO_ALLOW_ORIGIN: "${wrong}" is no origin`,
    );
});

test("certificate and key come together, and must be readable", () => {
  expect(() => readConfig({ RAICHO_TLS_CERT: "door.pem" }, site)).toThrow(
    "RAICHO_TLS_CERT and RAICHO_TLS_KEY belong together: set both, or none",
  );
  expect(() => readConfig({ RAICHO_TLS_CERT: "a.pem", RAICHO_TLS_KEY: "a.key" }, site)).toThrow(
    /^RAICHO_TLS_CERT: ENOENT.*a\.pem/,
  );
});
