/** Files of NetBox in its own formats; the facts in them are made up. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
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

describe("NetBox", () => {
  test("its dumpdata, also compressed, gives places and machines", async () => {
    const grids = await read("nb.json.gz", gzipSync(fixture("netbox-dumpdata.json")));
    expect(setsOf(grids, "Site")).toEqual([
      {
        code: "TYO7",
        address: "東京都港区, 六本木",
        timezone: "Asia/Tokyo",
        owner: "Web",
        status: "active",
      },
    ]);
    expect(setsOf(grids, "Room").map(({ name }) => name)).toEqual(["7F", "7F / MDF", "TYO7"]);
    const mdf = { site: "TYO7", name: "7F / MDF" };
    expect(setsOf(grids, "Rack")).toEqual([
      { name: "A-07", room: mdf, units: 42, status: "active" },
      {
        name: "B-01",
        room: { site: "TYO7", name: "TYO7" },
        units: 47,
        serial: "R-9",
        status: "retired",
      },
    ]);
    expect(setsOf(grids, "Device")).toEqual([
      {
        hostname: "sw01.example.jp",
        fqdn: "sw01.example.jp",
        rack: { room: mdf, name: "A-07" },
        position: 4,
        face: "front",
        serial: "S-1",
        asset_no: "A-1",
        role: "Access Switch",
        status: "in_maintenance",
        owner: "Web",
        primary_ip: { vrf: "blue", address: "10.7.0.5" },
        model: { vendor: "Juniper", model: "EX4300" },
        kind: "switch",
        tags: ["core"],
      },
      {
        hostname: "device-2",
        rack: { room: { site: "TYO7", name: "TYO7" }, name: "B-01" },
        role: "Access Switch",
        status: "active",
        model: { vendor: "Juniper", model: "EX4300" },
        kind: "switch",
      },
    ]);
    expect(setsOf(grids, "VirtualMachine")).toEqual([
      {
        hostname: "vm-1",
        status: "active",
        host: "sw01.example.jp",
        vcpu: 2,
        mem_mb: 4096,
        disk_gb: 20,
      },
    ]);
  });

  test("its dumpdata gives ports, cables and networks, and says what is left", async () => {
    const grids = await read("nb.json", fixture("netbox-dumpdata.json"));
    const users = { group: { site: "TYO7", name: "campus" }, site: "TYO7", vid: 10 };
    const [physical] = setsOf(grids, "Interface");
    expect(physical).toEqual({
      device: "sw01.example.jp",
      name: "ge-0/0/0",
      kind: "1000base-t",
      mac: "00:16:3E:00:00:02",
      speed: 1000,
      mtu: 1500,
      enabled: true,
      lag: { device: "sw01.example.jp", name: "ae0" },
      untagged_vlan: users,
      tagged_vlans: [{ group: "", site: "", vid: 20 }],
    });
    expect(setsOf(grids, "Cable")).toEqual([
      {
        label: "cable-1",
        a: { device: "sw01.example.jp", name: "ge-0/0/0" },
        b: { device: "device-2", name: "1" },
        kind: "cat6",
        colour: "ffeb3b",
        length_m: 3,
        status: "connected",
      },
    ]);
    expect(setsOf(grids, "Prefix")).toEqual([
      { cidr: "10.0.0.0/8", role: "container", status: "active" },
      {
        cidr: "10.7.0.0/24",
        vrf: "blue",
        site: "TYO7",
        vlan: users,
        role: "pool",
        status: "active",
      },
    ]);
    expect(setsOf(grids, "IPAddress")).toEqual([
      {
        address: "10.7.0.5",
        vrf: "blue",
        interface: { device: "sw01.example.jp", name: "ge-0/0/0" },
        vip: true,
        status: "active",
      },
    ]);
    expect(leftOf(grids)).toEqual(
      expect.arrayContaining([
        {
          what: "dcim_cable",
          rows: 1,
          why: "an end of it is no interface, patch port or power port",
        },
        {
          what: "ipam_ipaddress.address",
          rows: 1,
          why: "an earlier row has the same value, and it may be there once",
        },
        { what: "dcim_device.airflow", rows: 1, why: "there is no attribute for it" },
        { what: "dcim_site.custom_field_data", rows: 1, why: "there is no attribute for it" },
        { what: "virtualization_cluster", rows: 1, why: "there is no type for it" },
      ]),
    );
  });

  test("a page of its API brings along what it names", async () => {
    const grids = await read("devices.json", fixture("netbox-api.json"));
    const room = { site: "TYO7", name: "TYO7" };
    expect(setsOf(grids, "Site")).toEqual([{ code: "TYO7" }]);
    expect(setsOf(grids, "Rack")).toEqual([{ room, name: "C-01" }]);
    expect(setsOf(grids, "DeviceModel")).toEqual([{ vendor: "Fujitsu", model: "RX2540" }]);
    expect(setsOf(grids, "Device")).toMatchObject([
      {
        hostname: "web-14",
        rack: { room, name: "C-01" },
        position: 12,
        status: "staged",
        tags: ["blue"],
        note: "予備",
      },
    ]);
  });

  test("its database dump is the same tables", async () => {
    const dump = `--
-- PostgreSQL database dump
--
COPY public.dcim_site (id, name, slug, status, physical_address) FROM stdin;
1\tTYO7\ttyo7\tactive\t東京都\\n港区
\\.

COPY public.dcim_rack (id, name, site_id, location_id, u_height, serial, status) FROM stdin;
1\tA-07\t1\t\\N\t42\t\tactive
\\.

COPY public.dcim_device (id, name, site_id, rack_id, "position", face, status, serial) FROM stdin;
5\tweb01\t1\t1\t7.0\trear\tactive\t
\\.
`;
    const grids = await read("netbox.sql", Buffer.from(dump));
    expect(setsOf(grids, "Site")).toEqual([
      { code: "TYO7", address: "東京都, 港区", status: "active" },
    ]);
    expect(setsOf(grids, "Device")).toEqual([
      {
        hostname: "web01",
        rack: { room: { site: "TYO7", name: "TYO7" }, name: "A-07" },
        position: 7,
        face: "rear",
        status: "active",
        kind: "other",
      },
    ]);
    await expect(read("x.dump", Buffer.from("PGDMP\u0001"))).rejects.toThrow(/--format=plain/);
  });

  test.each([
    ["netbox_devices.csv", "Name,Status,Tenant,Site,Rack,Role,Manufacturer,Type,Position\r\n"],
    [
      "netbox_devices (1).csv",
      "name,status,tenant,site,rack,role,manufacturer,device_type,position\n",
    ],
  ])("its exported table %s", async (name, head) => {
    const grids = await read(
      name,
      Buffer.from(`${head}web-15,Active,—,TYO7,C-02,Server,Fujitsu,RX2540,3\n`),
    );
    expect(setsOf(grids, "Device")).toEqual([
      {
        hostname: "web-15",
        status: "active",
        rack: { room: { site: "TYO7", name: "TYO7" }, name: "C-02" },
        position: 3,
        role: "Server",
        model: { vendor: "Fujitsu", model: "RX2540" },
        kind: "server",
      },
    ]);
  });

  test("JSON of others is refused with what is expected", async () => {
    await expect(read("x.json", Buffer.from('{"a": 1}'))).rejects.toThrow(
      /neither NetBox' dumpdata/,
    );
    await expect(read("x.json", Buffer.from('[{"model":'))).rejects.toThrow(/no sound JSON/);
  });
});
