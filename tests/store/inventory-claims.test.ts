/** What services report, by the policy of the source; complete reports; many decisions at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { decideDrift, drifts, readDriftQuery } from "../../src/engine/inventory-drift.ts";
import { decideDrifts } from "../../src/engine/inventory-drift-many.ts";
import { observeAll, readReport, type Observed } from "../../src/engine/inventory-observe.ts";
import { isObject, type JsonObject } from "../../src/model/json.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import { readSignals } from "../../src/store/inventory/claims.ts";
import { bundledTypes, declaration } from "../inventory/types.ts";
import {
  author,
  newsReadable,
  refusal,
  testInventory,
  type TestInventory,
} from "./inventory-site.ts";

const declared = `
- { source: taker, policy: adopt }
- { source: asker, policy: propose, absent: [{ policy: propose }] }
- { source: watcher, policy: report, hold: { observations: 2 }, absent: [{ policy: report }, { type: Site, policy: retire, set: { status: retired } }] }
- { source: doer, policies: [{ type: Role, policy: enforce, again: 60 }], absent: [{ policy: delete, of: all }], absent_limit: { percent: 50, entries: 1 } }
- { source: filler, policy: write_if_empty }
- { source: mute, policy: ignore, absent: [{ policy: ignore }] }
`;

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  const types = bundledTypes();
  const list = parse(declared) as readonly JsonObject[];
  const files = list.map((document, index) => ({
    ...declaration(`source${index}`, "{}"),
    kind: "inventory-source" as const,
    document,
  }));
  const { sources, problems } = compileSources(files, types);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  await world.inventory.reload(types, sources);
});
afterAll(() => world[Symbol.asyncDispose]());

let tick = 0;
let told: { xid: string; seq: string };
beforeEach(async () => {
  told = { xid: "0", seq: "0" };
  await newsReadable(world.database.db);
  const old = await readSignals(world.database.db, told, 10_000);
  told = old.at(-1) ?? told;
});
/** News since the test began. */
const news = async (): Promise<readonly string[]> => {
  await newsReadable(world.database.db);
  return (await readSignals(world.database.db, told, 1000)).map(
    ({ trigger, payload }) =>
      `${trigger.replace("inventory.", "")} ${String(payload["attribute"] ?? payload["type"])}`,
  );
};
const report = (
  source: string,
  items: readonly JsonObject[],
  more: JsonObject = {},
): Promise<Observed> => {
  tick += 1;
  const at = new Date(Date.UTC(2026, 3, 1) + tick * 60_000).toISOString();
  const body = { source, items, observed_at: at, ...more };
  return observeAll(world.inventory, readReport(body, at), author);
};
const role = (code: string, set: JsonObject = {}) => ({ type: "Role", set: { code, ...set } });
const site = (code: string) => ({ type: "Site", set: { code } });
const vendor = (name: string) => ({ type: "Vendor", set: { name } });
const team = (code: string) => ({ type: "Team", set: { code, name: code } });
const entryOf = (drift: JsonObject | undefined): string =>
  isObject(drift?.["entry"]) ? String(drift["entry"]["id"]) : "";
const statesOf = ({ results }: Observed) => results.map(({ states }) => states);
const attributes = async (type: string, name: string) =>
  (await world.inventory.find(type, name)).attributes;
const open = async (query: JsonObject) =>
  (await drifts(world.inventory, readDriftQuery(query))).drifts;

