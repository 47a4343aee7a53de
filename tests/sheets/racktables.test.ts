/** A dump of RackTables as mysqldump writes it; the facts in them are made up. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Grid } from "../../src/model/grid.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { readSheets } from "../../src/sheets/read-file.ts";

const fixture = (name: string): Buffer => readFileSync(new URL(`foreign/${name}`, import.meta.url));

const read = (name: string, bytes: Uint8Array): Promise<readonly Grid[]> =>
  readSheets({ name, content: Buffer.from(bytes).toString("base64") });

function setsOf(grids: readonly Grid[], type: string): readonly JsonObject[] {
  return grids.flatMap(({ taken }) =>
    taken?.type === type ? taken.entries.map(({ set }) => set) : [],
  );
}

const leftOf = (grids: readonly Grid[]) => grids.flatMap(({ left = [] }) => left);

describe("a RackTables dump", () => {
  test("gives places, racks and machines with what they have", async () => {
    const grids = await read("racktables.sql", fixture("racktables.sql"));
    expect(setsOf(grids, "Site")).toEqual([{ code: "東京" }]);
    expect(setsOf(grids, "Room")).toEqual([{ site: "東京", name: "3F / A列" }]);
    const rack = { room: { site: "東京", name: "3F / A列" }, name: "A-01" };
    expect(setsOf(grids, "Rack")).toEqual([{ ...rack, units: 42, row: "A列" }]);
    expect(setsOf(grids, "DeviceModel")).toEqual([
      { vendor: "Fujitsu", model: "RX2540 M5", units: 2 },
    ]);
    const [database, first, panel, second] = setsOf(grids, "Device");
    expect(database).toEqual({
      hostname: "db-server-1",
      fqdn: "db01.example.jp",
      aliases: ["db01"],
      kind: "server",
      serial: "SN-001",
      asset_no: "A-100",
      model: { vendor: "Fujitsu", model: "RX2540 M5" },
      rack,
      position: 3,
      face: "front",
      tags: ["has problems"],
      note: "DB server 1\nit's old;\nreplace (soon)",
    });
    expect(first).toEqual({ hostname: "sw01", kind: "switch", rack, position: 7, face: "rear" });
    expect(panel).toEqual({ hostname: "object-22", kind: "patch" });
    expect(second).toEqual({ hostname: "sw02", kind: "switch", rack });
    expect(setsOf(grids, "VirtualMachine")).toEqual([{ hostname: "vm01", host: "db-server-1" }]);
    expect(setsOf(grids, "SupportContract")).toEqual([
      { contract_no: "db-server-1 hw", scope: "hw", end: "2020-10-01", covers: ["db-server-1"] },
    ]);
  });

  test("gives ports, links, networks and VLANs", async () => {
    const grids = await read("racktables.sql", fixture("racktables.sql"));
    const group = { site: "", name: "東京" };
    const vlan = (vid: number) => ({ group, site: "", vid });
    expect(setsOf(grids, "Interface")).toEqual([
      { device: "db-server-1", name: "eth0", kind: "1000Base-T", mac: "00:16:3e:00:00:01" },
      {
        device: "sw01",
        name: "gi0/1",
        kind: "1000Base-T",
        untagged_vlan: vlan(10),
        tagged_vlans: [vlan(20)],
      },
    ]);
    expect(setsOf(grids, "PassPort")).toEqual([{ device: "object-22", name: "1" }]);
    expect(setsOf(grids, "PowerPort")).toEqual([{ device: "db-server-1", name: "psu1" }]);
    expect(setsOf(grids, "Cable")).toEqual([
      {
        label: "K-1",
        a: { device: "db-server-1", name: "eth0" },
        b: { device: "sw01", name: "gi0/1" },
      },
    ]);
    expect(setsOf(grids, "VLAN")).toEqual([
      { group, vid: 10, name: "サーバ" },
      { group, vid: 20, name: "VLAN 20" },
    ]);
    expect(setsOf(grids, "Prefix")).toEqual([
      { cidr: "192.168.1.0/24", vlan: vlan(10), note: "サーバ" },
      { cidr: "2001:db8:0:0:0:0:0:0/32" },
      { cidr: "fd00:0:0:0:0:0:0:0/8", note: "private" },
    ]);
    expect(setsOf(grids, "IPAddress")).toEqual([
      {
        address: "192.168.1.10",
        interface: { device: "db-server-1", name: "eth0" },
        vip: true,
      },
    ]);
  });

  test("says what is not taken over", async () => {
    const left = leftOf(await read("racktables.sql", fixture("racktables.sql")));
    expect(left).toEqual(
      expect.arrayContaining([
        { what: "Object (CableOrganizer)", rows: 1, why: "there is no type for it" },
        { what: "attribute DRAM, MB", rows: 1, why: "there is no attribute for it" },
        {
          what: "attribute OEM S/N 1",
          rows: 1,
          why: "an earlier row has the same value, and it may be there once",
        },
        { what: "Link", rows: 1, why: "an end of it is at no machine" },
        { what: "IPv4VS", rows: 1, why: "there is no type for it" },
      ]),
    );
  });

  test("that is cut short, or of another program, is refused", async () => {
    const text = fixture("racktables.sql").toString();
    const cut = text.slice(0, text.indexOf("'db01'"));
    await expect(read("x.sql", Buffer.from(cut))).rejects.toThrow(
      /rows of table Object are broken/,
    );
    const other = "CREATE TABLE `wp_posts` (\n  `id` int\n);\nINSERT INTO `wp_posts` VALUES (1);\n";
    await expect(read("x.sql", Buffer.from(other))).rejects.toThrow(
      /without the tables of RackTables/,
    );
  });
});
