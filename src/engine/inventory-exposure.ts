/** What leads traffic to a machine: its places in load-balancer pools and its DNS records. */
import { AppError } from "../model/errors.ts";
import { isObject } from "../model/json.ts";
import type { Inventory } from "./inventory.ts";
import type { EntryView } from "./inventory-view.ts";

export interface Exposure {
  /** Pool members: backend and server as the load balancer calls them. */
  readonly members: readonly {
    readonly id: string;
    readonly backend: string;
    readonly server: string;
    readonly state: unknown;
  }[];
  /** Records of living zones: complete name, type, value, seconds. */
  readonly records: readonly {
    readonly id: string;
    readonly zone: string;
    readonly name: string;
    readonly type: string;
    readonly data: string;
    readonly ttl: unknown;
    readonly status: unknown;
  }[];
}

function referred(entry: EntryView, attribute: string): string | undefined {
  const reference = entry.references[attribute];
  return isObject(reference) && typeof reference["id"] === "string" ? reference["id"] : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The entry; undefined when it is gone, or not to be seen. */
export async function livingEntry(
  inventory: Pick<Inventory, "get">,
  id: string,
): Promise<EntryView | undefined> {
  try {
    const entry = await inventory.get(id);
    return entry.deleted_at === null ? entry : undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === "INVENTORY_ENTRY_UNKNOWN") return undefined;
    throw error;
  }
}

/** `id` is a Device or VirtualMachine. */
export async function exposureOf(inventory: Inventory, id: string): Promise<Exposure> {
  const found = async (type: string): Promise<readonly EntryView[]> => {
    if (inventory.known.byName.get(type)?.attributes.has("target") !== true) return [];
    return (await inventory.search({ type, where: { target: id }, limit: 1_000 })).entries;
  };
  const pools = new Map<string, EntryView>();
  const zones = new Map<string, EntryView>();
  const load = async (
    known: Map<string, EntryView>,
    wanted: string | undefined,
  ): Promise<EntryView | undefined> => {
    if (wanted === undefined) return undefined;
    const entry = known.get(wanted) ?? (await livingEntry(inventory, wanted));
    if (entry !== undefined) known.set(wanted, entry);
    return entry;
  };
  const members = [];
  for (const member of await found("Member")) {
    const pool = await load(pools, referred(member, "pool"));
    members.push({
      id: member.id,
      backend: text(pool?.attributes["backend"]),
      server: text(member.attributes["server"]),
      state: member.attributes["state"] ?? null,
    });
  }
  const records = [];
  for (const record of await found("DnsRecord")) {
    const zone = text((await load(zones, referred(record, "zone")))?.attributes["fqdn"]);
    const { host, rtype, value, ttl = null, status = null } = record.attributes;
    const name = text(host) === "@" ? zone : `${text(host)}.${zone}`;
    records.push({ id: record.id, zone, name, type: text(rtype), data: text(value), ttl, status });
  }
  return { members, records };
}
