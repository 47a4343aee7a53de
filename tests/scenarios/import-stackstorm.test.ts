/** A StackStorm is taken over whole, by the real program, and what was taken over works. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { plainRequest, startRaicho, type Raicho } from "../support/raicho.ts";
import { fakeKey, stackStormFake, type StackStormContent } from "../support/stackstorm-fake.ts";
import { writeSite } from "../st2web/site.ts";
import { runCli, type CliResult } from "../cli/run.ts";

const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
const adminsKey = "OGI2ZWNiNjE5YjM4";

const content: StackStormContent = {
  packs: [
    { ref: "core", name: "core", version: "1.0.1" },
    { ref: "shop", name: "shop", version: "0.1.0" },
    { ref: "jenkins", name: "jenkins", version: "2.0.0" },
  ],
  configs: [
    {
      pack: "shop",
      values: { region: "東京", retries: 5, password: "hush" },
      secrets: ["password"],
    },
    // What is usual here, too.
    { pack: "calendar", values: { country: "jp", tick: "08:00" }, secrets: [] },
  ],
  rules: [
    {
      id: "6b00f500cb9f08be3a33e901",
      uid: "rule:shop:ordered",
      ref: "shop.ordered",
      name: "ordered",
      pack: "shop",
      description: "Counts what was ordered",
      enabled: true,
      metadata_file: "",
      trigger: {
        type: "core.st2.webhook",
        ref: "core.2f3a",
        description: "Trigger type for registering webhooks",
        parameters: { url: "orders" },
      },
      type: { ref: "standard", parameters: {} },
      criteria: { "trigger.body.count": { type: "gt", pattern: 0 } },
      action: { ref: "core.local", parameters: { cmd: "echo {{ trigger.body.count }}" } },
      context: { user: "st2admin" },
      tags: [],
    },
    {
      id: "6b00f500cb9f08be3a33e902",
      uid: "rule:shop:lost",
      ref: "shop.lost",
      name: "lost",
      pack: "shop",
      description: "Calls what is not here",
      enabled: true,
      trigger: { type: "jenkins.build", ref: "jenkins.build", parameters: {} },
      type: { ref: "standard", parameters: {} },
      criteria: {},
      action: { ref: "jenkins.build", parameters: {} },
    },
  ],
  policies: [
    {
      id: "6b00f541cb9f08be3a33ea8c",
      uid: "policy:shop:one_count",
      ref: "shop.one_count",
      name: "one_count",
      pack: "shop",
      description: "One at a time",
      enabled: true,
      resource_ref: "shop.count",
      policy_type: "action.concurrency",
      parameters: { threshold: 1, action: "delay" },
    },
  ],
  keys: [
    ...Array.from({ length: 105 }, (_, n) => ({
      row: { id: `k${n}`, name: `rack.${n}`, value: `v${n}`, scope: "st2kv.system" },
    })),
    { row: { id: "s", name: "smtp_password", scope: "st2kv.system" }, secret: "パスワード9" },
    {
      row: {
        id: "t",
        name: "pause",
        value: "1",
        scope: "st2kv.system",
        expire_timestamp: inAnHour,
      },
    },
    {
      row: {
        id: "o",
        name: "over",
        value: "1",
        scope: "st2kv.system",
        expire_timestamp: "2020-01-01T00:00:00.000000Z",
      },
    },
    { row: { id: "u", name: "editor", value: "vi", scope: "st2kv.user", user: "admin" } },
  ],
  apiKeys: [
    { user: "admin", key: adminsKey, enabled: true, metadata: { used_by: "monitoring" } },
    { user: "st2admin", key: "b2xkLWtleS1vZi1zdDI", enabled: false, metadata: {} },
  ],
  roles: [
    {
      id: "6b00f500cb9f08be3a33e911",
      name: "counters",
      description: "May count",
      system: false,
      permission_grant_objects: [
        { resource_uid: "action:shop:count", permission_types: ["action_execute"] },
      ],
    },
    { id: "6b00f500cb9f08be3a33e912", name: "observer", description: "", system: true },
  ],
  assignments: [
    {
      id: "6b00f500cb9f08be3a33e921",
      user: "mio",
      role: "counters",
      is_remote: false,
      source: "assignments/mio.yaml",
    },
    {
      id: "6b00f500cb9f08be3a33e922",
      user: "mio",
      role: "observer",
      is_remote: true,
      source: "mappings/ops.yaml",
    },
  ],
  executions: [
    {
      id: "6b00f500cb9f08be3a33e931",
      status: "succeeded",
      action: { ref: "core.local" },
      result: { stdout: "a" },
    },
    { id: "6b00f500cb9f08be3a33e932", status: "failed", action: { ref: "core.local" }, result: {} },
  ],
};

interface Report {
  readonly items: readonly { kind: string; name: string; fate: string; reason?: string }[];
  readonly files: readonly string[];
}

const report = ({ out }: CliResult): Report => JSON.parse(out) as Report;
const fateOf = ({ items }: Report, name: string): string | undefined =>
  items.find((item) => item.name === name)?.fate;

describe("taking over a StackStorm", { timeout: 180_000 }, () => {
  const packs = writeSite();
  const work = mkdtempSync(join(tmpdir(), "raicho-import-"));
  const fake = stackStormFake(content);
  let raicho: Raicho;
  let key: string;

  beforeAll(async () => {
    mkdirSync(join(work, "configs"));
    raicho = await startRaicho({
      env: { RAICHO_PACKS: packs, RAICHO_CONFIGS: join(work, "configs"), RAICHO_PACK_INDEX: "off" },
    });
    const made = await raicho.ask("/v1/apikeys", { method: "POST", body: {} });
    ({ key } = made.body as { key: string });
  }, 150_000);
  afterAll(async () => {
    fake.close();
    await raicho.stop();
    for (const directory of [packs, work]) rmSync(directory, { recursive: true });
  });

  const run = (...words: readonly string[]): Promise<CliResult> =>
    runCli(["import", "stackstorm", fake.url, "--from-api-key", fakeKey, "-j", ...words], {
      workingDirectory: work,
      environment: { HOME: work, RAICHO_URL: raicho.url, RAICHO_API_KEY: key },
    });
  const written = (name: string): string => join(work, "stackstorm-import", name);

  test("a rehearsal tells all and changes nothing", async () => {
    const told = report(await run("--dry-run", "--history", "10"));
    expect(told.items.filter(({ kind }) => kind === "key")).toHaveLength(108);
    expect(fateOf(told, "shop.ordered")).toBe("would be taken over");
    expect(fateOf(told, "jenkins")).toBe("left out");
    expect(told.files).toEqual([]);
    expect((await raicho.ask("/v1/keys/smtp_password")).status).toBe(404);
    expect((await raicho.ask("/v1/rules/shop.ordered")).status).toBe(404);
  });

  test("everything is taken over but what needs a pack that is not here", async () => {
    const told = report(await run("--history", "10"));
    const others = told.items.filter(({ fate }) => fate !== "taken over");
    expect(others.map(({ kind, name, fate }) => `${kind} ${name} ${fate}`).toSorted()).toEqual([
      "configuration calendar is the same",
      "pack core exists",
      "pack jenkins left out",
      "pack shop is the same",
      "rule shop.lost failed",
    ]);
    expect(others.find(({ name }) => name === "shop.lost")?.reason).toContain("jenkins.build");

    const { body: config } = await raicho.ask("/v1/configs/shop?show_secrets=true");
    expect(config).toMatchObject({ values: { region: "東京", retries: 5, password: "hush" } });
    const { body: secret } = await raicho.ask("/v1/keys/smtp_password?decrypt=true");
    expect(secret).toMatchObject({ value: "パスワード9", secret: true });
    const { body: pause } = await raicho.ask("/v1/keys/pause");
    expect(pause).toMatchObject({ expire_timestamp: expect.any(String) });
    expect((await raicho.ask("/v1/keys/over")).status).toBe(404);
    const { body: mine } = await raicho.ask("/v1/keys/editor?scope=user");
    expect(mine).toMatchObject({ value: "vi", user: "admin" });
    expect((await raicho.ask("/v1/policies/shop.one_count")).body).toMatchObject({
      parameters: { threshold: 1 },
    });
  });

  test("its rule answers events, and its API keys go on working", async () => {
    const headers = { "st2-api-key": adminsKey };
    const who = await plainRequest(`${raicho.url}/v1/user`, { headers });
    expect(who.body).toMatchObject({ username: "admin", authentication: { method: "API key" } });
    const sent = await plainRequest(`${raicho.url}/v1/webhooks/orders`, {
      method: "POST",
      headers,
      body: { count: 3 },
    });
    expect(sent.status).toBe(202);
    await eventually(
      "its execution",
      async () => {
        const [found] = await raicho.get<{ status: string; result?: { stdout: string } }[]>(
          "/v1/executions?rule=shop.ordered&include_attributes=result,status",
        );
        return found?.status === "succeeded" ? found : undefined;
      },
      { seconds: 60 },
    );
    const off = await plainRequest(`${raicho.url}/v1/user`, {
      headers: { "st2-api-key": "b2xkLWtleS1vZi1zdDI" },
    });
    expect(off).toMatchObject({
      status: 401,
      body: { faultstring: "Unauthorized - API key is disabled." },
    });
  });

  test("roles, assignments and the history are files that only their owner reads", () => {
    expect(readFileSync(written("roles/counters.yaml"), "utf8")).toContain("action:shop:count");
    expect(readFileSync(written("assignments/mio.yaml"), "utf8")).toMatch(
      /roles:\n\s*- counters\n/,
    );
    expect(readFileSync(written("executions.jsonl"), "utf8").trim().split("\n")).toHaveLength(2);
    expect(statSync(written("executions.jsonl")).mode & 0o077).toBe(0);
  });

  test("a second time nothing is left to do", async () => {
    const told = report(await run());
    const again = told.items.filter(({ kind }) => !kind.includes("role") && kind !== "pack");
    expect(again.filter(({ fate }) => fate !== "is the same").map(({ name }) => name)).toEqual([
      "shop.lost",
    ]);
  });

  test("nothing was asked that its API does not know, and nothing was written there", () => {
    expect(fake.refused).toEqual([]);
  });
});
