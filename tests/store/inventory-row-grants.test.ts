import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesets } from "../../src/engine/inventory-changesets.ts";
import { ansibleInventory, impact } from "../../src/engine/inventory-deploy.ts";
import { difference, entryAt, historyOf } from "../../src/engine/inventory-history.ts";
import { grantedSite, names, type GrantedSite } from "./inventory-granted-site.ts";
import { author, refusal } from "./inventory-site.ts";

let world: GrantedSite;
beforeAll(async () => {
  world = await grantedSite();
});
afterAll(() => world[Symbol.asyncDispose]());
const id = (name: string): string => world.id(name);
const seenBy: GrantedSite["seenBy"] = (...given) => world.seenBy(...given);

describe("a condition on rows", () => {
  const own = {
    types: ["Device"],
    may: ["write", "create", "delete"],
    where: { owner: "$user.teams" },
  };
  const onlyStatus = { types: ["Device"], may: ["read"], attributes: ["status"] };

  test("shows the entries of one's own teams, and no trace of others", async () => {
    const seen = await seenBy("tanaka", own, { types: ["Team"], may: ["read"] });
    expect(names(await seen.search({ type: "Device" }))).toEqual(["db001", "web013"]);
    const hers = await seenBy("suzuki", own);
    expect(names(await hers.search({}))).toEqual(["web013"]);
    expect((await refusal(hers.get(id("db001")))).message).toBe(
      (await refusal(hers.get("01900000-0000-7000-8000-000000000000"))).message.replace(
        "01900000-0000-7000-8000-000000000000",
        id("db001"),
      ),
    );
    expect((await refusal(hers.patch(id("db001"), { status: "active" }, { author }))).status).toBe(
      404,
    );
    expect((await refusal(hers.remove(id("db001"), { author }))).status).toBe(404);
    expect((await refusal(historyOf(hers.ground, id("db001")))).status).toBe(404);
    expect((await refusal(difference(hers.ground, id("db001"), { from: 1, to: 1 }))).status).toBe(
      404,
    );
    expect((await refusal(entryAt(hers.ground, id("db001"), { version: 1 }))).status).toBe(404);
    expect(names(await hers.search({ at: new Date().toISOString() }))).toEqual(["web013"]);
    expect((await hers.search({ count: true, facets: ["status"] })).facets).toEqual({
      status: [{ value: "active", count: 1 }],
    });
    expect(await hers.findHost("db001")).toMatchObject({ found: false, candidates: [] });
    const { _meta: meta } = await ansibleInventory(hers, { groupBy: ["status"] });
    expect(Object.keys((meta as { hostvars: object }).hostvars)).toEqual(["web013"]);
    expect((await refusal(impact(hers, id("A-07")))).status).toBe(404);
    const { changesets: list } = await changesets(hers.ground, {});
    // The one changeset wrote a whole site.
    expect(list).toMatchObject([{ size: 1 }]);
  });

  test("who is in no team, or no person at all, sees nothing", async () => {
    for (const name of ["leader", "ghost"])
      expect(names(await (await seenBy(name, own)).search({}))).toEqual([]);
    const not = { types: ["Device"], may: ["read"], where: { not: { owner: "$user.teams" } } };
    expect(names(await (await seenBy("ghost", not)).search({}))).toEqual([]);
  });

  test("adds attributes where another grant shows the entry already", async () => {
    const seen = await seenBy("suzuki", onlyStatus, own);
    expect(names(await seen.search({}))).toEqual(["db001", "web012", "web013"]);
    expect(Object.keys((await seen.get(id("db001"))).attributes).toSorted()).toEqual([
      "hostname",
      "status",
    ]);
    expect((await seen.get(id("web013"))).attributes["serial"]).toBe("WEB-13");
    expect(names(await seen.search({ where: { serial: "TOP-SECRET" } }))).toEqual([]);
    expect(names(await seen.search({ where: { serial: "WEB-13" } }))).toEqual(["web013"]);
    expect(names(await seen.search({ where: { path: "serial", op: "exists" } }))).toEqual([
      "web013",
    ]);
    expect(
      names(await seen.search({ where: { path: "serial", op: "ne", value: "X" } })),
    ).toHaveLength(3);
    expect(
      names(await seen.search({ where: { path: "serial", op: "starts_with", value: "TOP" } })),
    ).toEqual([]);
    expect(names(await seen.search({ where: { not: { path: "serial", op: "empty" } } }))).toEqual([
      "web013",
    ]);
    expect(names(await seen.search({ text: "TOP-SECRET" }))).toEqual([]);
    expect(names(await seen.search({ text: "WEB-13" }))).toEqual(["web013"]);
    expect(names(await seen.search({ where: { path: "service", op: "exists" } }))).toEqual([
      "web013",
    ]);
    const { entries, facets } = await seen.search({
      select: ["serial"],
      facets: ["serial"],
      sort: "serial",
    });
    expect(entries.map(({ values }) => values?.["serial"])).toEqual(["WEB-13", null, null]);
    expect(facets).toEqual({ serial: [{ value: "WEB-13", count: 1 }] });
    expect((await refusal(seen.find("Device", { serial: "TOP-SECRET" }))).status).toBe(404);
    expect((await seen.find("Device", { serial: "WEB-13" })).name).toBe("web013");
    const denied = await refusal(seen.patch(id("db001"), { serial: "TOP-SECRET" }, { author }));
    expect(denied.code).toBe("INVENTORY_DENIED");
    const [probe] = await seen.upsert(
      [
        {
          type: "Device",
          match: [["hostname"]],
          set: { hostname: "db001", serial: "TOP-SECRET" },
          setOnce: {},
          add: {},
        },
      ],
      author,
    );
    expect(probe).toMatchObject({ result: "invalid", details: {} });
    const revisions = await historyOf(seen.ground, id("db001"));
    expect(JSON.stringify(revisions)).not.toContain("TOP-SECRET");
  });

  test("holds before and after a write", async () => {
    const seen = await seenBy("suzuki", own, { types: ["Team"], may: ["read"] });
    const away = await refusal(seen.patch(id("web013"), { owner: id("DB運用") }, { author }));
    expect(away.code).toBe("INVENTORY_DENIED");
    expect((await world.inventory.get(id("web013"))).version).toBe(1);
    const foreign = await refusal(
      seen.create("Device", { hostname: "db002", owner: id("DB運用") }, author),
    );
    expect(foreign.code).toBe("INVENTORY_DENIED");
    const nobodys = await refusal(seen.create("Device", { hostname: "db002" }, author));
    expect(nobodys.code).toBe("INVENTORY_DENIED");
    // Several at once: each gets its own answer.
    const many = await Promise.allSettled(
      ["a1", "a2", "a3"].map((hostname, index) =>
        seen.create("Device", { hostname, owner: index === 1 ? id("DB運用") : "web-team" }, author),
      ),
    );
    expect(many.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const items = ["b1", "b2", "b3"].map((hostname, index) => ({
      type: "Device",
      match: undefined,
      set: { hostname, owner: index === 1 ? id("DB運用") : "web-team" },
      setOnce: {},
      add: {},
    }));
    expect((await seen.upsert(items, author)).map(({ result }) => result)).toEqual([
      "created",
      "invalid",
      "created",
    ]);
    const taken = await refusal(
      seen.create("Device", { hostname: "c1", serial: "TOP-SECRET", owner: "web-team" }, author),
    );
    expect(taken.code).toBe("INVENTORY_KEY_TAKEN");
    expect(JSON.stringify([taken.message, taken.details])).not.toContain("db001");
    expect(JSON.stringify([taken.message, taken.details])).not.toContain(id("db001"));
    const lost = await refusal(
      seen.create("Device", { hostname: "c2", rack: id("A-07"), owner: "web-team" }, author),
    );
    const missing = await refusal(
      seen.create("Device", { hostname: "c2", rack: "nowhere", owner: "web-team" }, author),
    );
    expect(lost.message).toBe(missing.message.replace("nowhere", id("A-07")));
  });

  test("follows references, which the past cannot answer for", async () => {
    const here = {
      types: ["Device"],
      may: ["delete", "create", "write"],
      where: { "rack.room.site": "TYO7" },
    };
    const seen = await seenBy("anybody", here);
    expect(names(await seen.search({}))).toEqual(["db001", "web012"]);
    await world.inventory.patch(id("web012"), { status: "staged" }, { author });
    expect(await historyOf(seen.ground, id("web012"))).toHaveLength(2);
    expect(names(await seen.search({ at: new Date().toISOString() }))).toEqual(["db001", "web012"]);
    await world.inventory.remove(id("web012"), { author });
    expect((await refusal(seen.get(id("web012")))).status).toBe(404);
    expect((await refusal(seen.restore(id("web012"), author))).status).toBe(404);
    await world.inventory.restore(id("web012"), author);
    expect((await seen.get(id("web012"))).name).toBe("web012");
  });

  test("asks each earlier image by itself", async () => {
    const staged = { types: ["Device"], may: ["read"], where: { status: "staged" } };
    const device = await world.inventory.create(
      "Device",
      { hostname: "moved", status: "failed", serial: "WAS-SECRET" },
      author,
    );
    await world.inventory.patch(device.entry.id, { serial: null }, { author });
    const before = new Date().toISOString();
    await world.inventory.patch(device.entry.id, { status: "staged" }, { author });
    const seen = await seenBy("anybody", staged);
    const revisions = await historyOf(seen.ground, device.entry.id);
    expect(revisions.map(({ version }) => version)).toEqual([3]);
    expect(JSON.stringify(revisions)).not.toContain("WAS-SECRET");
    expect((await refusal(entryAt(seen.ground, device.entry.id, { version: 1 }))).status).toBe(404);
    expect(names(await seen.search({ at: before }))).not.toContain("moved");
    const back = await refusal(seen.revert(device.entry.id, { version: 1 }, { author }));
    expect(back.message).toContain("there is no such version");
  });
});
