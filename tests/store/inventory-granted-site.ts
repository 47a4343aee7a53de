/** A site with two teams' machines, and the inventory as people with grants see it. */
import { Viewers } from "../../src/engine/inventory-viewers.ts";
import type { Inventory } from "../../src/engine/inventory.ts";
import { readInventoryGrant } from "../../src/inventory/grant.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { site, testInventory, type TestInventory } from "./inventory-site.ts";

const more: readonly JsonObject[] = [
  { type: "Team", set: { code: "db-team", name: "DB運用", members: ["tanaka"] } },
  { type: "Service", set: { code: "ledger", owner: "db-team" } },
  {
    type: "Device",
    set: {
      hostname: "db001",
      serial: "TOP-SECRET",
      owner: "db-team",
      service: "ledger",
      rack: { name: "A-07", room: { site: "TYO7", name: "1F" } },
      note: "秘密の機械",
      status: "failed",
    },
  },
  {
    type: "Device",
    set: { hostname: "web013", serial: "WEB-13", owner: "web-team", service: "shop" },
  },
];

export interface GrantedSite extends TestInventory {
  readonly viewers: Viewers;
  /** Id of the entry of that name. */
  id(name: string): string;
  /** The inventory as somebody of that name sees it who has these grants. */
  seenBy(name: string, ...given: readonly JsonObject[]): Promise<Inventory>;
}

export async function grantedSite(): Promise<GrantedSite> {
  const world = await testInventory();
  const viewers = new Viewers(world.inventory);
  await world.upsert(...site, ...more);
  const { entries } = await world.inventory.search({ limit: 1000 });
  const ids = new Map(entries.map((entry) => [entry.name, entry.id]));
  return {
    ...world,
    viewers,
    id: (name) => ids.get(name) ?? "",
    seenBy: (name, ...given) => {
      const inventory = given.map((one) => {
        const read = readInventoryGrant(one);
        if ("grant" in read) return read.grant;
        throw new Error(JSON.stringify(read.faults));
      });
      return viewers.as({ name, roles: ["some"], grants: [], inventory });
    },
  };
}

export const names = ({ entries }: Awaited<ReturnType<Inventory["search"]>>): readonly string[] =>
  entries.map(({ name }) => name);
