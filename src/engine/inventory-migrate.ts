/**
 * Entries follow their types. When the structure of a type changes, every living entry of it is read, brought along and derived anew.
 *
 * 1. A piece is one transaction that notes how far it came: after a kill the work goes on there, in whatever process comes first.
 * 2. Nobody waits: an entry that somebody writes meanwhile is brought along by that write.
 * 3. An entry that the new version does not fit stays as it was and is listed until it is repaired. The feed is told of none of it. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { noCause } from "../inventory/cause.ts";
import type { InventoryError } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Database } from "../store/database.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import {
  addMisfits,
  advanceMigration,
  failMigration,
  outdatedEntries,
  retryMigrations,
  takeMigration,
  type MigrationRow,
} from "../store/inventory/migration.ts";
import { rewriteDerived } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { withoutDoubles } from "./inventory-taken-keys.ts";
import { writeAll } from "./inventory-recompute.ts";
import {
  changesetOf,
  decide,
  withoutRaces,
  type Author,
  type Decided,
  type Draft,
} from "./inventory-write.ts";

const pieceSize = 500;
const lowest = "00000000-0000-0000-0000-000000000000";

export interface MigratorOptions {
  readonly database: Database;
  readonly known: () => Catalogue;
  readonly onChange: () => Promise<void>;
}

export class Migrator {
  readonly #options: MigratorOptions;
  #busy = false;
  #again = false;

  constructor(options: MigratorOptions) {
    this.#options = options;
  }

  /** Works in the background until nothing is left; what an error stopped is tried again. */
  start(): void {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    void this.#work().finally(() => (this.#busy = false));
  }

  async #work(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      // Without a database there is nothing to do, and nobody to tell.
      await retryMigrations(this.#options.database.db).catch(() => undefined);
      while (await this.#piece());
    }
  }

  async #piece(): Promise<boolean> {
    const { database, known, onChange } = this.#options;
    let at: MigrationRow | undefined;
    try {
      const done = await withoutRaces(() =>
        database.transaction(async (tx) => {
          at = await takeMigration(tx);
          const type = at === undefined ? undefined : known().byId.get(at.typeId);
          // Not ours: a process with the other version of the type does it.
          if (at === undefined || type?.schemaVersion !== at.schemaVersion) return undefined;
          return { changed: await migrate(tx, known(), at) };
        }),
      );
      if (done === undefined) return false;
      if (done.changed > 0) await onChange();
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (at === undefined) return false;
      return failMigration(database.db, at, message).then(
        () => true,
        () => false,
      );
    }
  }
}

async function migrate(tx: Db, known: Catalogue, row: MigrationRow): Promise<number> {
  const { typeId, schemaVersion, after } = row;
  const type = known.byId.get(typeId);
  const where = { typeId, below: schemaVersion, after, limit: pieceSize, lock: true };
  const rows = await outdatedEntries(tx, where);
  if (type === undefined || rows.length === 0) {
    await advanceMigration(tx, row, { done: 0, changed: 0, unfit: 0, after: undefined });
    return 0;
  }
  const decided = withoutDoubles(await decide(tx, draftsOf(type, rows), known), new Map());
  const misfits = decided.flatMap((one) =>
    one.kind === "refused"
      ? [{ entryId: one.draft.id, typeId, schemaVersion, problems: problemsOf(one.error) }]
      : [],
  );
  const changes = decided.flatMap((one) => (one.kind === "change" ? [one.change] : []));
  await rewriteDerived(
    tx,
    changes.filter(({ changed }) => changed.length === 0),
  );
  const changed = changes.filter((one) => one.changed.length > 0);
  const changeset = { ...changesetOf(author(type)), id: row.changesetId };
  if (changed.length > 0) await writeAll(tx, known, [{ changeset, changes: changed, quiet: true }]);
  await addMisfits(tx, misfits);
  await advanceMigration(tx, row, {
    done: rows.length,
    changed: changed.length,
    unfit: misfits.length,
    after: rows.at(-1)?.id,
  });
  return changed.length;
}

function author({ name, schemaVersion }: KnownType): Author {
  const reason = `version ${schemaVersion} of type ${name}`;
  return { actor: "system", kind: "system", reason, cause: noCause };
}

function draftsOf(type: KnownType, rows: readonly EntryRow[]): readonly Draft[] {
  return rows.map((before) => ({
    id: before.id,
    type,
    op: "U",
    before,
    document: before.doc,
    eyes: undefined,
    again: true,
  }));
}

function problemsOf(error: InventoryError): readonly JsonObject[] {
  const { errors } = error.details;
  return Array.isArray(errors) ? errors.filter(isObject) : [{ path: "", message: error.message }];
}

/** What a new version of a type would do to its entries. */
export interface Rehearsal {
  /** Entries that were tried: of more than 50,000 only the first. */
  readonly checked: number;
  readonly changed: number;
  readonly unfit: number;
  /** The first that would not fit. */
  readonly misfits: readonly {
    readonly id: string;
    readonly name: string;
    readonly problems: readonly JsonObject[];
  }[];
}

const mostMisfits = 100;
const mostChecked = 50_000;

/** Does everything of a migration but write. `type` is the candidate, `known` the catalogue with it. */
export async function rehearseMigration(
  database: Database,
  known: Catalogue,
  type: KnownType,
): Promise<Rehearsal> {
  const holders = new Map<string, string>();
  const misfits: Rehearsal["misfits"][number][] = [];
  const sum = { checked: 0, changed: 0, unfit: 0 };
  const count = (one: Decided): void => {
    sum.checked += 1;
    if (one.kind === "change" && one.change.changed.length > 0) sum.changed += 1;
    if (one.kind !== "refused") return;
    sum.unfit += 1;
    const { id, before } = one.draft;
    if (misfits.length < mostMisfits)
      misfits.push({ id, name: before?.name ?? id, problems: problemsOf(one.error) });
  };
  for (let after: string | undefined = lowest; after !== undefined;) {
    const place: string = after;
    const rows = await database.transaction(async (tx) => {
      const where = { typeId: type.id, below: type.schemaVersion, after: place };
      const found = await outdatedEntries(tx, { ...where, limit: pieceSize, lock: false });
      const decided = await decide(tx, draftsOf(type, found), known);
      for (const one of withoutDoubles(decided, holders)) count(one);
      return found;
    });
    after = rows.length < pieceSize || sum.checked >= mostChecked ? undefined : rows.at(-1)?.id;
  }
  return { ...sum, misfits };
}
