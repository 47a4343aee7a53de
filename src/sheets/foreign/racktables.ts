/**
 * RackTables' database as entries of the types of inventory_core. Facts about its tables: its installer of versions 0.20 to 0.22 and its sample data.
 * Racks, rows and locations are objects too; what an object is, its dictionary says.
 */
import type { Grid } from "../../model/grid.ts";
import { Gathering } from "./gathering.ts";
import { RackTables } from "./racktables-world.ts";
import { takeNetworks } from "./racktables-networks.ts";
import { takeObjects } from "./racktables-objects.ts";
import { takeFittings } from "./racktables-ports.ts";
import { Dump, type Tables } from "./tables.ts";

/** Tables about RackTables itself, what it keeps twice, and what was in the past. */
const hidden =
  /^(Atom|AttributeMap|Cached.*|Chapter|Config|Dictionary|Attribute|LDAPCache|Molecule|MountOperation|ObjectHistory|ObjectLog|ObjectParentCompat|PatchCable.*Compat|PatchCableConnector|PatchCableHeapLog|PatchCableType|Plugin|PortCompat|PortInterfaceCompat|PortLog|PortInnerInterface|RackThumbnail|Script|TagTree|TagStorage|User.*|VLANSTRule|VLANSwitchTemplate|VLANValidID|IPv[46]Log|VLANSwitch|PortVLANMode|RackSpace\.state|Port\.iif_id|IPv6Network\.last_ip|VLANDescription\.vlan_type|VLANDomain\.group_id)$/;

export function rackTablesSheets(tables: Tables): readonly Grid[] {
  const dump = new Dump(tables);
  const out = new Gathering();
  const world = new RackTables(dump, out);
  takeObjects(world);
  takeFittings(world);
  takeNetworks(world);
  return out.sheets(dump.unread(hidden));
}