describe("policies", () => {
  test("adopt: the document follows, unknown entries are made", async () => {
    const first = await report("taker", [role("a1", { title: "one" })]);
    expect(first.results).toMatchObject([{ result: "created", name: "a1" }]);
    expect(statesOf(await report("taker", [role("a1", { title: "two" })]))).toEqual([
      { title: "agreed" },
    ]);
    expect(await attributes("Role", "a1")).toMatchObject({ title: "two" });
    expect(await news()).toEqual([]);
  });

  test("propose: somebody decides, and the age counts from the first report", async () => {
    await world.upsert(role("p1", { title: "mine" }));
    expect((await report("asker", [role("p2")])).results).toEqual([{ result: "unknown" }]);
    expect(statesOf(await report("asker", [role("p1", { title: "theirs" })]))).toEqual([
      { title: "proposed" },
    ]);
    await report("asker", [role("p1", { title: "theirs" })]);
    const [drift] = await open({ source: "asker" });
    expect(drift).toMatchObject({
      attribute: "title",
      policy: "propose",
      reported: "theirs",
      document: "mine",
      seen: 2,
      decided_at: null,
    });
    expect(drift?.["age_seconds"]).toBeTypeOf("number");
    const wish = { decision: "reject", comment: "ours is right", author } as const;
    expect(await decideDrift(world.inventory, String(drift?.["id"]), wish)).toMatchObject({
      state: "rejected",
      decided_by: "sato",
      note: "ours is right",
    });
    await report("asker", [role("p1", { title: "theirs" })]);
    expect(await open({ source: "asker" })).toEqual([]);
    await report("asker", [role("p1", { title: "another" })]);
    expect(await open({ source: "asker" })).toHaveLength(1);
    expect(await news()).toEqual([
      "drift.detected title",
      "drift.resolved title",
      "drift.detected title",
    ]);
  });

  test("report: held down first, resolved by itself when both agree again", async () => {
    await world.upsert(role("r1", { title: "mine" }));
    expect(statesOf(await report("watcher", [role("r1", { title: "other" })]))).toEqual([
      { title: "holding" },
    ]);
    expect(await news()).toEqual([]);
    expect(statesOf(await report("watcher", [role("r1", { title: "other" })]))).toEqual([
      { title: "drift" },
    ]);
    await world.upsert(role("r1", { title: "other" }));
    expect(await open({ source: "watcher", attribute: "title" })).toEqual([]);
    expect(await news()).toEqual(["drift.detected title", "drift.resolved title"]);
  });

  test("enforce: the source is to follow, once within the time to try again", async () => {
    await world.upsert(role("e1", { title: "mine" }));
    expect(statesOf(await report("doer", [role("e1", { title: "other" })]))).toEqual([
      { title: "enforcing" },
    ]);
    await report("doer", [role("e1", { title: "other" })]);
    expect(statesOf(await report("doer", [role("e1", { title: "mine" })]))).toEqual([
      { title: "agreed" },
    ]);
    expect(await attributes("Role", "e1")).toMatchObject({ title: "mine" });
    expect(await news()).toEqual(["drift.enforce title", "drift.resolved title"]);
  });

  test("write_if_empty and ignore", async () => {
    await world.upsert(role("w1", { title: "mine" }));
    expect(statesOf(await report("filler", [role("w1", { title: "x", note: "new" })]))).toEqual([
      { title: "ignored", note: "agreed" },
    ]);
    expect(statesOf(await report("mute", [role("w1", { title: "y" })]))).toEqual([
      { title: "ignored" },
    ]);
    expect(await attributes("Role", "w1")).toMatchObject({ title: "mine", note: "new" });
    expect(await news()).toEqual([]);
  });
});

