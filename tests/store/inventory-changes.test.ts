/** Changes that are proposed, reviewed and applied together. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyDue } from "../../src/engine/inventory-change-clock.ts";
import {
  changes,
  changeView,
  decideChange,
  proposeChange,
  type ChangeVerb,
} from "../../src/engine/inventory-changes.ts";
import type { Inventory } from "../../src/engine/inventory.ts";
import { changesetNamed } from "../../src/engine/inventory-changesets.ts";
import { readChange } from "../../src/inventory/change-request.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { readSignals } from "../../src/store/inventory/claims.ts";
import { grantedSite, type GrantedSite } from "./inventory-granted-site.ts";
import { author, refusal, newsReadable } from "./inventory-site.ts";

let world: GrantedSite;
beforeAll(async () => {
  world = await grantedSite();
  await world.upsert(
    ...["r1", "r2", "r3"].map((code) => ({ type: "Role", set: { code, title: "old", note: "n" } })),
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const boss = { ...author, actor: "boss" };
const propose = async (
  items: readonly JsonObject[],
  more: JsonObject = {},
  service: Inventory = world.inventory,
) => proposeChange(service, readChange({ title: "Rename", items, ...more }), author);
const decide = (
  id: unknown,
  verb: ChangeVerb,
  service: Inventory = world.inventory,
  comment?: string,
) => decideChange(service, String(id), { verb, comment, author: boss });
const titled = (name: string, title: string) => ({ type: "Role", name, attributes: { title } });
const role = (code: string) => world.inventory.find("Role", code);
const steps = async (id: unknown): Promise<readonly string[]> => {
  await newsReadable(world.database.db);
  const news = await readSignals(world.database.db, { xid: "0", seq: "0" }, 1000);
  return news.flatMap(({ trigger, payload }) => {
    const change = payload["change"] as JsonObject | undefined;
    return change?.["id"] === id ? [trigger.replace("inventory.change.", "")] : [];
  });
};

describe("a proposed change", () => {
  test("changes nothing until it is approved, then everything in one changeset", async () => {
    const proposed = await propose([
      titled("r1", "new"),
      { type: "Team", attributes: { code: "t1", name: "T1" } },
      { type: "Service", attributes: { code: "s1", owner: "t1" } },
      { op: "delete", type: "Role", name: "r3" },
    ]);
    expect(proposed).toMatchObject({ state: "open", created_by: "sato", hidden_items: 0 });
    expect((await role("r1")).attributes["title"]).toBe("old");
    const done = await decide(proposed["id"], "approve", world.inventory, "fine");
    expect(done).toMatchObject({
      state: "applied",
      decided_by: "boss",
      comment: "fine",
      problems: [],
    });
    expect((await role("r1")).attributes["title"]).toBe("new");
    await refusal(role("r3"));
    const { entries, ...changeset } = await changesetNamed(
      world.inventory.ground,
      String(done["changeset"]),
      {},
    );
    expect(changeset).toMatchObject({ actor: "boss", ticket: "OPS-1" });
    expect(entries).toHaveLength(4);
    expect(await steps(proposed["id"])).toEqual(["proposed", "approved", "applied"]);
    expect((await refusal(decide(proposed["id"], "approve"))).code).toBe("INVENTORY_CHANGE_STATE");
  });

  test("what others changed meanwhile is kept, the same attribute stands against it, and it can be made anew", async () => {
    const proposed = await propose([titled("r1", "mine"), titled("r2", "mine")]);
    await world.upsert({ type: "Role", set: { code: "r2", note: "theirs" } });
    await world.upsert({ type: "Role", set: { code: "r1", title: "theirs" } });
    const blocked = await decide(proposed["id"], "approve");
    expect(blocked).toMatchObject({
      state: "blocked",
      problems: [{ item: 0, entry: { name: "r1" }, code: "INVENTORY_STALE" }],
    });
    expect((await role("r2")).attributes["title"]).toBe("old");
    expect(await decide(proposed["id"], "rebase")).toMatchObject({ state: "open", problems: [] });
    expect(await decide(proposed["id"], "approve")).toMatchObject({ state: "applied" });
    expect((await role("r1")).attributes["title"]).toBe("mine");
    expect((await role("r2")).attributes).toMatchObject({ title: "mine", note: "theirs" });
  });

  test("is refused with a reason, or taken back", async () => {
    const first = await propose([titled("r1", "x")]);
    expect(await decide(first["id"], "refuse", world.inventory, "not now")).toMatchObject({
      state: "refused",
      comment: "not now",
    });
    const second = await propose([titled("r1", "x")]);
    expect(await decide(second["id"], "cancel")).toMatchObject({ state: "cancelled" });
    expect((await role("r1")).attributes["title"]).toBe("mine");
    const { changes: listed } = await changes(world.inventory, "sato", {
      state: "refused,cancelled",
    });
    expect(listed).toMatchObject([{ id: second["id"] }, { id: first["id"] }]);
  });

  test("that is wrong is refused at once, with all that is wrong", async () => {
    const error = await refusal(
      propose([
        titled("r1", "fine"),
        { type: "Role", name: "r2", attributes: { status: "no" } },
        { type: "Role", attributes: { title: "x" } },
      ]),
    );
    expect(error.details["problems"]).toMatchObject([{ item: 1 }, { item: 2 }]);
    expect((await refusal(propose([titled("r1", "a"), titled("r1", "b")]))).message).toContain(
      "twice",
    );
    expect((await refusal(propose([]))).code).toBe("INVENTORY_REQUEST");
  });

  test("with a time waits for it, and is applied once by the clock of the database, whoever looks", async () => {
    const later = await propose([titled("r1", "later")], { apply_at: "2099-01-01T00:00:00Z" });
    expect(await decide(later["id"], "approve")).toMatchObject({ state: "approved" });
    const clock = { db: world.database.db, inventoryOf: () => Promise.resolve(world.inventory) };
    expect(await applyDue(clock)).toBe(0);
    await sql`update inv.change_request set apply_at = clock_timestamp() where id = ${String(later["id"])}::uuid`.execute(
      world.database.db,
    );
    const { version } = await role("r1");
    const applied = await Promise.all([applyDue(clock), applyDue(clock), applyDue(clock)]);
    expect(applied.reduce((sum, one) => sum + one, 0)).toBe(1);
    expect(await role("r1")).toMatchObject({
      version: version + 1,
      attributes: { title: "later" },
    });
    expect(await changeView(world.inventory, String(later["id"]), "sato")).toMatchObject({
      state: "applied",
      decided_by: "boss",
    });
    expect(await applyDue(clock)).toBe(0);
  });
});

const on = (may: readonly string[], type = "Role") =>
  world.seenBy("limited", { types: [type], may });

test("whoever may only read proposes, whoever may approve decides, and others see nothing of it", async () => {
  const [reader, approver, stranger] = await Promise.all([
    on(["read"]),
    on(["read", "write", "approve"]),
    on(["read"], "Site"),
  ]);
  const proposed = await propose([titled("r1", "asked for")], {}, reader);
  const as2 = (service: Inventory, actor: string) =>
    decideChange(service, String(proposed["id"]), {
      verb: "approve",
      comment: undefined,
      author: { ...author, actor },
    });
  expect((await refusal(as2(reader, "other"))).code).toBe("INVENTORY_DENIED");
  expect((await refusal(as2(approver, "sato"))).message).toContain("proposed yourself");
  expect((await refusal(changeView(stranger, String(proposed["id"]), "none"))).code).toBe(
    "INVENTORY_CHANGE_UNKNOWN",
  );
  expect(await as2(approver, "boss")).toMatchObject({ state: "applied" });
  expect((await role("r1")).attributes["title"]).toBe("asked for");
});
