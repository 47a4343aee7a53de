/** Ports and the links between them. */
import type { JsonObject } from "../../model/json.ts";
import { objectTypes, type RackTables } from "./racktables-world.ts";
import type { Entity } from "./tables.ts";

const power = /^(AC|DC)-|^Schuko|^IEC|^NEMA/i;

export interface PortKey {
  readonly type: "Interface" | "PassPort" | "PowerPort";
  readonly key: { readonly device: string; readonly name: string };
}

/** What each port is called here, by its number. */
export function portKeys(world: RackTables): ReadonlyMap<string, PortKey> {
  const keys = new Map<string, PortKey>();
  const taken = new Set<string>();
  for (const port of world.dump.all("Port")) {
    const object = world.dump.byId("Object", port.text("object_id"));
    const device = object === undefined ? undefined : world.host(object.id);
    const name = port.text("name");
    if (object === undefined || device === undefined || name === "") {
      world.out.leave("Port", name === "" ? "it has no name" : "it is at no machine");
      continue;
    }
    const kind = kindOf(world, port);
    const type =
      object.text("objtype_id") === objectTypes.patchPanel
        ? "PassPort"
        : power.test(kind)
          ? "PowerPort"
          : "Interface";
    const own = taken.has(`${type} ${device} ${name}`) ? `${name} (${kind})` : name;
    taken.add(`${type} ${device} ${own}`);
    keys.set(port.id, { type, key: { device, name: own } });
  }
  return keys;
}

function kindOf(world: RackTables, port: Entity): string {
  return world.dump.byId("PortOuterInterface", port.text("type"))?.text("oif_name") ?? "";
}

export function takeFittings(world: RackTables): void {
  const keys = portKeys(world);
  const vlans = vlansOf(world);
  for (const port of world.dump.all("Port")) {
    const known = keys.get(port.id);
    if (known === undefined) continue;
    const note = [port.text("label"), port.text("reservation_comment")]
      .filter((text) => text !== "")
      .join("\n");
    world.out.add(known.type, port, {
      ...known.key,
      ...(known.type === "Interface"
        ? {
            kind: kindOf(world, port),
            mac: macOf(world, port),
            ...vlans(port.text("object_id"), port.text("name")),
          }
        : {}),
      note,
    });
  }
  takeLinks(world, keys);
}

/** Twelve hexadecimal digits; longer ones are addresses of other networks. */
function macOf(world: RackTables, port: Entity): string | undefined {
  const text = port
    .text("l2address")
    .replaceAll(/[^0-9a-f]/gi, "")
    .toLowerCase();
  if (text.length !== 12) {
    if (text !== "") world.out.leave("Port.l2address", "it is no MAC address");
    return undefined;
  }
  const mac = text.match(/../g)?.join(":") ?? "";
  return world.out.unique("mac", mac, "Port.l2address");
}

function takeLinks(world: RackTables, keys: ReadonlyMap<string, PortKey>): void {
  for (const link of world.dump.all("Link")) {
    const [a, b] = [link.text("porta"), link.text("portb")];
    const [from, to] = [keys.get(a), keys.get(b)];
    if (from === undefined || to === undefined) {
      world.out.leave("Link", "an end of it is at no machine");
      continue;
    }
    const given = link.text("cable");
    const own = given === "" ? undefined : world.out.unique("cable", given, "Link.cable");
    const label = own ?? `${given === "" ? "link" : given}-${a}-${b}`;
    world.out.add("Cable", link, { label, a: from.key, b: to.key });
  }
}

function portOf(one: Entity): string {
  return `${one.text("object_id")} ${one.text("port_name")}`;
}

/** VLANs of a port: those that are let through, and the one without a tag. */
function vlansOf(world: RackTables): (object: string, port: string) => JsonObject {
  const domains = new Map(
    world.dump.all("VLANSwitch").map((one) => [one.text("object_id"), one.text("domain_id")]),
  );
  const allowed = Map.groupBy(world.dump.all("PortAllowedVLAN"), portOf);
  const native = new Map(
    world.dump.all("PortNativeVLAN").map((one) => [portOf(one), one.text("vlan_id")]),
  );
  return (object, port) => {
    const domain = domains.get(object);
    if (domain === undefined) return {};
    const key = `${object} ${port}`;
    const own = native.get(key);
    const tagged = (allowed.get(key) ?? [])
      .map((one) => one.text("vlan_id"))
      .filter((vid) => vid !== own);
    const vlan = (vid: string): JsonObject | undefined => world.vlan(domain, vid);
    const list = tagged.flatMap((vid) => vlan(vid) ?? []);
    return {
      untagged_vlan: own === undefined ? undefined : vlan(own),
      tagged_vlans: list.length === 0 ? undefined : list,
    };
  };
}
