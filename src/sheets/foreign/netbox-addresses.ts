/** VRFs, VLANs, prefixes and addresses. */
import { groupKey, port, siteOf, vlanKey, vrfName } from "./netbox-keys.ts";
import type { NetBox } from "./netbox-world.ts";
import type { Entity } from "./tables.ts";

export function takeAddresses(world: NetBox): void {
  for (const vrf of world.dump.all("ipam_vrf")) {
    const name = world.out.unique("VRF", vrf.text("name"), "ipam_vrf.name");
    if (name === undefined) continue;
    world.out.add("VRF", vrf, {
      name,
      rd: vrf.text("rd"),
      unique_addresses: vrf.flag("enforce_unique"),
      owner: world.owner(vrf),
      ...world.common(vrf),
    });
  }
  takeVlans(world);
  takePrefixes(world);
  takeIps(world);
}

function takeVlans(world: NetBox): void {
  for (const group of world.dump.all("ipam_vlangroup")) {
    const [, low, high] = /\[(\d+),(\d+)\)/.exec(group.text("vid_ranges")) ?? [];
    world.out.add("VlanGroup", group, {
      ...groupKey(world, group),
      min: group.number("min_vid") ?? (low === undefined ? undefined : Number(low)),
      max: group.number("max_vid") ?? (high === undefined ? undefined : Number(high) - 1),
      ...world.common(group),
    });
  }
  for (const vlan of world.dump.all("ipam_vlan"))
    world.out.add("VLAN", vlan, {
      ...vlanKey(world, vlan),
      name: vlan.text("name"),
      purpose: vlan.to("ipam_role", "role")?.text("name", "display"),
      owner: world.owner(vlan),
      status: world.status(vlan),
      ...world.common(vlan),
    });
}

function takePrefixes(world: NetBox): void {
  for (const prefix of world.dump.all("ipam_prefix")) {
    const vrf = vrfName(world, prefix);
    const cidr = world.out.unique(
      `Prefix ${vrf ?? ""}`,
      prefix.text("prefix"),
      "ipam_prefix.prefix",
    );
    if (cidr === undefined) continue;
    const vlan = prefix.to("ipam_vlan", "vlan");
    const container = prefix.text("status").toLowerCase() === "container";
    world.out.add("Prefix", prefix, {
      cidr,
      vrf,
      site: siteOf(world, prefix),
      vlan: vlan && vlanKey(world, vlan),
      role: container ? "container" : prefix.flag("is_pool") ? "pool" : "network",
      owner: world.owner(prefix),
      status: world.status(prefix),
      ...world.common(prefix),
    });
  }
}

const shared = new Set(["vip", "vrrp", "hsrp", "glbp", "carp", "anycast", "secondary vip"]);

function takeIps(world: NetBox): void {
  for (const one of world.dump.all("ipam_ipaddress")) {
    const vrf = vrfName(world, one);
    const text = one.text("address").replace(/\/\d+$/, "");
    const address = world.out.unique(`IPAddress ${vrf ?? ""}`, text, "ipam_ipaddress.address");
    if (address === undefined) continue;
    const at = interfaceOf(world, one);
    world.out.add("IPAddress", one, {
      address,
      vrf,
      interface: at && port(world, at),
      vip: shared.has(one.text("role").toLowerCase()) ? true : undefined,
      owner: world.owner(one),
      status: world.status(one),
      ...world.common(one),
    });
  }
}

function interfaceOf(world: NetBox, one: Entity): Entity | undefined {
  const kind = world.kindOf(one, "assigned_object_type");
  if (kind !== "dcim_interface" && kind !== "virtualization_vminterface") return undefined;
  return world.dump.byId(kind, one.text("assigned_object_id")) ?? one.to(kind, "assigned_object");
}
