/** What parts and networks of NetBox are called here. */
import type { JsonObject } from "../../model/json.ts";
import type { NetBox } from "./netbox-world.ts";
import type { Entity } from "./tables.ts";

/** Tables whose ports become entries of one type, in the order in which a name that both have is given. */
export const portTables: readonly (readonly [string, string, string])[] = [
  ["dcim_interface", "Interface", ""],
  ["virtualization_vminterface", "Interface", ""],
  ["dcim_frontport", "PassPort", ""],
  ["dcim_rearport", "PassPort", " (rear)"],
  ["dcim_powerport", "PowerPort", ""],
  ["dcim_poweroutlet", "PowerPort", " (outlet)"],
];

function machineOf(one: Entity): Entity | undefined {
  return (
    one.to("dcim_device", "device") ?? one.to("virtualization_virtualmachine", "virtual_machine")
  );
}

/** The key of a port: its machine and its name. Rear ports and outlets are marked: a machine may have both kinds under one name. */
export function port(world: NetBox, one: Entity): JsonObject {
  const machine = machineOf(one);
  const name = one.text("name", "display");
  const mark = portTables.find(([table]) => table === one.table)?.[2] ?? "";
  const device = machine === undefined ? "" : world.host(machine);
  const key = { device, name: mark === "" || name.endsWith(mark) ? name : `${name}${mark}` };
  const type = portTables.find(([table]) => table === one.table)?.[1] ?? "Interface";
  if (device !== "" && name !== "") world.mention(type, one, key);
  return key;
}

export function vrfName(world: NetBox, one: Entity): string | undefined {
  const vrf = one.to("ipam_vrf", "vrf");
  const name = vrf?.text("name", "display") ?? "";
  if (vrf === undefined || name === "" || name === "Global") return undefined;
  world.mention("VRF", vrf, { name });
  return name;
}

/** The site that something is for: its own, or its scope. */
export function siteOf(world: NetBox, one: Entity): string | undefined {
  const own =
    world.site(one) ??
    (one.value("_site", "_site_id") === undefined ? undefined : cached(world, one));
  if (own !== undefined || world.kindOf(one, "scope_type") !== "dcim_site") return own;
  const scope = world.dump.byId("dcim_site", one.text("scope_id")) ?? one.to("dcim_site", "scope");
  return scope === undefined ? undefined : world.siteName(scope);
}

function cached(world: NetBox, one: Entity): string | undefined {
  const site = one.to("dcim_site", "_site");
  return site === undefined ? undefined : world.siteName(site);
}

export function groupKey(world: NetBox, group: Entity): JsonObject {
  const key = { site: siteOf(world, group) ?? "", name: group.text("name", "display") };
  world.mention("VlanGroup", group, key);
  return key;
}

export function vlanKey(world: NetBox, vlan: Entity): JsonObject {
  const group = vlan.to("ipam_vlangroup", "group");
  const vid = vlan.number("vid") ?? Number(/\d+/.exec(vlan.text("display", "name"))?.[0]);
  const key = {
    group: group === undefined ? "" : groupKey(world, group),
    site: siteOf(world, vlan) ?? "",
    vid,
  };
  if (vlan.brief) world.mention("VLAN", vlan, { ...key, name: vlan.text("name") || `VLAN ${vid}` });
  return key;
}
