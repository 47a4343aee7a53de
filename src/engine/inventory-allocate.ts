/**
 * Next free: addresses, networks, numbers, rack units.
 *
 * 1. The pool's row is held while free ones are sought and taken, so no two callers get the same, on any number of machines.
 * 2. Callers that wait for one pool are served together, in one transaction, each with a changeset of its own: it is looked up once, sought
 *    in once, and the new entries are read once. */
import type { Allocation } from "../inventory/allocate.ts";
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { patchDocument } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { requestKey } from "../inventory/references.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import type { Database } from "../store/database.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { ChangeSet } from "../store/inventory/write.ts";
import {
  isLostKey,
  type KeyedRequest,
  keysOf,
  untoldRequests,
  whileKeyed,
} from "../store/keyed.ts";
import type { Db } from "../store/schema.ts";
import { freeValues } from "./inventory-free.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { gathered, nobodyServed } from "./inventory-gather.ts";
import { insistOnReach, OutOfReach } from "./inventory-permit.ts";
import { poolOf } from "./inventory-pool.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import { writeAll } from "./inventory-recompute.ts";
import { viewEntries, type EntryView } from "./inventory-view.ts";
import { changesetOf, decide, withoutRaces, type Author, type Draft } from "./inventory-write.ts";

export interface AllocationRequest {
  readonly type: KnownType;
  /** The pool by id, name or key. */
  readonly from: unknown;
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
  /** What the caller is asked with a key. */
  readonly keyed: readonly KeyedRequest[];
  readonly resolve: (entries: readonly EntryView[]) => void;
  readonly reject: (error: unknown) => void;
}

const mostServed = 256;

export interface AllocatorOptions {
  readonly database: Database;
  readonly known: () => Catalogue;
  readonly onChange: () => void;
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
    const key = `${request.type.name} ${request.size ?? ""} ${JSON.stringify(request.from)}`;
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(key);
      const waiting = { request, keyed: untoldRequests(), resolve, reject };
      if (queue !== undefined) queue.push(waiting);
      else {
        this.#queues.set(key, [waiting]);
        void this.#serve(key);
      }
    });
  }

  /** What would be taken, without taking it. */
  async available(
    request: Omit<AllocationRequest, "set" | "author">,
  ): Promise<readonly (string | number)[]> {
    const { database, known } = this.#options;
    const [pool] = await poolsNamed(database.db, [request]);
    if (typeof pool !== "string") throw pool;
    const ground = await poolOf(database.db, known(), { type: request.type, pool }, "none");
    return freeValues(database.db, { known: known(), ...ground, request }, request.count);
  }

  async #serve(key: string): Promise<void> {
    let last = nobodyServed;
    for (;;) {
      const queue = this.#queues.get(key) ?? [];
      await gathered(() => queue.length, last);
      const batch = queue.splice(0, mostServed);
      if (batch.length === 0) {
        this.#queues.delete(key);
        return;
      }
      const start = performance.now();
      await this.#settle(batch);
      const done = performance.now();
      const callers = Math.min(mostServed, batch.length + queue.length);
      last = { callers, ms: done - start, done };
    }
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    const { database, known, onChange } = this.#options;
    try {
      const requests = batch.map(({ request }) => request);
      // The transaction belongs to all callers alike, whoever came first.
      const { ends, rows } = await withoutRaces(() => {
        const keyed = keysOf(batch);
        return whileKeyed(keyed, () =>
          database.transaction(async (tx) => {
            const served = await serve(tx, known(), requests);
            const changing = batch.filter((_, index) => "ids" in (served.ends[index] ?? {}));
            keyed.splice(0, keyed.length, ...keysOf(changing));
            return served;
          }),
        );
      });
      if (rows.size > 0) onChange();
      const views = await viewsOf(database.db, requests, ends, rows);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const end = ends[index];
        if (end === undefined || "error" in end) reject(end?.error);
        else resolve(end.ids.flatMap((id) => views.get(id) ?? []));
      }
    } catch (error) {
      // One led out of its caller's reach, or lost its key: each by itself finds out whether it is the one.
      if ((error instanceof OutOfReach || isLostKey(error)) && batch.length > 1)
        for (const one of batch) await this.#settle([one]);
      else for (const { reject } of batch) reject(error);
    }
  }
}

