/** What everybody's view of the inventory shares: the writers, the types, and what goes on in the background. */
import { type Answer, catalogue, type Catalogue } from "../inventory/catalogue.ts";
import type { EntityTypes } from "../inventory/definition.ts";
import { sameStructure } from "../inventory/evolve.ts";
import type { Sources } from "../inventory/sources.ts";
import type { Database } from "../store/database.ts";
import { saveTypes, type StoredType } from "../store/inventory/types.ts";
import { Allocator } from "./inventory-allocate.ts";
import { Migrator } from "./inventory-migrate.ts";
import type { Sheets } from "./inventory-sheets.ts";
import type { OwnerSettings } from "./inventory-owner.ts";
import { Recompute } from "./inventory-recompute.ts";
import { InventoryWriter } from "./inventory-writer.ts";

export interface InventoryOptions {
  readonly database: Database;
  readonly types: EntityTypes;
  readonly sources?: Sources;
  /** Reads and writes spreadsheets elsewhere than in this process. */
  readonly sheets?: Sheets;
  readonly owners: OwnerSettings;
  readonly answer: Answer;
  /** The site's, for `today` in queries. */
  readonly timeZone: string;
  /** Called after every committed change: wakes the feed. */
  readonly onChange?: () => void;
}

export function storeTypes(
  database: Database,
  types: EntityTypes,
): Promise<ReadonlyMap<string, StoredType>> {
  return database.transaction((tx) => saveTypes(tx, types, sameStructure));
}

export interface Shared {
  readonly options: InventoryOptions;
  readonly writer: InventoryWriter;
  readonly allocator: Allocator;
  readonly recompute: Recompute;
  readonly migrator: Migrator;
  /** After every commit: wakes the feed, and brings along what is computed of what was written. */
  readonly onChange: () => Promise<void>;
  /** All types. */
  known: Catalogue;
}

/** Brings the type table up to date with the packs. */
export async function openShared(options: InventoryOptions): Promise<Shared> {
  const stored = await storeTypes(options.database, options.types);
  const parts = {
    database: options.database,
    known: () => shared.known,
    onChange: async () => {
      options.onChange?.();
      await shared.recompute.settle();
    },
  };
  const shared: Shared = {
    options,
    writer: new InventoryWriter(parts),
    // What is new is read by nobody's computed attributes.
    allocator: new Allocator({ ...parts, onChange: () => options.onChange?.() }),
    recompute: new Recompute({ ...parts, onChange: () => options.onChange?.() }),
    migrator: new Migrator(parts),
    onChange: parts.onChange,
    known: catalogue(options.types, stored, options.answer, options.sources),
  };
  // What a process that died left undone.
  void shared.recompute.settle();
  shared.migrator.start();
  return shared;
}
