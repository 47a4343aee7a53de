/** The types of the access matrix's site, and who may read what of it: said in plain words (`reads`, `writes`), beside the grants that should bring
 * it about. */
import type { JsonObject } from "../../src/model/json.ts";

const shelf = `
type: Shelf
title: "{name}"
attributes:
  name: {type: string, required: true}
  secret: {type: string, index: lookup}
  zone: {type: string}
  size: {type: integer, default: 20}
keys: [[name], [secret]]
group: {members: ["<Box.shelf"]}`;
const box = `
type: Box
title: "{name}"
attributes:
  name: {type: string, required: true, index: lookup}
  open: {type: string}
  secret: {type: string, index: lookup}
  zone: {type: string}
  due: {type: date, index: range, expiry: [3000]}
  place: {type: integer}
  owner: {type: ref, to: [Keeper]}
  shelf: {type: ref, to: [Shelf], on_delete: unlink}
keys: [[name], [secret]]
host: {names: [name, secret], assets: [secret]}
allocate: {from: Shelf, attribute: place, within: [1, size], as: shelf}`;
const keeper = `
type: Keeper
title: "{name}"
attributes:
  name: {type: string, required: true}
  mail: {type: string, index: lookup}
keys: [[name], [mail]]`;

/** What pictures are drawn of. */
const drawn = [
  `
type: Rack
title: "{name}"
attributes: {name: {type: string, required: true}, units: {type: integer}}
keys: [[name]]`,
  `
type: DeviceModel
title: "{name}"
attributes: {name: {type: string}, units: {type: integer}, full_depth: {type: boolean}}`,
  `
type: Device
title: "{name}"
attributes:
  name: {type: string, required: true}
  kind: {type: string}
  rack: {type: ref, to: [Rack]}
  position: {type: integer}
  model: {type: ref, to: [DeviceModel]}
keys: [[name]]`,
  `
type: Interface
title: "{name}"
attributes: {name: {type: string, required: true}, device: {type: ref, to: [Device]}}
keys: [[name]]`,
  `
type: Cable
title: "{label}"
attributes: {label: {type: string, required: true}, kind: {type: string}, a: {type: ref, to: [Interface]}, b: {type: ref, to: [Interface]}}
keys: [[label]]`,
];

export interface Place {
  readonly type: "Shelf" | "Box" | "Keeper" | "Rack" | "Device" | "Interface" | "Cable";
  /** a or b; of what is neither Shelf nor Box none. */
  readonly zone: string;
  readonly attribute: string;
}

interface Role {
  readonly grants: readonly JsonObject[];
  reads(place: Place): boolean;
  writes(place: Place): boolean;
}
const inZone = ({ zone }: Place): boolean => zone === "a";
const never = (): boolean => false;
const openOf = ({ type, attribute }: Place): boolean =>
  type === "Box" && ["name", "open"].includes(attribute);
const zoned = { types: ["Box", "Shelf"], where: { zone: "a" } };

/** By token: what is granted, and what that should come to. */
export const matrixRoles: Readonly<Record<string, Role>> = {
  nothing: { grants: [], reads: never, writes: never },
  open: {
    grants: [{ types: ["Box"], may: ["read", "export"], attributes: ["open"] }],
    reads: openOf,
    writes: never,
  },
  zone: {
    grants: [{ ...zoned, may: ["read", "write", "create", "delete", "export"] }],
    reads: inZone,
    writes: inZone,
  },
  both: {
    grants: [
      { types: ["Box"], may: ["write"], attributes: ["open"] },
      { ...zoned, may: ["read"] },
    ],
    reads: (place) => openOf(place) || inZone(place),
    writes: openOf,
  },
  except: {
    grants: [{ types: ["*"], may: ["write"], except: ["secret", "mail"] }],
    reads: ({ attribute }) => attribute !== "secret" && attribute !== "mail",
    writes: ({ attribute }) => attribute !== "secret" && attribute !== "mail",
  },
  shelves: {
    grants: [{ types: ["Shelf"], may: ["read"] }],
    reads: ({ type }) => type === "Shelf",
    writes: never,
  },
  oneBox: {
    grants: [{ types: ["Box"], may: ["read"], entries: ["BoxA-name"] }],
    reads: ({ type, zone }) => type === "Box" && zone === "a",
    writes: never,
  },
  racks: {
    grants: [
      { types: ["Rack", "Cable"], may: ["read"] },
      { types: ["Interface"], may: ["read"], entries: ["InterfaceA-name"] },
      { types: ["Device"], may: ["read"], attributes: ["rack", "position"] },
    ],
    reads: ({ type, attribute }) =>
      ["Rack", "Interface", "Cable"].includes(type) || (type === "Device" && attribute === "name"),
    writes: never,
  },
  viaShelf: {
    grants: [{ types: ["Box"], may: ["write"], where: { "shelf.zone": "b" } }],
    // A deleted box stands on no shelf.
    reads: ({ type, zone }) => type === "Box" && zone === "b",
    writes: ({ type, zone }) => type === "Box" && zone === "b",
  },
};

/** A word and where it stands. */
export interface Marker extends Place {
  readonly word: string;
  readonly entry: string;
  /** Of an entry that is gone. */
  readonly deleted: boolean;
  /** In what the document says today, not in something saved beside it. */
  readonly current: boolean;
  /** Only for whom nothing limits. */
  readonly whole: boolean;
}

export function mayRead(role: string, marker: Marker): boolean {
  if (marker.whole) return role === "admin";
  if (marker.deleted && role === "viaShelf") return false;
  // The deleted box of zone a is not the one that is granted by name.
  if (role === "oneBox" && marker.entry !== "BoxA") return false;
  if (role === "racks" && marker.entry === "InterfaceB") return false;
  return matrixRoles[role]?.reads(marker) === true;
}

export const matrixTypes: readonly string[] = [shelf, box, keeper, ...drawn];
