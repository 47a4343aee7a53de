/** VLANs, networks and addresses. */
import type { JsonObject } from "../../model/json.ts";
import { addressOf, type RackTables } from "./racktables-world.ts";
import type { Entity } from "./tables.ts";

export function takeNetworks(world: RackTables): void {
  for (const domain of world.dump.all("VLANDomain")) {
    world.out.add("VlanGroup", domain, { name: world.domainName(domain.id) });
  }
  for (const vlan of world.dump.all("VLANDescription")) {
    const vid = vlan.text("vlan_id");
    const key = world.vlan(vlan.text("domain_id"), vid);
    if (key === undefined) continue;
    const name = vlan.text("vlan_descr");
    world.out.add("VLAN", vlan, { ...key, name: name === "" ? `VLAN ${vid}` : name });
  }
  takePrefixes(world);
  takeAllocations(world);
}

function takePrefixes(world: RackTables): void {
  for (const [table, links, column] of [
    ["IPv4Network", "VLANIPv4", "ipv4net_id"],
    ["IPv6Network", "VLANIPv6", "ipv6net_id"],
  ] as const) {
    const vlans = new Map(world.dump.all(links).map((one) => [one.text(column), one]));
    for (const network of world.dump.all(table)) {
      const address = addressOf(network.value("ip"));
      const link = vlans.get(network.id);
      const common = world.common(network, table === "IPv4Network" ? "ipv4net" : "ipv6net");
      const note = [network.text("name"), common.note].filter((text) => text !== "");
      world.out.add("Prefix", network, {
        cidr: `${address === "" ? "0.0.0.0" : address}/${network.text("mask")}`,
        vlan: link && world.vlan(link.text("domain_id"), link.text("vlan_id")),
        ...common,
        note: note.join("\n"),
      });
    }
  }
}

interface Address {
  readonly from: Entity;
  readonly allocations: Entity[];
  readonly known: Entity | undefined;
}

function takeAllocations(world: RackTables): void {
  const ports = portNames(world);
  for (const version of ["IPv4", "IPv6"]) {
    const addresses = new Map<string, Address>();
    for (const known of world.dump.all(`${version}Address`)) {
      const address = addressOf(known.value("ip"));
      if (
        known.text("name") !== "" ||
        known.text("reserved") === "yes" ||
        known.text("comment") !== ""
      )
        addresses.set(address, { from: known, allocations: [], known });
    }
    for (const allocation of world.dump.all(`${version}Allocation`)) {
      const address = addressOf(allocation.value("ip"));
      const before = addresses.get(address);
      if (before === undefined)
        addresses.set(address, { from: allocation, allocations: [allocation], known: undefined });
      else before.allocations.push(allocation);
    }
    for (const [address, one] of addresses)
      if (address !== "") takeAddress(world, address, one, ports);
  }
}

/** Names of the interfaces that machines have, by machine. */
function portNames(world: RackTables): Set<string> {
  return new Set(
    world.dump
      .all("Port")
      .map((port) => `${world.host(port.text("object_id")) ?? ""} ${port.text("name")}`),
  );
}

function takeAddress(
  world: RackTables,
  address: string,
  { from, allocations, known }: Address,
  ports: Set<string>,
): void {
  const [first, ...others] = allocations;
  const at = first === undefined ? undefined : interfaceOf(world, first, ports);
  if (others.length > 0)
    world.out.leave(
      "IPv4Allocation",
      "an address of several machines is kept at the first of them",
      others.length,
    );
  const shared = allocations.some((one) => ["shared", "sharedrouter"].includes(one.text("type")));
  const note =
    known === undefined
      ? []
      : [known.text("name"), known.text("comment")].filter((text) => text !== "");
  world.out.add("IPAddress", from, {
    address,
    interface: at,
    vip: shared ? true : undefined,
    status: first === undefined && known?.text("reserved") === "yes" ? "planned" : undefined,
    note: note.join("\n"),
  });
}

/** An address is at a machine; ours is at an interface of it, which is made where the machine has no such port. */
function interfaceOf(
  world: RackTables,
  allocation: Entity,
  ports: Set<string>,
): JsonObject | undefined {
  const device = world.host(allocation.text("object_id"));
  if (device === undefined) return undefined;
  const written = allocation.text("name");
  const name = written === "" ? "ip" : written;
  const key = { device, name };
  if (!ports.has(`${device} ${name}`)) {
    ports.add(`${device} ${name}`);
    world.out.add("Interface", allocation, { ...key, kind: "virtual" });
  }
  return key;
}
