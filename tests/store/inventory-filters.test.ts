/** Saved filters and groups. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ansibleInventory } from "../../src/engine/inventory-deploy.ts";
import { removeFilter, saveFilter } from "../../src/engine/inventory-filter-saving.ts";
import {
  filterHistory,
  filterNamed,
  filters,
  members,
} from "../../src/engine/inventory-filters.ts";
import type { Inventory } from "../../src/engine/inventory.ts";
import type { Viewer } from "../../src/engine/inventory-viewers.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { grantedSite, names, type GrantedSite } from "./inventory-granted-site.ts";
import { author, refusal } from "./inventory-site.ts";

let world: GrantedSite;
let chief: Inventory;
const seeingAll = { types: ["*"], may: ["write", "create"] };
beforeAll(async () => {
  world = await grantedSite();
  const viewer: Viewer = { name: "chief", roles: ["admin"], grants: [] };
  chief = await world.viewers.as(viewer);
  await world.upsert(
    { type: "Environment", set: { code: "prd" } },
    { type: "NodeSet", set: { name: "web-set", service: "shop", environment: "prd" } },
  );
  await world.upsert({
    type: "Device",
    match: [["hostname"]],
    set: { hostname: "web013", nodeset: "web-set" },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const by = (actor: string, more: JsonObject = {}) => ({
  actor,
  reason: undefined,
  maySharing: true,
  ...more,
});
const save = (inventory: Inventory, actor: string, name: string, body: JsonObject) =>
  saveFilter(inventory, { name, body }, by(actor));
const why = async (work: Promise<unknown>): Promise<string> => (await refusal(work)).message;

const refused = (body: JsonObject, name = "odd"): Promise<string> =>
  why(save(chief, "chief", name, body));

const grant = (name: string) => ({
  types: ["Device"],
  may: ["read"],
  where: { $filter: name },
});

const group = async (query: unknown) =>
  chief.patch((await chief.find("NodeSet", "web-set")).id, { query }, { author });

describe("a saved filter", () => {
  test("is asked by its name, within other conditions, and as a whole query", async () => {
    const body = {
      type: "Device",
      where: { status: "failed" },
      sort: "-hostname",
      select: ["serial"],
      shared: true,
    };
    expect(await save(chief, "chief", "broken", body)).toMatchObject({
      result: "created",
      filter: {
        name: "broken",
        owner: "chief",
        shared: true,
        version: 1,
        type: ["Device"],
        where: { status: "failed" },
      },
    });
    expect(await save(chief, "chief", "broken", body)).toMatchObject({ result: "unchanged" });
    // Devices have no attribute of that name, but a name.
    expect(names(await world.inventory.search({ where: { name: "db001" } }))).toEqual(["db001"]);
    const search = async (query: JsonObject) => names(await world.inventory.search(query));
    expect(await search({ where: { $filter: "broken" } })).toEqual(["db001"]);
    expect(await search({ type: "Rack", where: { $filter: "broken" } })).toEqual([]);
    expect(await search({ type: "Device", where: { not: { $filter: "broken" } } })).toEqual([
      "web012",
      "web013",
    ]);
    expect(
      await search({
        where: { and: [{ $filter: "broken" }, { path: "name", op: "ne", value: "db001" }] },
      }),
    ).toEqual([]);
    const whole = await world.inventory.search({ filter: "broken" });
    expect(whole.entries).toMatchObject([{ name: "db001", values: { serial: "TOP-SECRET" } }]);
    await save(chief, "chief", "fine", {
      type: "Device",
      where: { not: { $filter: "broken" } },
      shared: true,
    });
    expect(await search({ filter: "fine", sort: "-name" })).toEqual(["web013", "web012"]);
  });

  test("is checked when it is saved", async () => {
    expect(await refused({ type: "Device", where: { hostnam: "x" } })).toContain(
      "did you mean hostname?",
    );
    expect(await refused({ type: "Devise" })).toContain("did you mean Device?");
    expect(await refused({ where: { path: "name", op: "liek", value: "x" } })).toContain(
      "did you mean like?",
    );
    expect(await refused({ type: "Device", sort: "colour" })).toContain("colour");
    expect(await refused({ wehre: {} })).toContain("did you mean where?");
    expect(await refused({ where: { $filter: "borken" } })).toContain(
      'there is no filter "borken"; did you mean broken?',
    );
    expect(await refused({}, "a/b")).toContain("without slashes");
    expect(await refused({ where: { $group: "nowhere" } })).toContain("group");
  });

  test("cannot name itself, nor a ring of others", async () => {
    const shared = { type: "Device", shared: true };
    await save(chief, "chief", "one", { ...shared, where: { status: "failed" } });
    await save(chief, "chief", "two", { ...shared, where: { $filter: "one" } });
    expect(
      await why(save(chief, "chief", "one", { ...shared, where: { $filter: "one" } })),
    ).toContain("in a ring: filter one → filter one");
    expect(
      await why(
        save(chief, "chief", "one", {
          ...shared,
          where: { or: [{ status: "failed" }, { $filter: "two" }] },
        }),
      ),
    ).toContain("in a ring: filter two → filter one → filter two");
    // Twice the same is no ring.
    await save(chief, "chief", "three", {
      ...shared,
      where: { and: [{ $filter: "one" }, { $filter: "two" }] },
    });
    expect(names(await chief.search({ filter: "three" }))).toEqual(["db001"]);
    expect(await why(removeFilter(chief, "one", by("chief")))).toBe(
      "Filter one is named by filter three, filter two.",
    );
    for (const name of ["three", "two", "one"]) await removeFilter(chief, name, by("chief"));
    expect(await why(filterNamed(chief, "one"))).toContain('There is no saved filter "one"');
  });

  test("keeps its versions, and says who changed what", async () => {
    await save(chief, "chief", "kept", {
      type: "Device",
      where: { status: "failed" },
      shared: true,
    });
    await saveFilter(
      chief,
      { name: "kept", body: { type: "Device", where: { status: "active" }, shared: true } },
      { ...by("chief", { reason: "now the others", ifVersion: 1 }) },
    );
    expect(
      await why(saveFilter(chief, { name: "kept", body: {} }, by("chief", { ifVersion: 1 }))),
    ).toContain("at version 2, not 1");
    expect(await filterHistory(chief, "kept")).toMatchObject([
      {
        version: 2,
        op: "updated",
        actor: "chief",
        reason: "now the others",
        where: { status: "active" },
      },
      { version: 1, op: "created", where: { status: "failed" } },
    ]);
  });

  test("is one's own until it is shared; then its owner changes it", async () => {
    const tanaka = await world.seenBy("tanaka", seeingAll);
    const suzuki = await world.seenBy("suzuki", seeingAll);
    await save(tanaka, "tanaka", "mine", { type: "Device", where: { status: "failed" } });
    await save(suzuki, "suzuki", "mine", { type: "Rack" });
    expect(names(await tanaka.search({ filter: "mine" }))).toEqual(["db001"]);
    expect(names(await suzuki.search({ filter: "mine" }))).toEqual(["A-07"]);
    expect(await why(world.inventory.search({ filter: "mine" }))).toContain(
      "There is no saved filter",
    );
    expect((await filters(tanaka)).filter(({ name }) => name === "mine")).toHaveLength(1);
    expect(await why(save(suzuki, "suzuki", "broken", { shared: true }))).toBe(
      "Filter broken belongs to chief.",
    );
    expect(
      await why(
        saveFilter(
          suzuki,
          { name: "ours", body: { shared: true } },
          by("suzuki", { maySharing: false }),
        ),
      ),
    ).toContain("may not share");
    expect(
      await why(save(chief, "chief", "x", { where: { $filter: "mine" }, shared: true })),
    ).toContain("there is no filter");
    expect(
      await why(save(tanaka, "tanaka", "x", { where: { $filter: "mine" }, shared: true })),
    ).toContain("is not shared");
  });

  test("tells nobody what that one may not read", async () => {
    await save(chief, "chief", "secret", {
      type: "Device",
      where: { serial: "TOP-SECRET" },
      shared: true,
    });
    const partly = await world.seenBy("anybody", {
      types: ["Device"],
      may: ["read"],
      attributes: ["status"],
    });
    expect(await why(partly.search({ filter: "secret" }))).toBe(
      "filter secret asks what is not there, or what you may not read",
    );
    expect(await filterNamed(partly, "secret")).toMatchObject({ where: "hidden", type: null });
    expect(JSON.stringify(await filterHistory(partly, "secret"))).not.toContain("TOP");
    const some = await world.seenBy("anybody", {
      types: ["Device"],
      may: ["read"],
      where: { status: "active" },
    });
    expect(names(await some.search({ filter: "broken" }))).toEqual([]);
  });
});

describe("a role", () => {
  test("names protected filters, which only administrators change", async () => {
    await save(chief, "chief", "guarded", {
      type: "Device",
      where: { status: "failed" },
      shared: true,
      protected: true,
    });
    expect(names(await (await world.seenBy("anybody", grant("guarded"))).search({}))).toEqual([
      "db001",
    ]);
    expect((await world.seenBy("anybody", grant("broken"))).known.byName.size).toBe(0);
    const tanaka = await world.seenBy("tanaka", seeingAll);
    expect(
      await why(save(tanaka, "tanaka", "guarded", { shared: true, type: "Device" })),
    ).toContain("protected");
    expect(await why(save(tanaka, "tanaka", "own", { shared: true, protected: true }))).toContain(
      "protected",
    );
  });

  test("opens the members of a group", async () => {
    const seen = await world.seenBy("anybody", {
      types: ["Device"],
      may: ["read"],
      where: { $group: "web-set" },
    });
    expect(names(await seen.search({}))).toEqual(["web013"]);
  });
});

describe("a group", () => {
  test("has the members that were put in and those that its query finds", async () => {
    const id = (await chief.find("NodeSet", "web-set")).id;
    const list = async () => names(await members(chief, id, {}));
    expect(await list()).toEqual(["web013"]);
    await group({ type: "Device", where: { $filter: "broken" } });
    expect(await list()).toEqual(["db001", "web013"]);
    await chief.patch(id, { roles: [{ label: "app", ref: "web012" }] }, { author });
    expect(await list()).toEqual(["db001", "web012", "web013"]);
    expect(names(await chief.search({ type: "Device", where: { not: { $group: id } } }))).toEqual(
      [],
    );
    const hosts = await ansibleInventory(chief, { groupBy: ["$group"], where: {} });
    expect(hosts["nodeset_web_set"]).toEqual({ hosts: ["db001", "web012", "web013"] });
    expect(await why(removeFilter(chief, "broken", by("chief")))).toContain("group web-set");
    // Who may not read the query knows of no such members.
    const partly = await world.seenBy(
      "anybody",
      { types: ["Device"], may: ["read"] },
      { types: ["NodeSet"], may: ["read"], except: ["query", "roles"] },
    );
    expect(names(await members(partly, id, {}))).toEqual(["web013"]);
  });

  test("keeps no query that cannot be asked", async () => {
    expect(await why(group({ type: "Device", where: { hostnam: "x" } }))).toContain(
      "query: Device has no attribute hostnam; did you mean hostname?",
    );
    expect(await why(group({ wheer: {} }))).toContain("did you mean where?");
    expect(await why(group({ type: "Device", where: { $group: "web-set" } }))).toContain(
      "in a ring: group web-set → group web-set",
    );
    expect(await why(members(chief, world.id("web012"), {}))).toContain("group");
  });
});
