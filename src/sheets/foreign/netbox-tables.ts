/** NetBox's own files as tables, called as in its database: `manage.py dumpdata`, pages of its REST API, and its CSV exports. */
import { isObject, type JsonObject } from "../../model/json.ts";
import type { Row, Tables } from "./tables.ts";

/** Where its API and its exports say something else than `<app>_<model>` in the singular. */
const tableOf: Readonly<Record<string, string>> = {
  "dcim/power-ports": "dcim_powerport",
  "dcim/front-ports": "dcim_frontport",
  "dcim/rear-ports": "dcim_rearport",
  "dcim/mac-addresses": "dcim_macaddress",
  "ipam/ip-addresses": "ipam_ipaddress",
  "ipam/prefixes": "ipam_prefix",
  "virtualization/interfaces": "virtualization_vminterface",
};

/** Names of its lists in exported files, as in `netbox_devices.csv`. */
const exported: Readonly<Record<string, string>> = {
  sites: "dcim_site",
  locations: "dcim_location",
  racks: "dcim_rack",
  manufacturers: "dcim_manufacturer",
  device_types: "dcim_devicetype",
  device_roles: "dcim_devicerole",
  devices: "dcim_device",
  interfaces: "dcim_interface",
  front_ports: "dcim_frontport",
  rear_ports: "dcim_rearport",
  power_ports: "dcim_powerport",
  power_outlets: "dcim_poweroutlet",
  power_feeds: "dcim_powerfeed",
  vrfs: "ipam_vrf",
  vlan_groups: "ipam_vlangroup",
  vlans: "ipam_vlan",
  prefixes: "ipam_prefix",
  ip_addresses: "ipam_ipaddress",
  virtual_machines: "virtualization_virtualmachine",
  vm_interfaces: "virtualization_vminterface",
  tenants: "tenancy_tenant",
  contacts: "tenancy_contact",
};

/** The tables of a JSON document; undefined when it is none of NetBox. */
export function netboxJson(document: unknown): Tables | undefined {
  const list: readonly unknown[] = Array.isArray(document) ? document : [document];
  const first = list.find(isObject);
  if (first === undefined) return undefined;
  const tables = new Map<string, Row[]>();
  const put = (table: string, row: Row): void => {
    const rows = tables.get(table) ?? [];
    tables.set(table, rows);
    rows.push(row);
  };
  for (const one of list.filter(isObject)) {
    const { model, pk, fields, results } = one;
    if (typeof model === "string" && isObject(fields))
      put(model.replace(".", "_"), { ...fields, id: pk });
    else if (Array.isArray(results)) results.filter(isObject).forEach((row) => fromApi(row, put));
    else fromApi(one, put);
  }
  return tables.size === 0 ? undefined : tables;
}

function fromApi(row: JsonObject, put: (table: string, row: Row) => void): void {
  const url = typeof row["url"] === "string" ? row["url"] : "";
  const [, app, list] = /\/api\/([a-z]+)\/([a-z-]+)\/\d+\/?$/.exec(url) ?? [];
  if (app === undefined || list === undefined) return;
  const table = tableOf[`${app}/${list}`] ?? `${app}_${list.replace(/s$/, "").replaceAll("-", "")}`;
  put(table, row);
}

/** The table of an exported file, by the name that NetBox gives it; undefined when it is none. */
export function netboxCsvTable(fileName: string): string | undefined {
  const [, list = ""] = /(?:^|[\\/])netbox_([^\\/]+?)(?: ?\(\d+\))?\.csv$/i.exec(fileName) ?? [];
  return exported[list.toLowerCase().replaceAll(/[ -]/g, "_")];
}

/** Headings of its tables that are not the names of its fields. */
const headings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dcim_device: {
    type: "device_type",
    device_role: "role",
    ip_address: "primary_ip4",
    u_position: "position",
  },
  dcim_rack: { height: "u_height", facility: "facility_id" },
  dcim_devicetype: { device_type: "model", height: "u_height" },
  dcim_interface: { interface_type: "type" },
  ipam_ipaddress: {
    ip_address: "address",
    parent: "assigned_parent",
    interface: "assigned_interface",
  },
  ipam_vlan: { vid: "vid", l2vpn: "l2vpn" },
  virtualization_virtualmachine: {
    ip_address: "primary_ip4",
    disk_gb: "disk",
    memory_mb: "memory",
  },
};

/** An exported table: its first row has the headings, as people see them or as its imports call them. */
export function netboxCsv(table: string, rows: readonly (readonly unknown[])[]): Tables {
  const [head = [], ...body] = rows;
  const own = headings[table] ?? {};
  const names = head.map((cell) => {
    const name = String(cell)
      .trim()
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .replace(/_$/, "");
    return own[name] ?? name;
  });
  const filled = body.filter((row) => row.some((cell) => cell !== ""));
  return new Map([
    [
      table,
      filled.map((row, index) => ({
        id: `line ${index + 2}`,
        ...Object.fromEntries(
          names.map((name, column) => [name, row[column] === "—" ? "" : (row[column] ?? "")]),
        ),
      })),
    ],
  ]);
}
