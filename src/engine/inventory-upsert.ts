/** Idempotent bulk writes: each item finds its entry by match orders and is created, merged into it, or told why not. */
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import { derive } from "../inventory/derive.ts";
import { patchDocument, sameJson } from "../inventory/patch.ts";
import { badRequest, InventoryError, invalidEntry } from "../inventory/problem.ts";
import { referencesIn } from "../inventory/references.ts";
import { matchProbes, type MatchProbe, type UpsertItem } from "../inventory/upsert.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Database } from "../store/database.ts";
import {
  findContaining,
  findKeys,
  loadEntries,
  type EntryRow,
} from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { closeChangeset, type ChangesetRow } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import { apply, check, decide, withoutRaces, type Decided, type Draft } from "./inventory-write.ts";

export interface UpsertResult {
  readonly result: "created" | "updated" | "unchanged" | "ambiguous" | "conflict" | "invalid";
  /** The entry; absent when there is none. */
  readonly id?: string;
  readonly name?: string;
  readonly version?: number;
  readonly changed?: readonly string[];
  /** Why not, with details as in the API's errors. */
  readonly error?: string;
  readonly details?: JsonObject;
}

/** Items of one transaction: long ones would hold up the change feed. */
const waveSize = 1000;

interface Waiting {
  readonly index: number;
  readonly item: UpsertItem;
}

/**
 * One result per item, in order; items that fail leave the others alone. Items may depend on each other in any order (a device and its
 * rack, two lines about one device): what cannot be done yet waits for the next wave, as long as waves make progress.
 */
export async function upsertAll(
  database: Database,
  known: Catalogue,
  items: readonly UpsertItem[],
  changeset: ChangesetRow,
): Promise<readonly UpsertResult[]> {
  const results = new Map<number, UpsertResult>();
  let waiting: readonly Waiting[] = items.map((item, index) => ({ index, item }));
  let stuck = 0;
  let open = false;
  while (waiting.length > 0) {
    const wave = waiting.slice(stuck, stuck + waveSize);
    const last = wave.length === 0;
    const round = last ? waiting.slice(0, waveSize) : wave;
    const done = await withoutRaces(() =>
      database.transaction((tx) =>
        runWave(tx, { known, changeset, wave: round, final: last, left: waiting.length }),
      ),
    );
    if (done.written > 0) open = done.open;
    for (const [index, result] of done.results) results.set(index, result);
    waiting = waiting.filter(({ index }) => !done.results.has(index));
    // Whoever waits for others stays in front; a wave that wrote something may have made it possible.
    stuck = done.written > 0 ? 0 : stuck + round.length - done.results.size;
  }
  if (open && changeset.open !== true) await closeChangeset(database.db, changeset.id);
  return items.map((_, index) => results.get(index) ?? { result: "invalid" });
}

interface Wave {
  readonly known: Catalogue;
  readonly changeset: ChangesetRow;
  readonly wave: readonly Waiting[];
  /** Nothing more can be waited for: what does not resolve now is an error. */
  readonly final: boolean;
  /** Items that have no result yet, those of the wave among them. */
  readonly left: number;
}

/** One item on its way through a wave. */
interface Step extends Waiting {
  readonly type: KnownType;
  readonly set: JsonObject;
  readonly setOnce: JsonObject;
}

async function runWave(db: Db, { known, changeset, wave, final, left }: Wave) {
  const results = new Map<number, UpsertResult>();
  const fail = ({ index }: Waiting, error: InventoryError): void => {
    results.set(index, failure(error));
  };
  const typed = wave.flatMap((waiting) => withType(known, waiting, fail));
  const requests = typed.flatMap(({ type, item }) => [
    ...referencesIn(type, item.set),
    ...referencesIn(type, item.setOnce),
  ]);
  const resolutions = await resolveReferences(db, requests, { known, hold: true });
  const steps = typed.flatMap((one) => canonical(one, resolutions, { fail, final }));
  const targets = await findTargets(db, steps, fail);
  const { drafts, later } = draftsOf(
    steps,
    targets,
    await loadEntries(
      db,
      [...new Set(targets.values())].filter((id) => id !== "").toSorted(),
      "write",
    ),
  );
  const decided = await decide(
    db,
    drafts.map(({ draft }) => draft),
    { known, hold: true },
  );
  const { settled, conflicting } = withoutSharedKeys(drafts, decided);
  for (const { step, decision } of settled) results.set(step.index, outcome(decision));
  const open = changeset.open === true || results.size < left;
  const written = await apply(
    db,
    settled.map(({ decision }) => decision),
    { ...changeset, open },
  );
  return { results, written, open, waiting: later + conflicting };
}

type Fail = (waiting: Waiting, error: InventoryError) => void;

function failure(error: InventoryError): UpsertResult {
  const kinds: Partial<Record<string, UpsertResult["result"]>> = {
    INVENTORY_KEY_TAKEN: "conflict",
    INVENTORY_STALE: "conflict",
  };
  const result = error.details["ambiguous"] === undefined ? kinds[error.code] : "ambiguous";
  return { result: result ?? "invalid", error: error.message, details: error.details };
}

function withType(known: Catalogue, waiting: Waiting, fail: Fail) {
  try {
    return [{ ...waiting, type: typeNamed(known, waiting.item.type) }];
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    fail(waiting, error);
    return [];
  }
}

