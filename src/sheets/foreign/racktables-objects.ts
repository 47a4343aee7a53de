/** Locations, rows, racks and machines. */
import type { JsonObject } from "../../model/json.ts";
import { makerAndModel, objectTypes, type RackTables } from "./racktables-world.ts";
import { isHostName } from "./names.ts";
import type { Entity } from "./tables.ts";

/** Of its dictionary, by words. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^server( chassis)?$/i, "server"],
  [/switch/i, "switch"],
  [/router/i, "router"],
  [/network security/i, "fw"],
  [/array|library|storage/i, "storage"],
  [/pdu|ups|power/i, "pdu"],
  [/patchpanel/i, "patch"],
];

const attributes = {
  serial: 1,
  model: 2,
  fqdn: 3,
  contact: 14,
  support: 21,
  hardware: 22,
  software: 24,
  height: 27,
} as const;
const read = new Set(Object.values(attributes).map(String));

export function takeObjects(world: RackTables): void {
  const objects = Map.groupBy(world.dump.all("Object"), (one) => one.text("objtype_id"));
  takePlaces(world, objects);
  const machines = world.dump.all("Object").filter((one) => world.isMachine(one));
  takeModels(world, machines);
  for (const machine of machines) {
    const virtual = machine.text("objtype_id") === objectTypes.virtualMachine;
    if (virtual) takeVirtual(world, machine);
    else takeDevice(world, machine);
    takeContracts(world, machine);
    for (const name of world.others(machine.id, read))
      world.out.leave(`attribute ${name}`, "there is no attribute for it");
  }
  for (const one of world.dump.all("Object"))
    if (!world.isMachine(one) && !places.has(one.text("objtype_id")))
      world.out.leave(`Object (${world.word(one.text("objtype_id"))})`, "there is no type for it");
}

const places: ReadonlySet<string> = new Set([
  objectTypes.rack,
  objectTypes.row,
  objectTypes.location,
]);

/** The outermost location is the site; those within it, and the row, are the room. */
function roomOf(world: RackTables, row: string): JsonObject {
  const path: string[] = [];
  let at = world.parent("row", row, "location");
  for (let depth = 0; at !== undefined && depth < 20; depth += 1) {
    path.unshift(world.dump.byId("Object", at)?.text("name") ?? at);
    at = world.parent("location", at, "location");
  }
  const [site = "no location", ...inner] = path;
  const name = world.dump.byId("Object", row)?.text("name") ?? row;
  return { site, name: [...inner, name].join(" / ") };
}

function takePlaces(world: RackTables, objects: ReadonlyMap<string, readonly Entity[]>): void {
  for (const location of objects.get(objectTypes.location) ?? [])
    if (world.parent("location", location.id, "location") === undefined)
      world.out.add("Site", location, {
        code: location.text("name"),
        ...world.common(location, "location"),
      });
  for (const row of objects.get(objectTypes.row) ?? []) {
    const room = roomOf(world, row.id);
    if (
      room["site"] === "no location" &&
      world.out.unique("site", "no location", "Row") !== undefined
    )
      world.out.add("Site", row, { code: "no location" });
    world.out.add("Room", row, { ...room, note: row.text("comment") });
  }
  for (const rack of objects.get(objectTypes.rack) ?? []) takeRack(world, rack);
}

function takeRack(world: RackTables, rack: Entity): void {
  const room = roomOfRack(world, rack.id);
  if (room === undefined) {
    world.out.leave("Object (Rack)", "it stands in no row");
    return;
  }
  world.out.add("Rack", rack, {
    name: rack.text("name"),
    room,
    units: Number(world.attribute(rack.id, attributes.height, "number")) || undefined,
    row: world.dump.byId("Object", world.parent("rack", rack.id, "row") ?? "")?.text("name"),
    ...world.common(rack, "rack"),
  });
}

function roomOfRack(world: RackTables, rack: string): JsonObject | undefined {
  const row = world.parent("rack", rack, "row");
  return row === undefined ? undefined : roomOf(world, row);
}

interface Standing {
  readonly rack: string;
  readonly units: readonly number[];
  readonly faces: ReadonlySet<string>;
}

/** Where an object stands: the units that it takes, or, without a height, the rack alone. */
function standingOf(world: RackTables, object: string): Standing | undefined {
  const taken = world.spaceOf(object);
  const [first] = taken;
  const rack = first?.text("rack_id") ?? world.parent("object", object, "rack");
  if (rack === undefined) return undefined;
  const own = taken.filter((one) => one.text("rack_id") === rack);
  return {
    rack,
    units: [...new Set(own.map((one) => one.number("unit_no") ?? 0))].toSorted((a, b) => a - b),
    faces: new Set(own.map((one) => one.text("atom"))),
  };
}

