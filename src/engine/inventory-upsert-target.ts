/** Which entry each item of an upsert is about, by its match orders, as far as the caller may read what is matched by. */
import type { KnownType } from "../inventory/catalogue.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { matchProbes, type MatchProbe, type UpsertItem } from "../inventory/upsert.ts";
import type { JsonObject } from "../model/json.ts";
import { findContaining, findKeys, keyText, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { mayRead, type Eyes } from "./inventory-eyes.ts";
import { stale } from "./inventory-patched.ts";
import { unwritable } from "./inventory-permit.ts";

/** An item that is not settled yet. */
export interface Waiting {
  readonly index: number;
  readonly item: UpsertItem;
}

export type Fail = (waiting: Waiting, error: InventoryError) => void;

/** One item on its way through a wave. */
export interface Step extends Waiting {
  /** As it exists for the caller. */
  readonly type: KnownType;
  readonly set: JsonObject;
  readonly setOnce: JsonObject;
  /** Attributes that mean nothing yet, since what they refer to is not there: the step waits. */
  readonly unresolved: ReadonlySet<string>;
}

export interface Targets {
  /** Target entry per step index: its id, or "" for a new one. Steps that failed are missing. */
  readonly targets: Map<number, string>;
  /** Keys that were sought and that nobody holds, by `keyText`. */
  readonly free: ReadonlySet<string>;
}

/** What each step is about. */
export async function findTargets(
  db: Db,
  { steps, eyes }: { readonly steps: readonly Step[]; readonly eyes: Eyes },
  fail: Fail,
): Promise<Targets> {
  const probes = new Map(
    steps.map((step) => [
      step.index,
      matchProbes(step.type, step.item.match, { ...step.setOnce, ...step.set }),
    ]),
  );
  const keys = [...probes.values()].flatMap((list) => list.flatMap((probe) => probe.key ?? []));
  const holders = new Map((await findKeys(db, keys)).map((hit) => [keyText(hit), hit.entry_id]));
  const targets = new Map<number, string>();
  for (const step of steps) {
    const orders = probes.get(step.index) ?? [];
    if (step.item.id !== undefined) {
      const [id] = await readableOf(db, eyes, { ids: [step.item.id], type: step.type, names: [] });
      if (id === undefined) fail(step, unknownEntry(step));
      else targets.set(step.index, id);
    } else if (orders.length === 0) fail(step, nothingToMatch(step));
    else {
      const hits = await firstHits(db, { type: step.type, eyes }, orders, holders);
      if (hits.length > 1) fail(step, ambiguous(step, hits));
      else targets.set(step.index, hits[0] ?? "");
    }
  }
  const free = keys.map(keyText).filter((key) => !holders.has(key));
  return { targets, free: new Set(free) };
}

/** Match orders are tried one after the other; the first that finds anything decides. */
async function firstHits(
  db: Db,
  { type, eyes }: { readonly type: KnownType; readonly eyes: Eyes },
  orders: readonly MatchProbe[],
  holders: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  for (const { key, containing } of orders) {
    if (key !== undefined) {
      const holder = holders.get(keyText(key));
      const names = type.keys.find(({ name }) => name === key.key_name)?.attributes ?? [];
      const seen = await readableOf(db, eyes, {
        ids: holder === undefined ? [] : [holder],
        type,
        names,
      });
      if (seen.length > 0) return seen;
    } else {
      const hits = await findContaining(db, type.id, containing, 10);
      const names = Object.keys(containing);
      const seen = await readableOf(db, eyes, { ids: hits, type, names });
      if (seen.length > 0) return seen;
    }
  }
  return [];
}

/** Those of the entries of which the caller may read these attributes: what cannot be read cannot be matched by. */
async function readableOf(
  db: Db,
  eyes: Eyes,
  {
    ids,
    type,
    names,
  }: {
    readonly ids: readonly string[];
    readonly type: KnownType;
    readonly names: readonly string[];
  },
): Promise<readonly string[]> {
  if (eyes.unlimited || ids.length === 0) return ids;
  const sights = await eyes.sights(
    db,
    ids.map((id) => ({ id, typeId: type.id })),
  );
  return ids.filter((id) => names.every((name) => mayRead(sights.get(id), name)) && sights.has(id));
}

/** Refuses items that name an entry which is not there, or a version which it has no more. */
export function refuseMisaimed(
  {
    steps,
    targets,
    stored,
  }: {
    readonly steps: readonly Step[];
    readonly targets: Map<number, string>;
    readonly stored: ReadonlyMap<string, EntryRow>;
  },
  fail: Fail,
): void {
  for (const step of steps) {
    const { id, ifVersion } = step.item;
    const row = stored.get(targets.get(step.index) ?? "");
    const there = row !== undefined && row.deletedAt === null && row.typeId === step.type.id;
    if (id !== undefined && targets.has(step.index) && !there) fail(step, unknownEntry(step));
    else if (row !== undefined && ifVersion !== undefined && row.version !== ifVersion)
      fail(step, stale(row, ifVersion));
    else continue;
    targets.delete(step.index);
  }
}

function unknownEntry({ type, item }: Step): InventoryError {
  return new InventoryError("INVENTORY_ENTRY_UNKNOWN", [`${type.name} ${item.id ?? ""}`]);
}

/** Refuses items that name attributes which the caller may not read of the entry: even that nothing changes would tell something. */
export async function refuseHidden(
  db: Db,
  {
    steps,
    targets,
    stored,
    eyes,
  }: {
    readonly steps: readonly Step[];
    readonly targets: Map<number, string>;
    readonly stored: ReadonlyMap<string, EntryRow>;
    readonly eyes: Eyes;
  },
  fail: Fail,
): Promise<void> {
  if (eyes.unlimited) return;
  const sights = await eyes.sights(db, [...stored.values()]);
  for (const step of steps) {
    const { type, item, index } = step;
    const target = targets.get(index);
    if (target === undefined || target === "") continue;
    const names = Object.keys({ ...item.set, ...item.setOnce, ...item.add });
    const refused = unwritable({ type, eyes }, sights.get(target), names);
    if (refused === undefined) continue;
    fail(step, refused);
    targets.delete(index);
  }
}

function nothingToMatch({ type, item }: Step): InventoryError {
  const orders = item.match ?? type.keys.map(({ attributes }) => attributes);
  const list = orders.map((names) => names.join("+")).join(" or ");
  return badRequest(
    `none of the match attributes has a value; needed is ${list === "" ? "a match, since the type has no keys" : list}`,
  );
}

function ambiguous({ type }: Step, hits: readonly string[]): InventoryError {
  return badRequest(`${hits.length} entries of ${type.name} match: ${hits.join(", ")}`, {
    ambiguous: hits,
  });
}
