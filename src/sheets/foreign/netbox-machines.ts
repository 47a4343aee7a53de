/** Devices and virtual machines. */
import type { JsonObject } from "../../model/json.ts";
import { vrfName } from "./netbox-keys.ts";
import type { NetBox } from "./netbox-world.ts";
import type { Entity } from "./tables.ts";

const statuses: Readonly<Record<string, string>> = {
  active: "active",
  planned: "planned",
  staged: "staged",
  inventory: "staged",
  failed: "failed",
  offline: "in_maintenance",
  paused: "in_maintenance",
  decommissioning: "retired",
};

/** Words of a role, and what kind of device has them. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/firewall|\bfw\b|security/i, "fw"],
  [/load.?balanc|\blb\b|\badc\b/i, "lb"],
  [/switch|\btor\b|leaf|spine/i, "switch"],
  [/router|gateway/i, "router"],
  [/\bpdu\b|power/i, "pdu"],
  [/patch|panel/i, "patch"],
  [/storage|\bnas\b|\bsan\b|filer/i, "storage"],
  [/server|hypervisor|compute|database|\bhost\b|\bnode\b/i, "server"],
];

export function takeMachines(world: NetBox): void {
  const addresses = addressesOf(world);
  for (const device of world.dump.all("dcim_device"))
    world.out.add("Device", device, {
      hostname: world.host(device),
      ...standing(world, device),
      ...asset(world, device),
      ...using(world, device, addresses),
      model: model(world, device),
      kind: kindOf(device),
      parent: parentOf(world, device),
      mgmt_ip: addresses(device, "oob_ip"),
    });
  for (const machine of world.dump.all("virtualization_virtualmachine"))
    world.out.add("VirtualMachine", machine, {
      hostname: world.host(machine),
      ...using(world, machine, addresses),
      host: hostOf(world, machine),
      vcpu: upwards(machine.number("vcpus")),
      mem_mb: upwards(machine.number("memory")),
      disk_gb: machine.number("disk"),
    });
}

function upwards(number: number | undefined): number | undefined {
  return number === undefined ? undefined : Math.ceil(number);
}

type Addresses = (
  machine: Entity,
  ...columns: readonly string[]
) => JsonObject | string | undefined;

/** By its VRF too, where the dump holds the address; else by itself. */
function addressesOf(world: NetBox): Addresses {
  return (machine, ...columns) => {
    const one = machine.to("ipam_ipaddress", ...columns);
    const address = one?.text("address", "display").replace(/\/\d+$/, "") ?? "";
    if (one === undefined || address === "") return undefined;
    return one.brief ? address : { vrf: vrfName(world, one) ?? "", address };
  };
}

function standing(world: NetBox, device: Entity): JsonObject {
  const rack = device.to("dcim_rack", "rack");
  if (rack === undefined) {
    if (device.value("site", "site_id") !== undefined)
      world.out.leave("dcim_device.site", "of devices without a rack only the rack is kept");
    return {};
  }
  const position = device.number("position");
  const face = device.text("face").toLowerCase();
  return {
    rack: world.rack(rack, device),
    position: position === undefined ? undefined : Math.floor(position),
    face: face === "front" || face === "rear" ? face : undefined,
  };
}

function asset(world: NetBox, device: Entity): JsonObject {
  return {
    serial: world.out.unique("Device.serial", device.text("serial"), "dcim_device.serial"),
    asset_no: world.out.unique(
      "Device.asset_no",
      device.text("asset_tag"),
      "dcim_device.asset_tag",
    ),
  };
}

function using(world: NetBox, machine: Entity, addresses: Addresses): JsonObject {
  const role = machine.to("dcim_devicerole", "role", "device_role");
  const code = role?.text("name", "display") ?? "";
  if (role !== undefined) world.mention("Role", role, { code });
  const fqdn = machine.text("name").toLowerCase();
  return {
    role: code,
    status: statuses[machine.text("status").toLowerCase()],
    owner: world.owner(machine),
    primary_ip:
      addresses(machine, "primary_ip4") ??
      addresses(machine, "primary_ip6") ??
      addresses(machine, "primary_ip"),
    fqdn: /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(fqdn) ? fqdn : undefined,
    ...world.common(machine),
  };
}

function model(world: NetBox, device: Entity): JsonObject | undefined {
  const type = device.to("dcim_devicetype", "device_type");
  const name = type?.text("model", "display") ?? "";
  if (type === undefined || name === "") return undefined;
  const key = { vendor: world.vendor(type) ?? world.vendor(device) ?? "", model: name };
  world.mention("DeviceModel", type, key);
  return key;
}

function kindOf(device: Entity): string {
  const role = device.to("dcim_devicerole", "role", "device_role")?.text("name", "display") ?? "";
  return kinds.find(([words]) => words.test(role))?.[1] ?? "other";
}

function hostOf(world: NetBox, machine: Entity): string | undefined {
  const device = machine.to("dcim_device", "device");
  return device === undefined ? undefined : world.host(device);
}

/** Devices stand in bays of others; NetBox keeps that at the bay, and its API at the device. */
function parentOf(world: NetBox, device: Entity): string | undefined {
  const own = device.to("dcim_device", "parent_device");
  const bay = world.dump
    .all("dcim_devicebay")
    .find((one) => device.id !== "" && one.to("dcim_device", "installed_device")?.id === device.id);
  const parent = own ?? bay?.to("dcim_device", "device");
  return parent === undefined ? undefined : world.host(parent);
}
