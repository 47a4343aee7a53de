/** Racks and cables as pictures: what they show, read through the caller's eyes. */
import { badRequest } from "../inventory/problem.ts";
import type { RackPicture, RackUnit } from "../inventory/rack-picture.ts";
import type { TraceEnd, TraceHop } from "../inventory/trace-picture.ts";
import type { Readers } from "./inventory-deploy.ts";
import { livingEntry } from "./inventory-exposure.ts";
import type { FoundEntry } from "./inventory-search.ts";
import type { EntryView } from "./inventory-view.ts";

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function nameAt(entry: EntryView, attribute: string): string {
  const reference = entry.references[attribute];
  return reference !== undefined && "name" in reference ? reference.name : "";
}

async function entryOf(
  inventory: Readers,
  id: string,
  types: readonly string[],
): Promise<EntryView> {
  const entry = await inventory.get(id);
  if (types.includes(entry.type)) return entry;
  throw badRequest(`${entry.name} is a ${entry.type}; expected a ${types.join(" or ")}`);
}

/** What stands in a rack. Throws INVENTORY_REQUEST when the entry is no Rack. */
export async function rackPicture(
  inventory: Readers,
  id: string,
  link: string,
): Promise<RackPicture> {
  const rack = await entryOf(inventory, id, ["Rack"]);
  const { entries } = await inventory.search({
    type: "Device",
    where: { rack: rack.id },
    select: ["model.units", "model.full_depth"],
    limit: 1000,
  });
  const units = whole(rack.attributes["units"]) ?? 42;
  const placed = entries.map((entry) => unitOf(entry, units));
  return {
    name: rack.name,
    place: nameAt(rack, "room"),
    units,
    devices: placed.filter((one) => typeof one !== "string"),
    unplaced: placed.filter((one) => typeof one === "string"),
    link,
  };
}

/** Its place, or its name where it has none inside the rack. */
function unitOf(
  { id, name, attributes, values = {} }: FoundEntry,
  units: number,
): RackUnit | string {
  const position = whole(attributes["position"]);
  const height = Math.max(1, whole(values["model.units"]) ?? 1);
  if (position === undefined || position < 1 || position + height - 1 > units) return name;
  return {
    id,
    name,
    position,
    height,
    face: attributes["face"] === "rear" ? "rear" : "front",
    deep: values["model.full_depth"] === true,
    status: text(attributes["status"]),
    kind: text(attributes["kind"]),
  };
}

export interface Trace {
  readonly start: TraceEnd;
  readonly hops: readonly TraceHop[];
  /** True: the way comes back to where it was. */
  readonly loop: boolean;
}

const ports = ["Interface", "PassPort", "PowerPort"];
/** Ports on one way; more is a fault in the data. */
const longestWay = 64;

/** The way from a port over cables and through panels to the far end. Throws INVENTORY_REQUEST when the entry is no port. */
export async function trace(inventory: Readers, id: string): Promise<Trace> {
  let port = await entryOf(inventory, id, ports);
  const start = endOf(port);
  const hops: TraceHop[] = [];
  const seen = new Set([port.id]);
  let inside = false;
  while (hops.length < longestWay) {
    const hop = inside
      ? await throughPanel(inventory, port)
      : await overCable(inventory, port, hops);
    if (hop === undefined) return { start, hops, loop: false };
    hops.push(hop);
    if (seen.has(hop.to.id)) return { start, hops, loop: true };
    seen.add(hop.to.id);
    port = await inventory.get(hop.to.id);
    inside = !inside && port.type === "PassPort";
  }
  return { start, hops, loop: true };
}

function endOf(port: EntryView): TraceEnd {
  return { id: port.id, type: port.type, name: port.name, device: nameAt(port, "device") };
}

/** The cable at a port that was not yet gone. */
async function overCable(
  inventory: Readers,
  port: EntryView,
  gone: readonly TraceHop[],
): Promise<TraceHop | undefined> {
  const { entries } = await inventory.search({
    type: "Cable",
    where: { or: [{ a: port.id }, { b: port.id }] },
    limit: 2,
  });
  const taken = new Set(gone.map(({ cable }) => cable?.id));
  const cable = entries.find((one) => !taken.has(one.id));
  if (cable === undefined) return undefined;
  const { label, status, kind, length_m: length, a, b } = cable.attributes;
  const target = text(a) === port.id ? text(b) : text(a);
  const far = target === "" ? undefined : await livingEntry(inventory, target);
  // The way goes on where the caller may not look, or nowhere yet.
  if (far === undefined) return undefined;
  return {
    kind: "cable",
    cable: {
      id: cable.id,
      label: text(label),
      status: text(status),
      kind: typeof kind === "string" ? kind : null,
      length_m: typeof length === "number" ? length : null,
    },
    from: endOf(port),
    to: endOf(far),
  };
}

/** The other side of a patch panel's port, whichever of the two names the other. */
async function throughPanel(inventory: Readers, port: EntryView): Promise<TraceHop | undefined> {
  const rear = port.attributes["rear"];
  const { entries } =
    typeof rear === "string"
      ? { entries: [] }
      : await inventory.search({ type: "PassPort", where: { rear: port.id }, limit: 1 });
  const other = typeof rear === "string" ? rear : entries[0]?.id;
  const far = other === undefined ? undefined : await livingEntry(inventory, other);
  return far === undefined ? undefined : { kind: "panel", from: endOf(port), to: endOf(far) };
}
