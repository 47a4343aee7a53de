import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rackPicture, trace } from "../../src/engine/inventory-picture.ts";
import { render, renderRequest } from "../../src/engine/inventory-render.ts";
import { rackSvg } from "../../src/inventory/rack-picture.ts";
import { traceSvg } from "../../src/inventory/trace-picture.ts";
import { refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

const port = (type: string, device_: string, name: string, more: Record<string, unknown> = {}) => ({
  type,
  set: { device: device_, name, ...more },
});

const end = ([on, name]: [string, string]) => ({ device: on, name });
const cableOf = (
  label: string,
  a: [string, string],
  b: [string, string],
  more: Record<string, unknown> = {},
) => {
  return { type: "Cable", set: { label, a: end(a), b: end(b), ...more } };
};

let world: TestInventory;
const ids = new Map<string, string>();
beforeAll(async () => {
  world = await testInventory();
  const rack = { name: "A-07", room: { site: "TYO7", name: "1F" } };
  const device = (hostname: string, more: Record<string, unknown>) => ({
    type: "Device",
    set: { hostname, rack, ...more },
  });
  const wrong = [
    ...(await world.upsert(...site)),
    ...(await world.upsert(
      { type: "DeviceModel", set: { model: "R650", units: 2, full_depth: true } },
      device("sw1", { position: 42, kind: "switch", status: "failed" }),
      device("web1<&>", {}),
      device("db1", { position: 1, model: "R650" }),
      device("panel1", { position: 40, face: "rear", kind: "patch" }),
      device("panel2", { position: 39, kind: "patch" }),
    )),
    ...(await world.upsert(
      port("Interface", "sw1", "ge-0/0/1"),
      port("Interface", "db1", "eth0"),
      port("PassPort", "panel1", "1"),
      port("PassPort", "panel2", "1", { rear: { device: "panel1", name: "1" } }),
    )),
    ...(await world.upsert(
      cableOf("C-001", ["db1", "eth0"], ["panel1", "1"], { kind: "cat6a", length_m: 2.5 }),
      cableOf("C-002", ["panel2", "1"], ["sw1", "ge-0/0/1"], { status: "planned" }),
      { type: "LoadBalancer", set: { name: "lb1" } },
      { type: "Pool", set: { lb: "lb1", name: "shop", backend: "shop" } },
      { type: "Member", set: { pool: "shop", server: "web012", ip: "10.1.2.3", port: 8080 } },
      {
        type: "NodeSet",
        set: {
          name: "ns",
          service: "shop",
          config_template:
            "service={{ entry.service.code }} mail={{ entry.service.owner.lead.login }}",
        },
      },
    )),
  ].filter(({ error }) => error !== undefined && !error.includes("web1<&>"));
  if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
  for (const [type, name] of [
    ["Rack", "A-07"],
    ["Interface", "eth0"],
    ["Pool", "shop"],
    ["NodeSet", "ns"],
    ["Device", "db1"],
  ] as const)
    ids.set(type, (await world.inventory.find(type, name)).id);
});
afterAll(() => world[Symbol.asyncDispose]());

const rendered = (body: Record<string, unknown>) => render(world.inventory, renderRequest(body));

describe("a template", () => {
  test("reads an entry, what it refers to, and what refers to it", async () => {
    const template =
      "backend {{ entry.backend }}\n{% for m in referred_by.Member.pool %}  server {{ m.server }} {{ m.ip.address }}:{{ m.port }}\n{% endfor %}";
    expect(await rendered({ id: ids.get("Pool"), template })).toBe(
      "backend shop\n  server web012 10.1.2.3:8080\n",
    );
  });
  test("may stand in an attribute of the entry", async () => {
    expect(await rendered({ id: ids.get("NodeSet") })).toBe("service=shop mail=suzuki");
    const missing = await refusal(rendered({ id: ids.get("Pool") }));
    expect(missing.message).toContain("shop has no template in config_template");
  });
  test("reads searches and values by their names", async () => {
    const template =
      "{% for d in servers %}{{ d.hostname }}={{ d.rack.name }} {% endfor %}{{ domain }}";
    const queries = { servers: { type: "Device", where: { kind: "server" }, sort: "hostname" } };
    expect(await rendered({ template, queries, variables: { domain: "example.jp" } })).toBe(
      "db1=A-07 web012=A-07 example.jp",
    );
  });
  test.each([
    [{ template: "{{ entry.name" }, "the template, line 1"],
    [{ template: "{% for m in referred_by.Member.pol %}{% endfor %}" }, "did you mean pool?"],
    [{ template: "{% for m in referred_by.Membr.pool %}{% endfor %}" }, "did you mean Member?"],
    [{ template: "{{ nothing_here.x }}" }, "the template: "],
    [{ template: "{{ st2kv.system.secret }}" }, "reads no datastore keys"],
    [{ template: "x", queries: { entry: { type: "Device" } } }, "the name is taken"],
    [{ template: "x", queries: { a: { type: "Devise" } } }, "did you mean Device?"],
  ])("%j says what is wrong", async (body, message) => {
    expect((await refusal(rendered({ id: ids.get("Pool"), ...body }))).message).toContain(message);
  });
});

describe("a rack", () => {
  test("is drawn with what stands in it, readable without colours and by screen readers", async () => {
    const rack = await rackPicture(world.inventory, ids.get("Rack") ?? "", "/entries/");
    expect(
      rack.devices.map(({ name, position, height, face }) => [name, position, height, face]),
    ).toEqual(
      expect.arrayContaining([
        ["db1", 1, 2, "front"],
        ["sw1", 42, 1, "front"],
        ["panel1", 40, 1, "rear"],
      ]),
    );
    expect(rack.unplaced).toContain("web012");
    const svg = rackSvg({ ...rack, name: "A<7>" }, ["front", "rear"]);
    expect(svg).toContain('<title id="title">Rack A&lt;7&gt;</title>');
    expect(svg).toContain("sw1: unit 42, front, failed");
    expect(svg).toContain("db1: units 1 to 2, front, active");
    expect(svg).toContain(`href="/entries/${ids.get("Device")}"`);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toMatch(/<script|on\w+=/);
    expect(
      (await refusal(rackPicture(world.inventory, ids.get("Pool") ?? "", ""))).message,
    ).toContain("expected a Rack");
  });
});

describe("a cable", () => {
  test("is followed over patch panels to the far end, from both ends", async () => {
    const found = await trace(world.inventory, ids.get("Interface") ?? "");
    expect(found.loop).toBe(false);
    expect(
      found.hops.map(({ kind, cable, to }) => [kind, cable?.label, to.device, to.name]),
    ).toEqual([
      ["cable", "C-001", "panel1", "1"],
      ["panel", undefined, "panel2", "1"],
      ["cable", "C-002", "sw1", "ge-0/0/1"],
    ]);
    const far = await trace(world.inventory, found.hops.at(-1)?.to.id ?? "");
    expect(far.hops.at(-1)?.to).toEqual(found.start);
    const svg = traceSvg(found.start, found.hops);
    expect(svg).toContain("db1 eth0 is joined by cable C-001 (connected) to panel1 1.");
    expect(svg).toContain("C-001 cat6a 2.5 m connected");
    expect(traceSvg(found.start, [])).toContain("db1 eth0 has no cable.");
  });
});
