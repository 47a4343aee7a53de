/** The access matrix's site: every value of every attribute of every entry is a word of its own, so that a leak names what leaked. Who may read what
 * is said here in plain words (`reads`, `writes`), beside the grants that should bring it about. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { declaredRoutes, makeDoor } from "../../src/api/app.ts";
import type { DeclaredRoute } from "../../src/api/routes.ts";
import type { User } from "../../src/engine/auth.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { saveFilter } from "../../src/engine/inventory-filter-saving.ts";
import { inventoryFeed } from "../../src/engine/inventory-feed.ts";
import { Inventory } from "../../src/engine/inventory.ts";
import { Viewers } from "../../src/engine/inventory-viewers.ts";
import type { Author } from "../../src/engine/inventory-write.ts";
import { noCause } from "../../src/inventory/cause.ts";
import { readInventoryGrant } from "../../src/inventory/grant.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { compiled } from "../inventory/types.ts";
import { doorOf } from "../support/door.ts";
import { testEngine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase } from "../support/postgres.ts";

const shelf = `
type: Shelf
title: "{name}"
attributes:
  name: {type: string, required: true}
  secret: {type: string, index: lookup}
  zone: {type: string}
  size: {type: integer, default: 20}
keys: [[name], [secret]]`;
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

export interface Place {
  readonly type: "Shelf" | "Box" | "Keeper";
  /** a or b; of keepers none. */
  readonly zone: string;
  readonly attribute: string;
}

interface Role {
  readonly grants: readonly JsonObject[];
  reads(place: Place): boolean;
  writes(place: Place): boolean;
}
const inZone = ({ type, zone }: Place): boolean => type !== "Keeper" && zone === "a";
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
  viaShelf: {
    grants: [{ types: ["Box"], may: ["write"], where: { "shelf.zone": "b" } }],
    // A deleted box stands on no shelf.
    reads: ({ type, zone }) => type === "Box" && zone === "b",
    writes: ({ type, zone }) => type === "Box" && zone === "b",
  },
};

/** A word and where it stands. `deleted`: of an entry that is gone. */
export interface Marker extends Place {
  readonly word: string;
  readonly entry: string;
  readonly deleted: boolean;
}

export function mayRead(role: string, marker: Marker): boolean {
  if (marker.deleted && role === "viaShelf") return false;
  // The deleted box of zone a is not the one that is granted by name.
  if (role === "oneBox" && marker.entry !== "BoxA") return false;
  return matrixRoles[role]?.reads(marker) === true;
}

const author: Author = { actor: "matrix", kind: "api", cause: noCause };

export interface MatrixSite extends AsyncDisposable {
  readonly url: string;
  readonly inventory: Inventory;
  readonly markers: readonly Marker[];
  readonly routes: readonly DeclaredRoute[];
  /** By name: BoxA, BoxB, GoneA, GoneB, ShelfA, ShelfB, KeeperA. */
  readonly ids: Readonly<Record<string, string>>;
  readonly changesets: readonly string[];
  readonly instances: readonly string[];
}

export async function matrixSite(): Promise<MatrixSite> {
  const database = await testDatabase();
  const engine = testEngine(database.url, { content: { rules: [{ ref: "test.rule0" }] } });
  const { types, problems } = compiled(shelf, box, keeper);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const inventory = await Inventory.open({
    database,
    types,
    owners: ownerSettings({ owner_paths: ["owner"] }),
    timeZone: "Asia/Tokyo",
    answer: () => Promise.reject(new Error("nothing is computed here")),
  });
  const markers: Marker[] = [];
  const ids: Record<string, string> = {};
  const word = (type: Place["type"], entry: string, attribute: string, zone: string): string => {
    const made = `${entry}-${attribute}`;
    const deleted = entry.startsWith("Gone");
    const of = attribute.replace(/-old$/, "").replace("reason", "name");
    markers.push({ word: made, entry, type, zone, attribute: of, deleted });
    return made;
  };
  const create = async (type: Place["type"], entry: string, zone: string, rest: JsonObject) => {
    const texts = type === "Keeper" ? ["name", "mail"] : ["name", "secret"];
    const document = {
      ...Object.fromEntries(texts.map((name) => [name, word(type, entry, name, zone)])),
      ...(type === "Keeper" ? {} : { zone }),
      ...rest,
    };
    const reason = word(type, entry, "reason", zone);
    ids[entry] = (await inventory.create(type, document, { ...author, reason })).entry.id;
  };
  await create("Keeper", "KeeperA", "", {});
  for (const zone of ["a", "b"]) {
    const letter = zone.toUpperCase();
    await create("Shelf", `Shelf${letter}`, zone, {});
    for (const entry of [`Box${letter}`, `Gone${letter}`]) {
      await create("Box", entry, zone, {
        open: word("Box", entry, "open-old", zone),
        due: "2027-01-01",
        owner: ids["KeeperA"],
        shelf: ids[`Shelf${letter}`],
      });
      const open = word("Box", entry, "open", zone);
      await inventory.patch(ids[entry] ?? "", { open }, { author });
      if (entry.startsWith("Gone")) await inventory.remove(ids[entry] ?? "", { author });
    }
  }
  // One speaks of values that few may read, the other of what it finds.
  const chief = await new Viewers(inventory).as({ name: "chief", roles: ["admin"], grants: [] });
  const hiding = {
    or: [{ secret: "BoxA-secret" }, { secret: "BoxB-secret" }, { "shelf.secret": "ShelfB-secret" }],
  };
  for (const [name, where] of [
    ["hiding", hiding],
    ["boxes", { path: "name", op: "exists" }],
  ] as const)
    await saveFilter(
      chief,
      { name, body: { type: "Box", where, shared: true } },
      { actor: "chief", reason: undefined, maySharing: true },
    );
  const feed = inventoryFeed({ db: database.db, known: () => inventory.known });
  await feed.start({
    emit: async (events) => void (await ingest(engine.core, events)),
    cursor: () => Promise.resolve(undefined),
    log: () => undefined,
    now: () => new Date(),
  });
  const instances = await eventually("all events", async () => {
    const rows = await database.db.selectFrom("trigger_instance").select("id").execute();
    return rows.length >= 26 && rows.map(({ id }) => id);
  });
  await feed.stop();
  const changesets = await database.db
    .selectFrom("trigger_instance")
    .select("payload")
    .where("trigger", "=", "inventory.changeset.committed")
    .execute();
  const users = new Map<string, User>([["admin", { name: "chief", roles: ["admin"] }]]);
  for (const [name, { grants }] of Object.entries(matrixRoles)) {
    const read = grants.map((grant) => readInventoryGrant(grant));
    const permissions = ["trigger_list", "trigger_view", "rule_enforcement_list"] as const;
    users.set(name, {
      name,
      roles: [name],
      grants: [{ resource: undefined, permissions }],
      inventory: read.flatMap((one) => ("grant" in one ? [one.grant] : [])),
    });
  }
  const door = doorOf(engine.core, users);
  const viewers = new Viewers(inventory);
  const server = createServer(makeDoor(door, viewers)).listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    inventory,
    markers,
    ids,
    instances,
    changesets: changesets.map(({ payload }) => (payload as { event_id: string }).event_id),
    routes: declaredRoutes(door, viewers),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await engine[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
