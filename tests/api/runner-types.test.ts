import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runnerView } from "../../src/api/runner-view.ts";
import { isObject, type JsonObject } from "../../src/model/json.ts";
import { builtinRunners } from "../../src/wiring/runners.ts";

const recordings = fileURLToPath(new URL("../../../shared/conformance/http", import.meta.url));
const runners = new Map(builtinRunners().map((runner) => [runner.name, runner]));

/** Ids of that run, and words for people, which are ours. */
const notCompared = new Set(["id", "description"]);

/** A runner type without what differs by intent. */
function compared(type: JsonObject): JsonObject {
  const kept = Object.entries(type).filter(([key]) => !notCompared.has(key));
  const parameters = isObject(type["runner_parameters"]) ? type["runner_parameters"] : {};
  const schemas = Object.entries(parameters).map(([name, schema]) => [
    name,
    isObject(schema)
      ? Object.fromEntries(Object.entries(schema).filter(([key]) => !notCompared.has(key)))
      : schema,
  ]);
  return { ...Object.fromEntries(kept), runner_parameters: Object.fromEntries(schemas) };
}

/** Every whole runner type in StackStorm's recorded answers, by name. */
function recorded(): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (!isObject(value)) return;
    const { uid, name } = value;
    // One test of StackStorm's renames a runner.
    if (isObject(value["runner_parameters"]) && uid === `runner_type:${String(name)}`)
      found.set(String(name), value);
    Object.values(value).forEach(look);
  };
  for (const file of ["live.json", "api-unit.json"])
    look(JSON.parse(readFileSync(`${recordings}/${file}`, "utf8")));
  return found;
}

describe.skipIf(!existsSync(recordings))("runner types as StackStorm's API shows them", () => {
  test("all recorded ones are ours, with the same parameters", () => {
    const types = [...recorded().values()];
    expect(types.map(({ name }) => String(name)).toSorted()).toEqual(
      "action-chain inquirer local-shell-cmd noop orquesta python-script remote-shell-cmd".split(
        " ",
      ),
    );
    for (const type of types) {
      const name = String(type["name"]);
      expect(compared(runnerView(name, runners.get(name)))).toEqual(compared(type));
    }
  });
});

/** Those that were not recorded, as StackStorm's reference has them: parameter → default, `!` required, `*` secret, `=` immutable. */
const described: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  announcement: { "experimental!": false, "route!": "general" },
  "http-request": {
    "url!": undefined,
    headers: undefined,
    cookies: undefined,
    username: undefined,
    "password*": undefined,
    allow_redirects: false,
    verify_ssl_cert: true,
    http_proxy: undefined,
    https_proxy: undefined,
    url_hosts_blacklist: undefined,
    url_hosts_whitelist: undefined,
  },
  "local-shell-script": {
    debug: false,
    content_version: undefined,
    cwd: undefined,
    env: undefined,
    kwarg_op: "--",
    sudo: false,
    "sudo_password*": null,
    timeout: 60,
  },
  "remote-shell-script": {
    "hosts!": undefined,
    cwd: "/tmp",
    dir: "/tmp",
    env: undefined,
    username: undefined,
    "password*": undefined,
    "private_key*": undefined,
    "passphrase*": undefined,
    port: undefined,
    bastion_host: undefined,
    sudo: false,
    "sudo_password*": null,
    kwarg_op: "--",
    "parallel=": false,
    timeout: 60,
  },
  ...Object.fromEntries(
    ["winrm-cmd", "winrm-ps-cmd", "winrm-ps-script"].map((name) => [
      name,
      {
        ...(name === "winrm-ps-script" ? {} : { cmd: undefined }),
        "host!": undefined,
        "username!": undefined,
        "password!*": undefined,
        port: 5986,
        scheme: "https",
        transport: "ntlm",
        verify_ssl_cert: true,
        timeout: 60,
        kwarg_op: "-",
        cwd: undefined,
        env: undefined,
      },
    ]),
  ),
};

test.each(Object.entries(described))("%s has the parameters of the reference", (name, wanted) => {
  const schemas = Object.entries(runners.get(name)?.parameters ?? {});
  const shown = schemas.map(([key, { required, secret, immutable, default: value }]) => [
    `${key}${required === true ? "!" : ""}${secret === true ? "*" : ""}${immutable === true ? "=" : ""}`,
    value,
  ]);
  expect(Object.fromEntries(shown)).toEqual(wanted);
});

test("no runner of the table is missing, and each has one place", () => {
  const names = [...runners.keys()].filter((name) => name !== "typescript");
  const shown = names.map((name) => runnerView(name, runners.get(name)));
  expect(shown.map(({ runner_module: module }) => module)).toHaveLength(14);
  expect(shown.map(({ runner_package: place }) => place)).not.toContain(undefined);
});

test("what is done after the loss of a worker: only what touches nothing outside runs again", () => {
  const again = [...runners.values()].filter(({ onWorkerLost }) => onWorkerLost === "rerun");
  expect(again.map(({ name }) => name).toSorted()).toEqual(
    "action-chain announcement inquirer noop orquesta".split(" "),
  );
});