type End = { readonly ids: readonly string[] } | { readonly error: InventoryError };

/** The new entries as each caller may see its own. */
async function viewsOf(
  db: Db,
  requests: readonly AllocationRequest[],
  ends: readonly End[],
  rows: ReadonlyMap<string, EntryRow>,
): Promise<ReadonlyMap<string, EntryView>> {
  const views = new Map<string, EntryView>();
  const served = requests.map(({ eyes }, index) => ({ eyes, end: ends[index] }));
  for (const [eyes, own] of Map.groupBy(served, (one) => one.eyes)) {
    const ids = own.flatMap(({ end }) => (end !== undefined && "ids" in end ? end.ids : []));
    const stored = ids.flatMap((id) => rows.get(id) ?? []);
    for (const view of await viewEntries(db, stored, eyes)) views.set(view.id, view);
  }
  return views;
}

/** The pool that each request means, by id, or why it means none. */
async function poolsNamed(
  db: Db,
  requests: readonly Pick<AllocationRequest, "type" | "from" | "eyes">[],
): Promise<readonly (string | InventoryError)[]> {
  const asked = requests.map(({ type, from, eyes }) => ({
    eyes,
    request: { to: type.allocate?.from ?? [], given: from },
  }));
  const answers = new Map<Eyes, Resolutions>();
  for (const [eyes, own] of Map.groupBy(asked, (one) => one.eyes)) {
    const wanted = own.map(({ request }) => request);
    answers.set(eyes, await resolveReferences(db, wanted, { eyes, hold: false }));
  }
  return asked.map(({ eyes, request }) => {
    const answer = answers.get(eyes)?.get(requestKey(request));
    if (answer !== undefined && "id" in answer) return answer.id;
    return badRequest(
      `from ${shown(request.given)}: ${answer?.problem ?? "there is no such pool"}`,
    );
  });
}

/** Serves requests for one type and size, in order. What they call the same may be different pools: callers see different entries. */
async function serve(
  tx: Db,
  known: Catalogue,
  requests: readonly AllocationRequest[],
): Promise<{ readonly ends: readonly End[]; readonly rows: ReadonlyMap<string, EntryRow> }> {
  const pools = await poolsNamed(tx, requests);
  const ends = pools.map((pool): End => (typeof pool === "string" ? { ids: [] } : { error: pool }));
  const ids = pools.filter((pool) => typeof pool === "string");
  for (const pool of [...new Set(ids)].toSorted()) {
    const places = [...requests.keys()].filter((index) => pools[index] === pool);
    const own = places.flatMap((index) => requests[index] ?? []);
    const served = await serveFrom(tx, known, { pool, requests: own });
    for (const [place, index] of places.entries()) ends[index] = served[place] ?? { ids: [] };
  }
  const written = ends.flatMap((end) => ("ids" in end ? end.ids : []));
  return { ends, rows: await loadEntries(tx, written) };
}

/** Those for which nothing is left are refused. */
async function serveFrom(
  tx: Db,
  known: Catalogue,
  {
    pool: named,
    requests,
  }: { readonly pool: string; readonly requests: readonly AllocationRequest[] },
): Promise<readonly End[]> {
  const [first] = requests;
  if (first === undefined) return [];
  const { pool, allocation } = await poolOf(tx, known, { type: first.type, pool: named }, "write");
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
  return ends;
}

function exhausted(pool: EntryRow, { count, size, type }: AllocationRequest): InventoryError {
  const what =
    size === undefined ? `${count} ${type.name}` : `${count} ${type.name} of size ${size}`;
  return new InventoryError("INVENTORY_POOL_EXHAUSTED", [pool.name, what]);
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