function placement(world: RackTables, object: string): JsonObject {
  const standing = standingOf(world, object);
  const rack = standing && world.dump.byId("Object", standing.rack);
  const room = rack && roomOfRack(world, rack.id);
  if (standing === undefined || rack === undefined || room === undefined) return {};
  const [position] = standing.units;
  const face = standing.faces.has("front")
    ? "front"
    : standing.faces.has("rear")
      ? "rear"
      : undefined;
  return { rack: { room, name: rack.text("name") }, position, face };
}

function takeModels(world: RackTables, machines: readonly Entity[]): void {
  const models = new Map<
    string,
    { readonly from: Entity; readonly key: JsonObject; units: number }
  >();
  for (const machine of machines) {
    const key = modelKey(world, machine);
    if (key === undefined) continue;
    const text = JSON.stringify(key);
    const units = standingOf(world, machine.id)?.units.length ?? 0;
    const before = models.get(text);
    if (before === undefined) models.set(text, { from: machine, key, units });
    else before.units = Math.max(before.units, units);
  }
  const vendors = new Map(
    [...models.values()].map(({ from, key }) => [String(key["vendor"]), from]),
  );
  for (const [name, from] of vendors) if (name !== "") world.out.add("Vendor", from, { name });
  for (const { from, key, units } of models.values())
    world.out.add("DeviceModel", from, { ...key, units: units === 0 ? undefined : units });
}

function modelKey(world: RackTables, machine: Entity): JsonObject | undefined {
  const { vendor, model } = makerAndModel(world.attribute(machine.id, attributes.model, "word"));
  return model === "" ? undefined : { vendor, model };
}

function naming(world: RackTables, machine: Entity): JsonObject {
  const label = machine.text("label").toLowerCase();
  const fqdn = world.attribute(machine.id, attributes.fqdn).toLowerCase();
  const hostname = world.host(machine.id);
  if (label !== "" && !isHostName(label))
    world.out.leave("Object.label", "it cannot be another name of a host");
  return {
    hostname,
    fqdn: isHostName(fqdn) ? fqdn : undefined,
    aliases: label !== "" && label !== hostname && isHostName(label) ? [label] : undefined,
  };
}

function notesOf(world: RackTables, machine: Entity): JsonObject {
  const common = world.common(machine, "object");
  const contact = world.attribute(machine.id, attributes.contact);
  const name = machine.text("name");
  const changed = name === "" || name.toLowerCase() === world.host(machine.id) ? "" : name;
  const note = [changed, common.note, contact === "" ? "" : `contact person: ${contact}`];
  return { ...common, note: note.filter((line) => line !== "").join("\n") };
}

function takeDevice(world: RackTables, machine: Entity): void {
  const word = world.word(machine.text("objtype_id"));
  const parent = world.parent("object", machine.id, "object");
  const serial = world.attribute(machine.id, attributes.serial);
  world.out.add("Device", machine, {
    ...naming(world, machine),
    kind: kinds.find(([words]) => words.test(word))?.[1] ?? "other",
    serial: world.out.unique("serial", serial, "attribute OEM S/N 1"),
    asset_no: world.out.unique("asset", machine.text("asset_no"), "Object.asset_no"),
    model: modelKey(world, machine),
    parent: parent === undefined ? undefined : world.host(parent),
    ...placement(world, machine.id),
    ...notesOf(world, machine),
  });
}

function takeVirtual(world: RackTables, machine: Entity): void {
  const parent = world.dump.byId("Object", world.parent("object", machine.id, "object") ?? "");
  const real = parent !== undefined && parent.text("objtype_id") !== objectTypes.virtualMachine;
  const host = parent !== undefined && real ? world.host(parent.id) : undefined;
  world.out.add("VirtualMachine", machine, {
    ...naming(world, machine),
    host,
    ...notesOf(world, machine),
  });
}

/** Its dates of support become contracts, so that they are watched. */
function takeContracts(world: RackTables, machine: Entity): void {
  if (machine.text("objtype_id") === objectTypes.virtualMachine) return;
  const host = world.host(machine.id) ?? "";
  for (const [attribute, scope] of [
    [attributes.support, "both"],
    [attributes.hardware, "hw"],
    [attributes.software, "sw"],
  ] as const) {
    const seconds = Number(world.attribute(machine.id, attribute, "number"));
    if (!(seconds > 0)) continue;
    world.out.add("SupportContract", machine, {
      contract_no: `${host} ${scope}`,
      scope,
      end: new Date(seconds * 1000).toISOString().slice(0, 10),
      covers: [host],
    });
  }
}
