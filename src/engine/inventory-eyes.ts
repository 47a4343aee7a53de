/** The inventory through somebody's eyes: what does not exist for the caller is in nothing that is answered.
 *
 * 1. A type, attribute or entry that may not be read is answered for as if it were not there.
 * 2. What one call reads and writes is decided by one snapshot of the caller's grants. */
import {
  accessOf,
  grantedCatalogue,
  sightOf,
  type Licence,
  type Licences,
  type Sight,
} from "../inventory/access.ts";
import type { Catalogue } from "../inventory/catalogue.ts";
import { always } from "../inventory/predicate.ts";
import { fullAccess, type Access } from "../inventory/query.ts";
import type { InventoryVerb } from "../model/inventory-grants.ts";
import type { JsonObject } from "../model/json.ts";
import { holdingOf, holdingOfImages, imageKey, type ImageId } from "../store/inventory/sight.ts";
import type { Db } from "../store/schema.ts";

/** An entry of which is asked what may be done with it. */
export interface Seen {
  readonly id: string;
  readonly typeId: number;
}

/** What may be done with an entry; "everything" where nothing limits the caller. */
export type Allowed = Sight | "everything";

export interface Eyes {
  /** Types and attributes that exist for the caller. */
  readonly known: Catalogue;
  /** All of them: formulas read what the caller may not. */
  readonly whole: Catalogue;
  readonly access: Access;
  /** Whose they are: of filters, one's own come first. Undefined = the system's. */
  readonly viewer: string | undefined;
  /** True: nothing limits the caller. */
  readonly unlimited: boolean;
  /** True: some types do not exist for the caller. */
  readonly partial: boolean;
  /** By id; entries that may not be seen are missing. Of deleted entries their last document counts. */
  sights(db: Db, entries: readonly Seen[]): Promise<ReadonlyMap<string, Allowed>>;
  /** By `imageKey`: the same of earlier images, which must have been allowed then and must be so now. */
  images(db: Db, images: readonly (Seen & ImageId)[]): Promise<ReadonlyMap<string, Allowed>>;
  /** What of it the caller may take out in files. */
  exporting(): Eyes;
  /** The attributes with which the caller may ever do this, on whatever entry of the type; undefined = with none. */
  ever(typeId: number, verb: InventoryVerb): ReadonlySet<string> | "everything" | undefined;
}

/** Of the system itself and of administrators. `known` may change while it is used. */
export function openEyes(known: () => Catalogue, viewer?: string): Eyes {
  const open: Eyes = {
    get known() {
      return known();
    },
    get whole() {
      return known();
    },
    access: fullAccess,
    viewer,
    unlimited: true,
    partial: false,
    sights: (_db, entries) => everything(entries.map(({ id }) => id)),
    images: (_db, images) => everything(images.map(imageKey)),
    ever: () => "everything",
    exporting: () => open,
  };
  return open;
}

function everything(keys: readonly string[]): Promise<ReadonlyMap<string, Allowed>> {
  return Promise.resolve(new Map(keys.map((key) => [key, "everything"])));
}

export function limitedEyes(all: Catalogue, licences: Licences, viewer?: string): Eyes {
  const known = grantedCatalogue(all, licences);
  const of = (typeId: number): readonly Licence[] => licences.get(typeId) ?? [];
  return {
    known,
    whole: all,
    access: accessOf(licences),
    viewer,
    unlimited: false,
    partial: known.byId.size < all.byId.size,
    sights: async (db, entries) => {
      const conditional = conditionalOf(entries, of);
      const ids = entries.filter(({ typeId }) => isConditional(of(typeId))).map(({ id }) => id);
      const asked = conditional.map(({ rows = always, gone = always }) => ({ living: rows, gone }));
      const holding = await holdingOf(db, ids, asked);
      return judged(entries, { of, conditional, holding, keyOf: ({ id }) => id });
    },
    images: async (db, images) => {
      const conditional = conditionalOf(images, of);
      const some = images.filter(({ typeId }) => isConditional(of(typeId)));
      const asked = conditional.map(({ image = always }) => image);
      const holding = await holdingOfImages(db, some, asked);
      return judged(images, { of, conditional, holding, keyOf: imageKey });
    },
    ever: (typeId, verb) => sightOf(of(typeId))?.get(verb),
    exporting: () => limitedEyes(all, licensedFor(licences, "export"), viewer),
  };
}

function licensedFor(licences: Licences, verb: InventoryVerb): Licences {
  const own = [...licences].map(([typeId, list]): [number, readonly Licence[]] => [
    typeId,
    list.filter(({ verbs }) => verbs.has(verb)),
  ]);
  return new Map(own.filter(([, list]) => list.length > 0));
}

function isConditional(licences: readonly Licence[]): boolean {
  return licences.some(({ rows }) => rows !== undefined);
}

/** The licences whose conditions must be looked at. */
function conditionalOf(
  entries: readonly Seen[],
  of: (typeId: number) => readonly Licence[],
): readonly Licence[] {
  const types = new Set(entries.map(({ typeId }) => typeId));
  return [...types].flatMap(of).filter(({ rows }) => rows !== undefined);
}

function judged<Entry extends Seen>(
  entries: readonly Entry[],
  {
    of,
    conditional,
    holding,
    keyOf,
  }: {
    readonly of: (typeId: number) => readonly Licence[];
    readonly conditional: readonly Licence[];
    readonly holding: ReadonlyMap<string, readonly boolean[]>;
    readonly keyOf: (entry: Entry) => string;
  },
): ReadonlyMap<string, Allowed> {
  const places = new Map(conditional.map((licence, index) => [licence, index]));
  return new Map(
    entries.flatMap((entry): [string, Allowed][] => {
      const holds = holding.get(keyOf(entry));
      const held = of(entry.typeId).filter((licence) => {
        const place = places.get(licence);
        return place === undefined || holds?.[place] === true;
      });
      const sight = sightOf(held);
      return sight === undefined ? [] : [[keyOf(entry), sight]];
    }),
  );
}

/** Whether the attribute may be read. */
export function mayRead(allowed: Allowed | undefined, attribute: string): boolean {
  if (allowed === undefined) return false;
  return allowed === "everything" || allowed.get("read")?.has(attribute) === true;
}

/** The document without what may not be read. */
export function readablePart(allowed: Allowed | undefined, document: JsonObject): JsonObject {
  if (allowed === "everything") return document;
  return Object.fromEntries(Object.entries(document).filter(([name]) => mayRead(allowed, name)));
}

/** The rows that the caller may see. */
export async function seenOf<Row extends Seen>(
  eyes: Eyes,
  db: Db,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  if (eyes.unlimited) return rows;
  const sights = await eyes.sights(db, rows);
  return rows.filter(({ id }) => sights.has(id));
}
