/** "Explain my access". */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explainAccess, type AccessView } from "../../src/engine/inventory-access.ts";
import type { Viewer } from "../../src/engine/inventory-viewers.ts";
import { readInventoryGrant } from "../../src/inventory/grant.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { grantedSite, type GrantedSite } from "./inventory-granted-site.ts";
import { refusal } from "./inventory-site.ts";

let world: GrantedSite;
beforeAll(async () => {
  world = await grantedSite();
});
afterAll(() => world[Symbol.asyncDispose]());

function viewer(...given: readonly JsonObject[]): Viewer {
  const inventory = given.flatMap((one) => {
    const read = readInventoryGrant(one);
    return "grant" in read ? [{ ...read.grant, role: "ops" }] : [];
  });
  return { name: "tanaka", roles: ["ops"], grants: [], inventory };
}
interface Wish {
  readonly type?: string;
  readonly entry?: string;
  readonly attribute?: string;
}
async function explained(subject: Viewer, wish: Wish = {}, asking = subject): Promise<AccessView> {
  const { type, entry, attribute } = wish;
  return explainAccess(world.viewers, await world.viewers.as(asking), {
    subject,
    wish: { type, entry, attribute },
  });
}
const permission = (resource: string | undefined) => ({
  resource,
  permissions: ["inventory_view"] as const,
  role: "lookers",
});
const chief: Viewer = { name: "chief", roles: ["admin"], grants: [] };
const allowed = ({ verbs }: Pick<AccessView, "verbs">): JsonObject =>
  Object.fromEntries(verbs.map((one) => [one.verb, one.allowed]));

describe("what somebody may do", () => {
  const own = {
    types: ["Device"],
    may: ["write"],
    except: ["serial"],
    where: { owner: "$user.teams" },
  };

  test("is told per verb, with the grants that allow it", async () => {
    const answer = await explained(viewer(own), { type: "Device" });
    expect(answer).toMatchObject({ user: "tanaka", roles: ["ops"], unlimited: null });
    expect(allowed(answer)).toEqual({
      read: "some",
      write: "some",
      create: "no",
      delete: "no",
      export: "no",
      approve: "no",
    });
    expect(answer.verbs[0]).toMatchObject({ by: [0], why: "only entries of which a grant holds" });
    expect(answer.grants).toEqual([
      {
        grant: 0,
        role: "ops",
        from: "inventory grant 1",
        types: ["Device"],
        may: ["write"],
        applies: "some",
        attributes: "all",
        // The owner's type does not exist for tanaka: the condition asks for it only as a fact about the caller.
        where: { owner: "$user.teams" },
        entries: null,
        hidden_entries: 0,
        why: "it is about those entries of which it holds",
      },
    ]);
  });

  test("is told of an entry, and of an attribute there", async () => {
    const failed = { ...own, where: { status: "failed" } };
    const subject = viewer(failed, { types: ["Device"], may: ["read"], attributes: ["status"] });
    const mine = await explained(subject, { type: "Device", entry: "db001" });
    expect(allowed(mine)).toMatchObject({ read: "yes", write: "yes", delete: "no" });
    expect(mine.entry).toEqual({ id: world.id("db001"), name: "db001" });
    const other = await explained(subject, { entry: world.id("web013"), attribute: "status" });
    expect(allowed(other)).toMatchObject({ read: "yes", write: "no" });
    expect(other.verbs.find(({ verb }) => verb === "write")?.why).toBe(
      "no grant that allows to write a Device holds of this entry",
    );
    expect(other.grants.map(({ applies, why }) => [applies, why])).toEqual([
      ["no", "it does not hold of this entry"],
      ["yes", "it holds of this entry"],
    ]);
    const note = await explained(subject, { entry: world.id("web013"), attribute: "note" });
    expect(allowed(note)).toMatchObject({ read: "no", write: "no" });
    expect(note.grants[1]?.why).toBe("it does not include note");
  });

  test("is told of each type when none is named", async () => {
    const answer = await explained(viewer({ types: ["Rack"], may: ["read", "export"] }));
    expect(answer.types.map(({ type, verbs }) => [type, allowed({ verbs })])).toEqual([
      [
        "Rack",
        { read: "yes", write: "no", create: "no", delete: "no", export: "yes", approve: "no" },
      ],
    ]);
  });

  test("is everything for administrators, with the reason", async () => {
    const answer = await explained(chief, { type: "Device", attribute: "serial" });
    expect(answer).toMatchObject({ unlimited: "role admin", grants: [] });
    expect(new Set(answer.verbs.map((one) => one.allowed))).toEqual(new Set(["yes"]));
  });

  test("comes from permissions too, each with its role", async () => {
    const all = await explained({ ...chief, roles: [], grants: [permission(undefined)] });
    expect(all.grants).toMatchObject([{ role: "lookers", from: "permission inventory_view" }]);
    const one = [permission("inventory:Device:db001")];
    const only = await explained({ ...chief, roles: [], grants: one }, { type: "Device" });
    expect(only.grants).toMatchObject([
      { from: "permission on an entry", entries: ["db001"], applies: "some" },
    ]);
    const observer = await explained({ ...chief, roles: ["observer"] });
    expect(observer.grants).toMatchObject([{ role: "observer" }]);
  });
});

describe("an explanation leaks nothing", () => {
  const hiding = viewer(
    { types: ["Device"], may: ["read"], attributes: ["status"], where: { serial: "TOP-SECRET" } },
    { types: ["Device"], may: ["read"], attributes: ["status"], entries: ["db001", "web012"] },
    { types: ["Ghost", "Device"], may: ["read"], except: ["hostname"] },
    {
      types: ["Device"],
      may: ["read"],
      attributes: ["status"],
      where: { "service.code": "ledger" },
    },
  );

  test("of conditions, entries and types that one may not read", async () => {
    const answer = await explained(hiding, { type: "Device" });
    expect(answer.grants.map(({ where }) => where)).toEqual(["hidden", null, null, "hidden"]);
    expect(answer.grants[2]).toMatchObject({ types: ["Device"], applies: "no" });
    const text = JSON.stringify(answer);
    for (const word of ["TOP-SECRET", "serial", "ledger", "Ghost", "hostname is"])
      expect(text).not.toContain(word);
    expect(text).toContain("whoever manages roles sees why");
  });

  test("but whoever manages roles is told all of it", async () => {
    const answer = await explained(hiding, { type: "Device" }, chief);
    expect(answer.user).toBe("tanaka");
    expect(answer.grants.map(({ where }) => where)).toEqual([
      { serial: "TOP-SECRET" },
      null,
      null,
      { "service.code": "ledger" },
    ]);
    expect(answer.grants[2]?.why).toContain("there is no type Ghost");
  });

  test("of entries, attributes and types that are not there for one", async () => {
    const subject = viewer({ types: ["Device"], may: ["read"], attributes: ["status"] });
    const ask = async (wish: Wish): Promise<string> =>
      (await refusal(explained(subject, wish))).message;
    expect(await ask({ type: "Device", attribute: "serial" })).toBe(
      await ask({ type: "Device", attribute: "seriel" }).then((said) =>
        said.replace("seriel", "serial"),
      ),
    );
    expect(await ask({ type: "Rack" })).toContain("There is no entry type");
    const rack = world.id("A-07");
    const nowhere = rack.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect((await ask({ entry: rack })).replace(rack, "")).toBe(
      (await ask({ entry: nowhere })).replace(nowhere, ""),
    );
  });
});
