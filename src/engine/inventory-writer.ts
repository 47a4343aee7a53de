/**
 * Writes single entries, many callers' at once: what arrives while a transaction is out goes with the next one.
 *
 * 1. Each request is decided by itself and has its own changeset; a refused one takes no other with it.
 * 2. Of several requests about one entry, or wanting the same key, only the first is in a transaction; the others see what it did.
 * 3. An answer is given after the commit. */
import { passing } from "../model/crash-points.ts";
import type { Catalogue } from "../inventory/catalogue.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import type { Lock } from "../inventory/lock.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { shown } from "../inventory/validate.ts";
import type { Database } from "../store/database.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import {
  isLostKey,
  type KeyedRequest,
  keysOf,
  untoldRequests,
  whileKeyed,
} from "../store/keyed.ts";
import type { Db } from "../store/schema.ts";
import type { Allowed, Eyes } from "./inventory-eyes.ts";
import { gathered, nobodyServed } from "./inventory-gather.ts";
import { heedLocks } from "./inventory-locks.ts";
import { insistOnReach, OutOfReach } from "./inventory-permit.ts";
import { writeAll } from "./inventory-recompute.ts";
import type { EntryView } from "./inventory-view.ts";
import {
  changesetOf,
  decide,
  isRace,
  withoutRaces,
  type Author,
  type Draft,
} from "./inventory-write.ts";
import { changeOf, claims, type End, type Outcome, viewsOf } from "./inventory-writer-ends.ts";

export interface WriteRequest {
  readonly author: Author;
  /** Whose grants decide. */
  readonly eyes: Eyes;
  /** The stored entry that it is about; undefined for a new one. */
  readonly id: string | undefined;
  /** What the entry is to become; `row` is locked, and missing when the caller may not see it. Throws InventoryError when that cannot be. */
  draft(
    tx: Db,
    row: EntryRow | undefined,
    allowed: Allowed | undefined,
  ): Omit<Draft, "eyes"> | Promise<Omit<Draft, "eyes">>;
}

export interface Written {
  /** False: it was so already. */
  readonly changed: boolean;
  readonly op: Draft["op"];
  readonly entry: EntryView;
  /** What was edited that other sources own. */
  readonly locked: readonly Lock[];
}

interface Waiting {
  readonly request: WriteRequest;
  /** What the caller is asked with a key. */
  readonly keyed: readonly KeyedRequest[];
  readonly resolve: (written: Written) => void;
  readonly reject: (error: unknown) => void;
}

const largestBatch = 128;

export interface WriterOptions {
  readonly database: Database;
  readonly known: () => Catalogue;
  /** Awaited before callers are answered. */
  readonly onChange: () => Promise<void>;
}

export class InventoryWriter {
  readonly #options: WriterOptions;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Rejects with InventoryError when the request cannot be fulfilled. */
  write(request: WriteRequest): Promise<Written> {
    if (request.id !== undefined && !isUuid(request.id)) {
      const message = `${shown(request.id)} is not an id of an entry; expected a UUID`;
      return Promise.reject(badRequest(message));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, keyed: untoldRequests(), resolve, reject });
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    let last = nobodyServed;
    for (;;) {
      await gathered(() => this.#waiting.length, last);
      if (this.#waiting.length === 0) break;
      const batch = this.#next();
      const start = performance.now();
      await this.#settle(batch);
      const done = performance.now();
      const callers = Math.min(largestBatch, batch.length + this.#waiting.length);
      last = { callers, ms: done - start, done };
    }
    this.#busy = false;
  }

  /** As many as one transaction takes, each about another entry. */
  #next(): readonly Waiting[] {
    const batch: Waiting[] = [];
    const later: Waiting[] = [];
    const taken = new Set<string>();
    for (const one of this.#waiting) {
      const id = one.request.id?.toLowerCase();
      if (batch.length >= largestBatch || (id !== undefined && taken.has(id))) later.push(one);
      else {
        batch.push(one);
        if (id !== undefined) taken.add(id);
      }
    }
    this.#waiting = later;
    return batch;
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const { ends, views, later } = await this.#commit(batch);
      this.#waiting.unshift(...batch.filter((_, index) => later.has(index)));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const end = ends[index];
        if (end === undefined) continue;
        if ("error" in end) reject(end.error);
        else answer(end, views, { resolve, reject });
      }
    } catch (error) {
      const mixed = batch.length > 1 && (error instanceof OutOfReach || isLostKey(error));
      if (isRace(error) || mixed) await Promise.all(batch.map((one) => this.#alone(one)));
      else for (const { reject } of batch) reject(error);
    }
  }

  /** Somebody else was faster with one of them, one led out of its caller's reach, or lost its key: each by itself finds out whether it is the one. */
  async #alone(one: Waiting): Promise<void> {
    const { resolve, reject } = one;
    try {
      const { ends, views } = await withoutRaces(() => this.#commit([one]));
      const [end] = ends;
      if (end === undefined || "error" in end) reject(end?.error);
      else answer(end, views, { resolve, reject });
    } catch (error) {
      reject(error);
    }
  }

  /** The transaction belongs to all callers alike, whoever came first. */
  #commit(batch: readonly Waiting[]): Promise<Outcome> {
    const keyed = keysOf(batch);
    return whileKeyed(keyed, () => this.#write(batch, keyed));
  }

  async #write(batch: readonly Waiting[], keyed: KeyedRequest[]): Promise<Outcome> {
    const requests = batch.map(({ request }) => request);
    const { database, known, onChange } = this.#options;
    const done = await database.transaction(async (tx) => {
      const { ends, later } = await this.#decide(tx, requests);
      const changing = batch.filter((_, index) => changeOf(ends[index]) !== undefined);
      keyed.splice(0, keyed.length, ...keysOf(changing));
      const sets = requests.flatMap(({ author }, index) => {
        const change = changeOf(ends[index]);
        return change === undefined ? [] : [{ changeset: changesetOf(author), changes: [change] }];
      });
      await writeAll(tx, known(), sets);
      const settled = ends.flatMap((end) =>
        end !== undefined && "decided" in end ? [end.decided] : [],
      );
      await insistOnReach(tx, settled);
      const rows = await loadEntries(
        tx,
        settled.map(({ draft }) => draft.id),
      );
      passing("inventory.before-commit");
      return { ends, later, rows, settled, written: sets.length };
    });
    passing("inventory.after-commit");
    if (done.written > 0) await onChange();
    return { ...done, views: await viewsOf(database.db, done.settled, done.rows) };
  }

