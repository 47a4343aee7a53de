/** Next free: many at once, on several machines, for every kind of pool. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Inventory } from "../../src/engine/inventory.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import { bundledTypes } from "../inventory/types.ts";
import {
  answer,
  author,
  refusal,
  site,
  testInventory,
  type TestInventory,
} from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(
    ...site,
    { type: "VRF", set: { name: "blue" } },
    { type: "Prefix", set: { cidr: "10.8.0.0/23" } },
    { type: "Prefix", set: { cidr: "10.9.0.0/29", vrf: "blue" } },
    { type: "Prefix", set: { cidr: "10.9.0.0/29" } },
    { type: "Prefix", set: { cidr: "2001:db8::/64" } },
    { type: "Prefix", set: { cidr: "10.16.0.0/20", role: "container" } },
    { type: "VlanGroup", set: { name: "core", min: 100, max: 102 } },
    { type: "DeviceModel", set: { model: "2U", units: 2 } },
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const take = async (
  type: string,
  from: unknown,
  {
    count = 1,
    size,
    set = {},
  }: { count?: number; size?: number; set?: Record<string, unknown> } = {},
): Promise<readonly string[]> =>
  (await world.inventory.allocate(type, from, { count, size, set, author })).map(
    ({ name }) => name,
  );

describe("addresses", () => {
  test("200 at once, over two machines, are all different and without holes", async () => {
    const other = await Inventory.open({
      database: world.database,
      types: bundledTypes(),
      owners: ownerSettings({}),
      timeZone: "Asia/Tokyo",
      answer,
    });
    await world.upsert({ type: "IPAddress", set: { address: "10.8.0.5" } });
    const machines = [world.inventory, other];
    const wanted = { count: 1, size: undefined, set: {}, author };
    const taken = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const [entry] = await (machines[n % 2] ?? world.inventory).allocate(
          "IPAddress",
          "10.8.0.0/23",
          wanted,
        );
        return entry?.name;
      }),
    );
    expect(new Set(taken).size).toBe(200);
    expect(taken).not.toContain("10.8.0.5");
    expect(taken).not.toContain("10.8.0.0");
    expect(taken).toContain("10.8.0.1");
    const left = await world.inventory.available("IPAddress", "10.8.0.0/23", {
      count: 2,
      size: undefined,
    });
    expect(left).toEqual(["10.8.0.202", "10.8.0.203"]);
  });

  test("a pool has an end, is separate in each VRF, and nothing is half taken", async () => {
    const blue = { vrf: "blue", cidr: "10.9.0.0/29" };
    expect(await take("IPAddress", blue, { count: 4 })).toEqual([
      "10.9.0.1",
      "10.9.0.2",
      "10.9.0.3",
      "10.9.0.4",
    ]);
    const error = await refusal(take("IPAddress", blue, { count: 3 }));
    expect(error).toMatchObject({
      status: 409,
      message: "10.9.0.0/29 has no room for 3 IPAddress.",
    });
    expect(await take("IPAddress", blue, { count: 2 })).toEqual(["10.9.0.5", "10.9.0.6"]);
    expect(await take("IPAddress", { vrf: null, cidr: "10.9.0.0/29" })).toEqual(["10.9.0.1"]);
    await world.inventory.remove(
      (await world.inventory.find("IPAddress", { vrf: "blue", address: "10.9.0.3" })).id,
      { author },
    );
    expect(await take("IPAddress", blue)).toEqual(["10.9.0.3"]);
  });

  test("IPv6 networks are searched without counting through them", async () => {
    expect(await take("IPAddress", "2001:db8::/64", { count: 2 })).toEqual([
      "2001:db8::",
      "2001:db8::1",
    ]);
  });

  test("attributes that are wrong, and pools that are none, are refused", async () => {
    const wrong = await refusal(take("IPAddress", "10.8.0.0/23", { set: { status: "brokn" } }));
    expect(wrong.status).toBe(422);
    expect((await refusal(take("IPAddress", "10.99.0.0/24"))).message).toContain("10.99.0.0/24");
    expect((await refusal(take("Site", "TYO7"))).message).toContain("not taken from pools");
  });

  test("a pool that was deleted is none, by whatever it is named", async () => {
    await world.upsert({ type: "Prefix", set: { cidr: "10.77.0.0/24", vrf: "blue" } });
    const named = { vrf: "blue", cidr: "10.77.0.0/24" };
    const { id } = await world.inventory.find("Prefix", named);
    await world.inventory.remove(id, { author });
    for (const from of ["10.77.0.0/24", named, id])
      expect((await refusal(take("IPAddress", from))).message).toContain("there is no Prefix");
  });
});

test("networks fit between those that are there", async () => {
  await world.upsert({ type: "Prefix", set: { cidr: "10.16.1.0/24" } });
  expect(await take("Prefix", "10.16.0.0/20", { size: 24, count: 2 })).toEqual([
    "10.16.0.0/24",
    "10.16.2.0/24",
  ]);
  expect(await take("Prefix", "10.16.0.0/20", { size: 22 })).toEqual(["10.16.4.0/22"]);
  expect((await refusal(take("Prefix", "10.16.0.0/20", { size: 8 }))).message).toContain(
    "from 20 to 32",
  );
});

const vlan = (name: string) => take("VLAN", "core", { set: { name } });

test("numbers stay within the group", async () => {
  expect(await vlan("a")).toEqual(["100 a"]);
  expect(await vlan("b")).toEqual(["101 b"]);
  expect(await vlan("c")).toEqual(["102 c"]);
  expect((await refusal(vlan("d"))).status).toBe(409);
});

test("rack units are taken as high as the model is", async () => {
  const rack = { name: "A-07", room: { site: "TYO7", name: "1F" } };
  await world.upsert({ type: "Device", set: { hostname: "two", model: "2U", rack, position: 2 } });
  const [one] = await world.inventory.allocate("Device", rack, {
    count: 1,
    size: 1,
    set: { hostname: "u1" },
    author,
  });
  expect(one?.attributes["position"]).toBe(1);
  expect(await world.inventory.available("Device", rack, { count: 1, size: 2 })).toEqual([4]);
});
