/** The access matrix's site: every value of every attribute of every entry is a word of its own, so that a leak names what leaked. */
import { declaredRoutes, makeDoor } from "../../src/api/app.ts";
import type { DeclaredRoute } from "../../src/api/routes.ts";
import type { User } from "../../src/engine/auth.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { saveFilter } from "../../src/engine/inventory-filter-saving.ts";
import { tellExpiries } from "../../src/engine/inventory-expiry.ts";
import { inventoryFeed, readCursor } from "../../src/engine/inventory-feed.ts";
import type { Core } from "../../src/engine/core.ts";
import { Inventory } from "../../src/engine/inventory.ts";
import { Viewers } from "../../src/engine/inventory-viewers.ts";
import type { Author } from "../../src/engine/inventory-write.ts";
import { noCause } from "../../src/inventory/cause.ts";
import { readInventoryGrant } from "../../src/inventory/grant.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import type { NewEvent } from "../../src/model/events.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { writeSheets } from "../../src/sheets/write-file.ts";
import { feedStart, isFeedHeld, readFeed } from "../../src/store/inventory/feed.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { compiled } from "../inventory/types.ts";
import { doorOf, listenAt } from "../support/door.ts";
import { testEngine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { matrixRoles, matrixTypes, type Marker, type Place } from "./inventory-matrix-roles.ts";
import { plant, sourceFiles, type Planted } from "./inventory-matrix-planted.ts";

const author: Author = { actor: "matrix", kind: "api", cause: noCause };

export interface MatrixSite extends AsyncDisposable {
  readonly url: string;
  readonly inventory: Inventory;
  readonly markers: readonly Marker[];
  readonly routes: readonly DeclaredRoute[];
  /** By name: BoxA, BoxB, GoneA, GoneB, ShelfA, ShelfB, KeeperA, RackA … */
  readonly ids: Readonly<Record<string, string>>;
  readonly planted: Planted;
  readonly changesets: readonly string[];
  readonly instances: readonly string[];
}

/** Notes the word of an attribute, by what it says more: `BoxA-secret-told`. */
export type Word = (entry: string, attribute: string, about?: Partial<Marker>) => string;

interface Store {
  readonly inventory: Inventory;
  readonly ids: Record<string, string>;
  readonly word: Word;
}

const typeOf = (entry: string): Place["type"] =>
  (
    {
      Box: "Box",
      Gon: "Box",
      She: "Shelf",
      Kee: "Keeper",
      Rac: "Rack",
      Dev: "Device",
      Int: "Interface",
    } as const
  )[entry.slice(0, 3) as "Box"] ?? "Cable";
const zoneOf = (entry: string): string => {
  const letter = entry.at(-1)?.toLowerCase() ?? "";
  return ["Box", "Shelf"].includes(typeOf(entry)) ? letter : "";
};

function notes(markers: Marker[]): Word {
  return (entry, attribute, about = {}) => {
    const made = `${entry}-${attribute}`;
    const of = attribute.replace(/-.*$/, "").replace("reason", "name");
    const current = made === `${entry}-${of}`;
    const place = { type: typeOf(entry), zone: zoneOf(entry), attribute: of };
    const deleted = entry.startsWith("Gone");
    markers.push({ word: made, entry, ...place, deleted, current, whole: false, ...about });
    return about.word ?? made;
  };
}

async function create({ inventory, ids, word }: Store, entry: string, rest: JsonObject) {
  const type = typeOf(entry);
  const texts = { Keeper: ["name", "mail"], Cable: ["label", "kind"], Device: ["name", "kind"] };
  const of = Object.hasOwn(texts, type) ? texts[type as "Keeper"] : undefined;
  const own = of ?? (["Box", "Shelf"].includes(type) ? ["name", "secret"] : ["name"]);
  const zone = zoneOf(entry);
  const document = {
    ...Object.fromEntries(own.map((name) => [name, word(entry, name)])),
    ...(zone === "" ? {} : { zone }),
    ...rest,
  };
  const reason = word(entry, "reason");
  ids[entry] = (await inventory.create(type, document, { ...author, reason })).entry.id;
}

async function fill(store: Store): Promise<void> {
  const { inventory, ids, word } = store;
  await create(store, "KeeperA", {});
  for (const [index, letter] of ["A", "B"].entries()) {
    await create(store, `Shelf${letter}`, {});
    for (const [other, entry] of [`Box${letter}`, `Gone${letter}`].entries()) {
      const due = `2027-0${index + 1}-1${other}`;
      await create(store, entry, {
        open: word(entry, "open-old"),
        due: word(entry, "due", { word: due }),
        owner: ids["KeeperA"],
        shelf: ids[`Shelf${letter}`],
      });
      const open = word(entry, "open");
      await inventory.patch(ids[entry] ?? "", { open }, { author });
      if (entry.startsWith("Gone")) await inventory.remove(ids[entry] ?? "", { author });
    }
  }
  await create(store, "RackA", { units: 10 });
  await create(store, "DeviceA", { rack: ids["RackA"], position: 3 });
  await create(store, "InterfaceA", { device: ids["DeviceA"] });
  await create(store, "InterfaceB", { device: ids["DeviceA"] });
  await create(store, "CableA", { a: ids["InterfaceA"], b: ids["InterfaceB"] });
}

/** One speaks of values that few may read, the other of what it finds. */
async function saveFilters(inventory: Inventory): Promise<void> {
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
}

function usersOf(): ReadonlyMap<string, User> {
  const users = new Map<string, User>([["admin", { name: "chief", roles: ["admin"] }]]);
  for (const [name, { grants }] of Object.entries(matrixRoles)) {
    const read = grants.map((grant) => readInventoryGrant(grant));
    const permissions = [
      "trigger_list",
      "trigger_view",
      "rule_enforcement_list",
      "stream_view",
    ] as const;
    users.set(name, {
      name,
      roles: [name],
      grants: [{ resource: undefined, permissions }],
      inventory: read.flatMap((one) => ("grant" in one ? [one.grant] : [])),
    });
  }
  return users;
}

/** Turns everything that happened into trigger instances; the answer is their ids. */
async function told(
  database: TestDatabase,
  core: Core,
  inventory: Inventory,
): Promise<readonly string[]> {
  const emit = async (events: readonly NewEvent[]): Promise<void> => {
    if (events.length > 0) await ingest(core, events);
  };
  const known = () => inventory.known;
  let place = feedStart;
  const feed = inventoryFeed({ db: database.db, known });
  const context = {
    cursor: () => Promise.resolve(undefined),
    log: () => undefined,
    now: () => new Date(),
  };
  await feed.start({
    ...context,
    emit: async (events, cursor) => {
      await emit(events);
      place = readCursor(cursor?.value);
    },
  });
  await tellExpiries({ db: database.db, known, timeZone: "Asia/Tokyo" }, { ...context, emit });
  await eventually("all events", async () => {
    const { next } = await readFeed(database.db, place, 1);
    return next === undefined && !(await isFeedHeld(database.db, place));
  });
  await feed.stop();
  const rows = await database.db.selectFrom("trigger_instance").select("id").execute();
  return rows.map(({ id }) => id);
}

export async function matrixSite(): Promise<MatrixSite> {
  const database = await testDatabase();
  const engine = testEngine(database.url, { content: { rules: [{ ref: "test.rule0" }] } });
  const { types, problems } = compiled(...matrixTypes);
  const { sources } = compileSources(sourceFiles, types);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const inventory = await Inventory.open({
    database,
    types,
    sources,
    sheets: { read: readSheets, write: (book) => writeSheets(book) },
    owners: ownerSettings({ owner_paths: ["owner"] }),
    timeZone: "Asia/Tokyo",
    answer: () => Promise.reject(new Error("nothing is computed here")),
  });
  const markers: Marker[] = [];
  const store = { inventory, ids: {} as Record<string, string>, word: notes(markers) };
  await fill(store);
  await saveFilters(inventory);
  const door = doorOf(engine.core, usersOf());
  const viewers = new Viewers(inventory);
  const { server, url } = listenAt(makeDoor(door, viewers));
  const planted = await plant(url, { ...store, db: database.db });
  const instances = await told(database, engine.core, inventory);
  const changesets = await database.db
    .selectFrom("trigger_instance")
    .select("payload")
    .where("trigger", "=", "inventory.changeset.committed")
    .execute();
  return {
    url,
    inventory,
    markers,
    ids: store.ids,
    planted,
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