describe("complete reports", () => {
  test("what is missing is a difference with an age, which ends when it is seen again", async () => {
    await world.upsert(...["c1", "c2", "c3"].map((code) => role(code)), role("never-reported"));
    const all = ["c1", "c2", "c3"].map((code) => role(code));
    // Of what the test before reported, one entry is missing already.
    const first = await report("asker", all, { complete: true });
    expect(first.snapshots).toMatchObject([{ type: "Role", known: 4, absent: 1 }]);
    const { snapshots } = await report("asker", all.slice(0, 2), { complete: "Role" });
    expect(snapshots).toMatchObject([{ type: "Role", known: 4, absent: 2 }]);
    const missing = await open({ source: "asker", attribute: "*" });
    expect(missing.map(({ entry }) => (entry as JsonObject)["name"])).toContain("c3");
    expect(missing[0]).toMatchObject({
      reported: "absent",
      document: "present",
      state: "proposed",
    });
    await report("asker", all, { complete: true });
    const names = (await open({ source: "asker", attribute: "*" })).map(
      ({ entry }) => (entry as JsonObject)["name"],
    );
    expect(names).not.toContain("c3");
    expect(names).not.toContain("never-reported");
  });

  test("an approved absence deletes the entry, with who and why in its history", async () => {
    await report("asker", [role("c1")], { complete: true });
    const drift = (await open({ source: "asker", attribute: "*" })).find(
      ({ entry }) => (entry as JsonObject)["name"] === "c2",
    );
    const wish = { decision: "approve", comment: "scrapped", author } as const;
    await decideDrift(world.inventory, String(drift?.["id"]), wish);
    const id = entryOf(drift);
    expect((await world.inventory.get(id)).deleted_at).not.toBeNull();
    await refusal(world.inventory.find("Role", "c2"));
  });

  test("retire writes what the policy says, once", async () => {
    await world.upsert(site("s1"), site("s2"));
    await report("watcher", [site("s1"), site("s2")], { complete: true });
    const { snapshots } = await report("watcher", [site("s1")], { complete: true });
    // Held down: it must be missing twice.
    expect(snapshots).toMatchObject([{ absent: 1, retired: 0 }]);
    expect((await report("watcher", [site("s1")], { complete: true })).snapshots).toMatchObject([
      { retired: 1 },
    ]);
    const { version } = await world.inventory.find("Site", "s2");
    expect(await attributes("Site", "s2")).toMatchObject({ status: "retired" });
    expect((await report("watcher", [site("s1")], { complete: true })).snapshots).toMatchObject([
      { absent: 1, retired: 0 },
    ]);
    expect((await world.inventory.find("Site", "s2")).version).toBe(version);
  });

  test("a report that was cut short is not believed, unless somebody insists", async () => {
    const all = ["v1", "v2", "v3", "v4"].map(vendor);
    await world.upsert(...all);
    const cut = await report("doer", all.slice(0, 1), { complete: true });
    expect(cut.snapshots).toMatchObject([
      {
        known: 4,
        absent: 3,
        deleted: 0,
        refused: expect.stringContaining("3 of 4 entries would be missing (75 %)") as string,
      },
    ]);
    const empty = await report("doer", [], { complete: "Vendor" });
    expect(empty.snapshots).toMatchObject([
      { refused: expect.stringContaining("speaks of none of 4 entries") as string },
    ]);
    expect(await news()).toEqual(["snapshot.refused Vendor", "snapshot.refused Vendor"]);
    expect(await attributes("Vendor", "v4")).toMatchObject({ name: "v4" });
    const forced = await report("doer", all.slice(0, 1), { complete: true, force: true });
    expect(forced.snapshots).toMatchObject([{ absent: 3, deleted: 3, failed: [] }]);
    await refusal(world.inventory.find("Vendor", "v4"));
  });

  test("parts of one snapshot carry the same moment", async () => {
    await world.upsert(team("t1"), team("t2"));
    const at = "2026-05-01T00:00:00.000Z";
    await report("asker", [team("t1")], { observed_at: at });
    expect(
      (await report("asker", [team("t2")], { observed_at: at, complete: true })).snapshots,
    ).toMatchObject([{ known: 2, absent: 0 }]);
  });
});

test("many differences are decided with one word, in one changeset of each source", async () => {
  const codes = ["m1", "m2", "m3"];
  await world.upsert(...codes.map((code) => role(code, { title: "mine" })));
  await report(
    "asker",
    codes.map((code) => role(code, { title: "theirs" })),
  );
  const where = { source: "asker", attribute: "title" };
  const wish = { decision: "approve", comment: "checked on site", author } as const;
  const found = await open(where);
  const done = await decideDrifts(world.inventory, { where }, wish);
  expect(done).toMatchObject({ decided: found.length, failed: 0 });
  expect(await open(where)).toEqual([]);
  for (const code of codes)
    expect(await attributes("Role", code)).toMatchObject({ title: "theirs" });
  const again = await decideDrifts(world.inventory, { drifts: [String(found[0]?.["id"])] }, wish);
  expect(again).toMatchObject({ decided: 0, failed: 1 });
});
