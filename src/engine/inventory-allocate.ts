/**
 * Next free: addresses, networks, numbers, rack units.
 *
 * 1. The pool's row is held while free ones are sought and taken, so no two callers get the same, on any number of machines.
 * 2. Callers that wait for one pool are served together, in one transaction, each with a changeset of its own. */
import type { Allocation } from "../inventory/allocate.ts";
import { attributeType } from "../inventory/attribute-types.ts";
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { patchDocument } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import type { Database } from "../store/database.ts";
import { loadEntries, type EntryRow, type Lock } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { ChangeSet } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { freeValues } from "./inventory-free.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { insistOnReach, OutOfReach } from "./inventory-permit.ts";
import { writeAll } from "./inventory-recompute.ts";
import { viewEntries, type EntryView } from "./inventory-view.ts";
import { changesetOf, decide, withoutRaces, type Author, type Draft } from "./inventory-write.ts";

export interface AllocationRequest {
  readonly type: KnownType;
  /** Id of the pool. */
  readonly pool: string;
  /** 1–256. */
  readonly count: number;
  /** Of a network: its prefix length. Of units: how many in a row. */
  readonly size: number | undefined;
  /** Further attributes of the new entries. */
  readonly set: JsonObject;
  readonly author: Author;
  /** Whose grants decide. */
  readonly eyes: Eyes;
}

interface Waiting {
  readonly request: AllocationRequest;
  readonly resolve: (entries: readonly EntryView[]) => void;
  readonly reject: (error: unknown) => void;
}

const mostServed = 256;

export interface AllocatorOptions {
  readonly database: Database;
  readonly known: () => Catalogue;
  readonly onChange: () => Promise<void>;
}

export class Allocator {
  readonly #options: AllocatorOptions;
  /** Who waits, by pool and type. */
  readonly #queues = new Map<string, Waiting[]>();

  constructor(options: AllocatorOptions) {
    this.#options = options;
  }

  /** Rejects with INVENTORY_POOL_EXHAUSTED when there is no room, and with what is wrong with the new entries. */
  allocate(request: AllocationRequest): Promise<readonly EntryView[]> {
    const key = `${request.type.name} ${request.pool} ${request.size ?? ""}`;
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(key);
      const waiting = { request, resolve, reject };
      if (queue !== undefined) queue.push(waiting);
      else {
        this.#queues.set(key, [waiting]);
        void this.#serve(key);
      }
    });
  }

  /** What would be taken, without taking it. */
  async available(
    request: Omit<AllocationRequest, "set" | "author" | "eyes">,
  ): Promise<readonly (string | number)[]> {
    const { database, known } = this.#options;
    const ground = await poolOf(database.db, known(), request, "none");
    return freeValues(database.db, { known: known(), ...ground, request }, request.count);
  }

  async #serve(key: string): Promise<void> {
    for (;;) {
      const queue = this.#queues.get(key) ?? [];
      const batch = queue.splice(0, mostServed);
      if (batch.length === 0) {
        this.#queues.delete(key);
        return;
      }
      await this.#settle(batch);
    }
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    const { database, known, onChange } = this.#options;
    try {
      const requests = batch.map(({ request }) => request);
      const { ends, rows } = await withoutRaces(() =>
        database.transaction((tx) => serve(tx, known(), requests)),
      );
      if (rows.size > 0) await onChange();
      for (const [index, { request, resolve, reject }] of batch.entries()) {
        const end = ends[index];
        if (end === undefined || "error" in end) reject(end?.error);
        else {
          const own = end.ids.flatMap((id) => rows.get(id) ?? []);
          viewEntries(database.db, own, request.eyes).then(resolve, reject);
        }
      }
    } catch (error) {
      // One led out of its caller's reach: each by itself finds out whether it is the one.
      if (error instanceof OutOfReach && batch.length > 1)
        for (const one of batch) await this.#settle([one]);
      else for (const { reject } of batch) reject(error);
    }
  }
}

type End = { readonly ids: readonly string[] } | { readonly error: InventoryError };

