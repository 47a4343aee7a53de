import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  await world.upsert(
    { type: "Device", set: { hostname: "web012", status: "failed" } },
    { type: "Device", set: { hostname: "up1", position: 4 } },
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const called = async (text: string) =>
  (await world.inventory.search({ text })).entries.map(({ name }) => name);
const devices = async (where: Record<string, unknown>) =>
  (await world.inventory.search({ type: "Device", where })).entries.map(({ name }) => name);

describe("search", () => {
  test("finds two-character Japanese, full-width and any case", async () => {
    expect(await called("六本")).toEqual(["TYO7"]);
    expect(await called("港区 ｔｙｏ７")).toEqual(["TYO7"]);
    expect(await called("大阪")).toEqual([]);
    expect(await called("r12345")).toEqual(["web012"]);
    expect(await called("100%")).toEqual([]);
  });
  test("filters by values, lists and references; unknown attributes are named", async () => {
    expect(await devices({ status: "failed" })).toEqual(["web012"]);
    expect(await devices({ aliases: "WWW-A" })).toEqual(["web012"]);
    expect(await devices({ service: "shop" })).toEqual(["web012"]);
    expect(await devices({ service: "nothing" })).toEqual([]);
    expect(await devices({ position: "4" })).toEqual(["up1"]);
    expect((await refusal(devices({ statis: "x" }))).message).toBe(
      "Device has no attribute statis; did you mean status?",
    );
    expect((await refusal(devices({ status: "brokn" }))).status).toBe(400);
  });
  test("pages follow each other without gap or repetition while entries come and go", async () => {
    await using other = await testInventory();
    await other.upsert(
      ...Array.from({ length: 25 }, (_, n) => ({
        type: "Role",
        set: { code: `role${String(n).padStart(2, "0")}` },
      })),
    );
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await other.inventory.search({ type: "Role", limit: 10, after });
      seen.push(...page.entries.map(({ name }) => name));
      after = page.next;
      if (seen.length === 10) await other.upsert({ type: "Role", set: { code: "role00a" } });
    } while (after !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `role${String(n).padStart(2, "0")}`));
    expect((await refusal(other.inventory.search({ after: "junk" }))).status).toBe(400);
  });
});

describe("host and owner", () => {
  test.each([
    ["web012", "name"],
    ["ＷＥＢ０１２．", "name"],
    ["www-a", "name"],
    ["web012.example.jp", "short-name"],
    ["Ｒ１２３４５", "asset"],
    ["10.1.2.3", "address"],
    ["web012:9100", "name"],
  ])("%s is found by its %s", async (text, by) => {
    expect(await world.inventory.findHost(text)).toMatchObject({
      found: true,
      host: { name: "web012" },
      matched: { by },
    });
  });
  test("an address leads over its interface to the machine", async () => {
    await world.upsert(
      { type: "VirtualMachine", set: { hostname: "vm1" } },
      { type: "Interface", set: { device: "vm1", name: "ens3" } },
      {
        type: "IPAddress",
        set: { address: "2001:db8::7", interface: { device: "vm1", name: "ens3" } },
      },
    );
    expect(await world.inventory.findHost("2001:0DB8::7")).toMatchObject({
      found: true,
      host: { name: "vm1" },
    });
  });
  test("nothing is guessed", async () => {
    expect(await world.inventory.findHost("web0")).toMatchObject({
      found: false,
      reason: "no host is called web0",
      candidates: [],
    });
    await world.upsert(
      { type: "Device", set: { hostname: "dup.a.jp" } },
      { type: "Device", set: { hostname: "dup.b.jp" } },
    );
    expect(await world.inventory.findHost("dup")).toMatchObject({
      found: false,
      reason: "2 hosts are called dup",
      candidates: [{ name: "dup.a.jp" }, { name: "dup.b.jp" }],
    });
    expect(await world.inventory.findHost("")).toMatchObject({
      found: false,
      reason: "the name is empty",
    });
  });
  test("a team's machine belongs to the team, and its lead decides", async () => {
    expect(await world.inventory.findOwner("web012")).toMatchObject({
      kind: "team",
      via: "service.owner",
      person: null,
      team: { code: "web-team" },
      leader: { login: "suzuki", jira_account: "a-1" },
      leader_via: "team.lead",
    });
  });
  test("a person is named only when the inventory names one", async () => {
    await world.upsert({
      type: "Device",
      set: { hostname: "own1", owner: "tanaka", service: "shop" },
    });
    expect(await world.inventory.findOwner("own1")).toMatchObject({
      kind: "person",
      via: "owner",
      person: { login: "tanaka", jira_account: "a-2" },
      team: { code: "web-team" },
      leader: { login: "suzuki" },
    });
  });
  test("nobody known: the site's leader", async () => {
    await world.upsert({ type: "Device", set: { hostname: "own2" } });
    const leader = { login: "leader", jira_account: "a-9" };
    expect(await world.inventory.findOwner("own2")).toMatchObject({
      kind: "unknown",
      person: null,
      leader,
      leader_via: "default_leader",
    });
    expect(await world.inventory.findOwner("no-such-host")).toMatchObject({
      kind: "unknown",
      host: null,
      leader,
      notes: ["no host is called no-such-host"],
    });
  });
});