function canonical(
  one: Waiting & { readonly type: KnownType },
  resolutions: Resolutions,
  { fail, final }: { fail: Fail; final: boolean },
): Step[] {
  const { type, item } = one;
  const removed = Object.entries(item.set).filter(([, value]) => value === null);
  const set = check(type, item.set, resolutions, "part");
  const setOnce = check(type, item.setOnce, resolutions, "part");
  if ("document" in set && "document" in setOnce)
    return [
      {
        ...one,
        set: { ...set.document, ...Object.fromEntries(removed) },
        setOnce: setOnce.document,
      },
    ];
  const unresolved = [...resolutions.values()].some((answer) => "problem" in answer);
  if (!unresolved || final)
    fail(
      one,
      invalidEntry(type.name, [
        ...("problems" in set ? set.problems : []),
        ...("problems" in setOnce ? setOnce.problems : []),
      ]),
    );
  return [];
}

/** Target entry per step index: its id, or "" for a new one. Steps that failed are missing. */
async function findTargets(
  db: Db,
  steps: readonly Step[],
  fail: Fail,
): Promise<Map<number, string>> {
  const probes = new Map(
    steps.map((step) => [
      step.index,
      matchProbes(step.type, step.item.match, { ...step.setOnce, ...step.set }),
    ]),
  );
  const keys = [...probes.values()].flatMap((list) => list.flatMap((probe) => probe.key ?? []));
  const holders = new Map(
    (await findKeys(db, keys)).map((hit) => [
      JSON.stringify([hit.type_id, hit.key_name, hit.key_value]),
      hit.entry_id,
    ]),
  );
  const targets = new Map<number, string>();
  for (const step of steps) {
    const orders = probes.get(step.index) ?? [];
    if (orders.length === 0) fail(step, nothingToMatch(step));
    else {
      const hits = await firstHits(db, step.type.id, orders, holders);
      if (hits.length > 1) fail(step, ambiguous(step, hits));
      else targets.set(step.index, hits[0] ?? "");
    }
  }
  return targets;
}

/** Match orders are tried one after the other; the first that finds anything decides. */
async function firstHits(
  db: Db,
  typeId: number,
  orders: readonly MatchProbe[],
  holders: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  for (const { key, containing } of orders) {
    if (key !== undefined) {
      const holder = holders.get(JSON.stringify([key.type_id, key.key_name, key.key_value]));
      if (holder !== undefined) return [holder];
    } else {
      const hits = await findContaining(db, typeId, containing, 10);
      if (hits.length > 0) return hits;
    }
  }
  return [];
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

interface StepDraft {
  readonly step: Step;
  readonly draft: Draft;
}

/** Two items about one entry go one after the other: the later one waits for the next wave. */
function draftsOf(
  steps: readonly Step[],
  targets: ReadonlyMap<number, string>,
  stored: ReadonlyMap<string, EntryRow>,
): { drafts: readonly StepDraft[]; later: number } {
  const taken = new Set<string>();
  const drafts: StepDraft[] = [];
  let later = 0;
  for (const step of steps) {
    const target = targets.get(step.index);
    if (target === undefined) continue;
    const before = stored.get(target);
    if (taken.has(target) || (target !== "" && before?.deletedAt !== null)) later += 1;
    else {
      if (target !== "") taken.add(target);
      drafts.push({ step, draft: draftOf(step, before) });
    }
  }
  return { drafts, later };
}

function draftOf({ type, set, setOnce, item }: Step, before: EntryRow | undefined): Draft {
  const merged = patchDocument({ ...setOnce, ...before?.doc }, set);
  const added = Object.entries(item.add).map(([name, values]) => {
    const present = merged[name];
    const old: readonly unknown[] = Array.isArray(present) ? present : [];
    const fresh = values.filter((value) => !old.some((one) => sameJson(one, value)));
    return [name, [...old, ...fresh]];
  });
  return {
    id: before?.id ?? uuidv7(),
    type,
    op: before === undefined ? "I" : "U",
    before,
    document: { ...merged, ...Object.fromEntries(added) },
  };
}

/** Of several items that want the same key, the first has it; the others see that in the next wave, as do those that lost a race. */
function withoutSharedKeys(drafts: readonly StepDraft[], decided: readonly Decided[]) {
  const taken = new Set<string>();
  let conflicting = 0;
  const settled = decided.flatMap((decision, index) => {
    const step = drafts[index]?.step;
    if (step === undefined) return [];
    const keys =
      decision.kind === "change"
        ? decision.change.derived.keys.added.map((key) =>
            JSON.stringify([decision.change.typeId, key.key_name, key.key_value]),
          )
        : [];
    if (keys.some((key) => taken.has(key)) || wasCreatedMeanwhile(step, decision)) {
      conflicting += 1;
      return [];
    }
    for (const key of keys) taken.add(key);
    return [{ step, decision }];
  });
  return { settled, conflicting };
}

/** A match found nothing, and yet its key is taken: somebody else created the entry between the two looks. The next wave finds it. */
function wasCreatedMeanwhile({ type, item, set, setOnce }: Step, decision: Decided): boolean {
  if (decision.kind !== "refused" || decision.draft.op !== "I") return false;
  const { conflicts } = decision.error.details;
  const probes = matchProbes(type, item.match, { ...setOnce, ...set });
  const matched = new Set<unknown>(probes.map(({ key }) => key?.key_name));
  return (
    Array.isArray(conflicts) && conflicts.some((one) => isObject(one) && matched.has(one["key"]))
  );
}

function outcome(decision: Decided): UpsertResult {
  switch (decision.kind) {
    case "refused":
      return failure(decision.error);
    case "unchanged": {
      const { id, before } = decision.draft;
      const name = before?.name ?? derive(decision.draft.type, decision.draft.document).name;
      return { result: "unchanged", id, name, version: before?.version ?? 0, changed: [] };
    }
    case "change": {
      const { id, name, version, changed, op } = decision.change;
      return { result: op === "I" ? "created" : "updated", id, name, version, changed };
    }
  }
}