/** Serves requests for one pool, type and size, in order; those for which nothing is left are refused. */
async function serve(
  tx: Db,
  known: Catalogue,
  requests: readonly AllocationRequest[],
): Promise<{ readonly ends: readonly End[]; readonly rows: ReadonlyMap<string, EntryRow> }> {
  const [first] = requests;
  if (first === undefined) return { ends: [], rows: new Map() };
  const { pool, allocation } = await poolOf(tx, known, first, "write");
  const wanted = requests.reduce((sum, { count }) => sum + count, 0);
  const values = await freeValues(tx, { known, pool, allocation, request: first }, wanted);
  const drafted = requests.map((request) => {
    const taken = values.splice(0, request.count);
    return taken.length < request.count ? undefined : draftsOf(request, allocation, pool, taken);
  });
  const decided = await decide(
    tx,
    drafted.flatMap((drafts) => drafts ?? []),
    known,
  );
  const byDraft = new Map(decided.map((one) => [one.draft.id, one]));
  const sets: ChangeSet[] = [];
  const ends = requests.map((request, index): End => {
    const drafts = drafted[index];
    if (drafts === undefined) return { error: exhausted(pool, request) };
    const mine = drafts.flatMap(({ id }) => byDraft.get(id) ?? []);
    for (const one of mine) if (one.kind === "refused") return { error: one.error };
    const changes = mine.flatMap((one) => (one.kind === "change" ? [one.change] : []));
    sets.push({ changeset: changesetOf(request.author), changes });
    return { ids: drafts.map(({ id }) => id) };
  });
  await writeAll(tx, known, sets);
  const ids = ends.flatMap((end) => ("ids" in end ? end.ids : []));
  const written = new Set(ids);
  await insistOnReach(
    tx,
    decided.filter(({ draft }) => written.has(draft.id)),
  );
  return { ends, rows: await loadEntries(tx, ids) };
}

function exhausted(pool: EntryRow, { count, size, type }: AllocationRequest): InventoryError {
  const what =
    size === undefined ? `${count} ${type.name}` : `${count} ${type.name} of size ${size}`;
  return new InventoryError("INVENTORY_POOL_EXHAUSTED", [pool.name, what]);
}

/** The pool, held so far as the lock says, and how entries of the type are taken from it. Throws when they are not. */
export async function poolOf(
  tx: Db,
  known: Catalogue,
  { type, pool: id }: Pick<AllocationRequest, "type" | "pool">,
  lock: Lock,
): Promise<{ pool: EntryRow; allocation: Allocation }> {
  const { allocate: allocation } = type;
  if (allocation === undefined)
    throw badRequest(`${type.name} has no \`allocate\`; it is not taken from pools`);
  const pool = (await loadEntries(tx, [id], lock)).get(id);
  if (pool === undefined || pool.deletedAt !== null)
    throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [id]);
  const poolType = known.byId.get(pool.typeId)?.name ?? "unknown";
  if (!allocation.from.includes(poolType))
    throw badRequest(
      `${type.name} is taken from ${allocation.from.join(" or ")}, not from ${poolType}`,
    );
  return { pool, allocation };
}

function draftsOf(
  { type, set, eyes }: AllocationRequest,
  allocation: Allocation,
  pool: EntryRow,
  values: readonly (string | number)[],
): readonly Draft[] {
  const copied = allocation.copy.flatMap((name) =>
    pool.doc[name] === undefined ? [] : [[name, pool.doc[name]] as const],
  );
  const { attribute, as = attribute, copy } = allocation;
  const filled = [attribute, as, ...copy.filter((name) => !Object.hasOwn(set, name))];
  return values.map((value) => {
    const given = {
      ...Object.fromEntries(copied),
      ...set,
      [allocation.attribute]: value,
      ...(allocation.as === undefined ? {} : { [allocation.as]: pool.id }),
    };
    const document = patchDocument({}, given);
    return { id: uuidv7(), type, op: "I", before: undefined, document, eyes, filled };
  });
}

/** Reads and checks how many and how large. */
export function allocationCount(given: unknown): number {
  if (given === undefined) return 1;
  if (typeof given === "number" && Number.isInteger(given) && given >= 1 && given <= 256)
    return given;
  throw badRequest(
    `count is ${JSON.stringify(given)}; expected ${attributeType("integer").expected} from 1 to 256`,
  );
}
