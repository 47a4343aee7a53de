/** Interfaces, ports of patch panels, power, and the cables between them. */
import type { JsonObject } from "../../model/json.ts";
import { isObject } from "../../model/json.ts";
import { port, portTables, vlanKey } from "./netbox-keys.ts";
import type { NetBox } from "./netbox-world.ts";
import type { Entity } from "./tables.ts";

const interfaces = ["dcim_interface", "virtualization_vminterface"];
export function takePorts(world: NetBox): void {
  takeInterfaces(world);
  for (const front of world.dump.all("dcim_frontport")) {
    const rear = front.to("dcim_rearport", "rear_port");
    const position = front.number("rear_port_position");
    world.out.add("PassPort", front, {
      ...port(world, front),
      position,
      rear: rear && port(world, rear),
      ...world.common(front),
    });
  }
  for (const rear of world.dump.all("dcim_rearport"))
    world.out.add("PassPort", rear, { ...port(world, rear), ...world.common(rear) });
  takePower(world);
  for (const cable of world.dump.all("dcim_cable")) takeCable(world, cable);
}

function takeInterfaces(world: NetBox): void {
  for (const one of interfaces.flatMap((table) => world.dump.all(table))) {
    const mac = macOf(world, one);
    const lag = one.to(one.table, "lag");
    const vlan = one.to("ipam_vlan", "untagged_vlan");
    const speed = one.number("speed");
    world.out.add("Interface", one, {
      ...port(world, one),
      kind: one.text("type"),
      mac: world.out.unique("Interface.mac", mac, `${one.table}.mac_address`),
      // NetBox counts in kbit/s.
      speed: speed === undefined ? undefined : Math.floor(speed / 1000),
      mtu: one.number("mtu"),
      enabled: one.value("enabled") === undefined ? undefined : one.flag("enabled"),
      lag: lag && port(world, lag),
      untagged_vlan: vlan && vlanKey(world, vlan),
      tagged_vlans: taggedOf(world, one),
      ...world.common(one),
    });
  }
}

function macOf(world: NetBox, one: Entity): string {
  const own = one.text("mac_address");
  const primary = one.to("dcim_macaddress", "primary_mac_address");
  return own === "" ? (primary?.text("mac_address", "display") ?? "") : own;
}

function taggedOf(world: NetBox, one: Entity): readonly JsonObject[] | undefined {
  const given = one.value("tagged_vlans");
  const column = one.table.replace(/^.*_/, "");
  const own: readonly unknown[] = Array.isArray(given)
    ? given
    : world.dump
        .all(`${one.table}_tagged_vlans`)
        .filter((pair) => pair.text(column, `${column}_id`) === one.id)
        .map((pair) => pair.value("vlan", "vlan_id"));
  const vlans = own.flatMap((value) => world.dump.meant("ipam_vlan", value) ?? []);
  return vlans.length === 0 ? undefined : vlans.map((vlan) => vlanKey(world, vlan));
}

function takePower(world: NetBox): void {
  for (const feed of world.dump.all("dcim_powerfeed")) {
    const rack = feed.to("dcim_rack", "rack");
    const panel = feed.to("dcim_powerpanel", "power_panel");
    world.out.add("PowerFeed", feed, {
      name: feed.text("name"),
      room: panel && world.room(panel, rack),
      rack: rack && world.rack(rack, panel),
      voltage: feed.number("voltage"),
      amps: feed.number("amperage"),
      phase: feed.text("phase").startsWith("three") ? "three" : "single",
      supply: feed.text("supply").toLowerCase(),
      redundancy: feed.text("type").toLowerCase() === "redundant" ? "b" : "a",
      status: world.status(feed),
      ...world.common(feed),
    });
  }
  for (const one of world.dump.all("dcim_powerport"))
    world.out.add("PowerPort", one, {
      ...port(world, one),
      max_w: one.number("maximum_draw"),
      alloc_w: one.number("allocated_draw"),
      ...world.common(one),
    });
  for (const one of world.dump.all("dcim_poweroutlet")) {
    const from = one.to("dcim_powerport", "power_port");
    world.out.add("PowerPort", one, {
      ...port(world, one),
      outlet_of: from && port(world, from),
      ...world.common(one),
    });
  }
}

/** Both ends: in tables of their own since 3.3, in the cable's row before, in lists of the API. */
function endOf(world: NetBox, cable: Entity, side: "a" | "b"): readonly Entity[] {
  const listed = cable.value(`${side}_terminations`);
  if (Array.isArray(listed))
    return listed.filter(isObject).flatMap(({ object_type, object, object_id }) => {
      const table = String(object_type).replace(".", "_");
      const found = world.dump.byId(table, String(object_id)) ?? world.dump.meant(table, object);
      return found ?? [];
    });
  const kind = world.kindOf(cable, `termination_${side}_type`);
  const own = kind === "" ? undefined : world.dump.byId(kind, cable.text(`termination_${side}_id`));
  if (own !== undefined) return [own];
  return world.terminations(cable.id, side.toUpperCase());
}

function takeCable(world: NetBox, cable: Entity): void {
  const [a, b] = (["a", "b"] as const).map((side) => {
    const ends = endOf(world, cable, side);
    if (ends.length > 1)
      world.out.leave("dcim_cable", "a cable with several ends on a side: the first is taken");
    return ends.find(({ table }) => portTables.some(([known]) => known === table));
  });
  if (a === undefined || b === undefined) {
    world.out.leave("dcim_cable", "an end of it is no interface, patch port or power port");
    return;
  }
  const given = cable.text("label");
  const label =
    given === ""
      ? `cable-${cable.id}`
      : (world.out.unique("Cable", given, "dcim_cable.label") ?? `${given}-${cable.id}`);
  const length = cable.number("length");
  const metres: Readonly<Record<string, number>> = {
    m: 1,
    cm: 0.01,
    km: 1000,
    ft: 0.3048,
    in: 0.0254,
    mi: 1609.344,
  };
  const factor = metres[cable.text("length_unit").toLowerCase()];
  world.out.add("Cable", cable, {
    label,
    a: port(world, a),
    b: port(world, b),
    kind: cable.text("type"),
    colour: cable.text("color"),
    length_m:
      length === undefined || factor === undefined
        ? undefined
        : Number((length * factor).toFixed(3)),
    status: cable.text("status").toLowerCase() === "connected" ? "connected" : "planned",
    ...world.common(cable),
  });
}
