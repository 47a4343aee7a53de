/**
 * NetBox' tables as entries of the types of inventory_core. Facts about its models: the documentation of NetBox 2.11 to 4.2, and its demo data.
 * Things are called by their names, since those are in every form in which NetBox gives them out.
 */
import type { Grid } from "../../model/grid.ts";
import { Gathering } from "./gathering.ts";
import { uniqueHosts } from "./names.ts";
import { takeAddresses } from "./netbox-addresses.ts";
import { takeMachines } from "./netbox-machines.ts";
import { takePlaces } from "./netbox-places.ts";
import { takePorts } from "./netbox-ports.ts";
import { NetBox } from "./netbox-world.ts";
import { Dump, type Tables } from "./tables.ts";

/** Tables about NetBox itself, about its users, and templates from which it makes parts. */
const hidden =
  /^(account|admin|auth|core|django|extras|sessions|social|taggit|thumbnail|users|contenttypes|authtoken)_|template$|_cablepath$|_cabletermination$/;

export function netboxSheets(tables: Tables): readonly Grid[] {
  const dump = new Dump(tables);
  const out = new Gathering();
  const machines = (table: string) =>
    dump.all(table).map((one) => ({ id: one.id, name: one.text("name") }));
  const taken = new Set<string>();
  const hosts = new Map([
    [
      "dcim_device",
      uniqueHosts(
        machines("dcim_device"),
        { stem: "device", what: "dcim_device", gathering: out },
        taken,
      ),
    ],
    [
      "virtualization_virtualmachine",
      uniqueHosts(
        machines("virtualization_virtualmachine"),
        { stem: "vm", what: "virtualization_virtualmachine", gathering: out },
        taken,
      ),
    ],
  ]);
  const world = new NetBox(dump, out, hosts);
  takePlaces(world);
  takeMachines(world);
  takePorts(world);
  takeAddresses(world);
  return out.sheets(dump.unread(hidden));
}