  async #decide(
    tx: Db,
    requests: readonly WriteRequest[],
  ): Promise<{ ends: (End | undefined)[]; later: ReadonlySet<number> }> {
    const ids = requests.flatMap(({ id }) => (id === undefined ? [] : [id.toLowerCase()]));
    const rows = await loadEntries(tx, ids, "write");
    const seen = await sightsOf(tx, requests, rows);
    const ends: (End | undefined)[] = requests.map(() => undefined);
    const drafts: { index: number; draft: Draft }[] = [];
    for (const [index, request] of requests.entries()) {
      try {
        const allowed = seen.get(request);
        const stored = request.id === undefined ? undefined : rows.get(request.id.toLowerCase());
        const row = allowed === undefined ? undefined : stored;
        // In order and one by one: a draft rarely asks the database, and then on this one connection.
        const draft = await request.draft(tx, row, allowed);
        drafts.push({ index, draft: { ...draft, eyes: request.eyes } });
      } catch (error) {
        if (!(error instanceof InventoryError)) throw error;
        ends[index] = { error };
      }
    }
    const decided = await decide(
      tx,
      drafts.map(({ draft }) => draft),
      this.#options.known(),
    );
    const later = new Set<number>();
    const claimed = new Set<string>();
    for (const [position, one] of decided.entries()) {
      const index = drafts[position]?.index ?? 0;
      if (one.kind === "refused") ends[index] = { error: one.error };
      else if (claims(one).some((key) => claimed.has(key))) later.add(index);
      else {
        for (const key of claims(one)) claimed.add(key);
        ends[index] = { decided: one, locked: [] };
      }
    }
    await this.#heed(tx, requests, ends);
    return { ends, later };
  }

  /** Refuses edits of what other sources own, or notes them. */
  async #heed(tx: Db, requests: readonly WriteRequest[], ends: (End | undefined)[]): Promise<void> {
    const edits = requests.flatMap(({ author }, index) => {
      const end = ends[index];
      return end !== undefined && "decided" in end ? [{ index, author, decided: end.decided }] : [];
    });
    const heeded = await heedLocks(tx, this.#options.known(), edits);
    for (const [position, { decided, locks }] of heeded.entries()) {
      const index = edits[position]?.index ?? 0;
      ends[index] =
        decided.kind === "refused" ? { error: decided.error } : { decided, locked: locks };
    }
  }
}

/** What each caller may do with the stored entry that its request is about. */
async function sightsOf(
  tx: Db,
  requests: readonly WriteRequest[],
  rows: ReadonlyMap<string, EntryRow>,
): Promise<ReadonlyMap<WriteRequest, Allowed>> {
  const found = new Map<WriteRequest, Allowed>();
  for (const [eyes, own] of Map.groupBy(requests, (request) => request.eyes)) {
    const stored = own.flatMap(({ id = "" }) => rows.get(id.toLowerCase()) ?? []);
    const sights = await eyes.sights(tx, stored);
    for (const request of own) {
      const allowed = sights.get(request.id?.toLowerCase() ?? "");
      if (allowed !== undefined) found.set(request, allowed);
    }
  }
  return found;
}

function answer(
  { decided: { kind, draft }, locked }: Extract<End, { readonly decided: unknown }>,
  views: ReadonlyMap<string, EntryView>,
  { resolve, reject }: Pick<Waiting, "resolve" | "reject">,
): void {
  const entry = views.get(draft.id);
  if (entry === undefined) reject(new InventoryError("INVENTORY_ENTRY_UNKNOWN", [draft.id]));
  else resolve({ changed: kind === "change", op: draft.op, entry, locked });
}
