/**
 * Whose turn it is in a wave of an upsert: items about one entry go one after the other, as they stand in the call. Also those wait that are
 * about the same entry as an earlier item whose references mean nothing yet, or they would be done before it.
 */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { keyValue } from "../inventory/derive.ts";
import { patchDocument, sameJson } from "../inventory/patch.ts";
import { findKeys, keyText, type EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { Db } from "../store/schema.ts";
import type { Eyes } from "./inventory-eyes.ts";
import type { Step } from "./inventory-upsert-target.ts";
import type { Draft } from "./inventory-write.ts";

export interface StepDraft {
  readonly step: Step;
  readonly draft: Draft;
}

interface Turns {
  /** Id of the entry that a step is about, "" for a new one; steps without one failed. */
  readonly targets: ReadonlyMap<number, string>;
  readonly stored: ReadonlyMap<string, EntryRow>;
  readonly known: Catalogue;
  readonly eyes: Eyes;
  readonly resolved: ReadonlySet<string>;
  /** What earlier items are about that wait: ids and keys; undefined: those are not waited for. */
  readonly before: ReadonlySet<string> | undefined;
}

interface Turn {
  /** What is done now. */
  readonly drafts: readonly StepDraft[];
  /** What the steps are about that wait. */
  readonly behind: ReadonlySet<string>;
}

/** Who goes now. */
export async function inTurn(
  db: Db,
  steps: readonly Step[],
  { targets, stored, known, eyes, resolved, before }: Turns,
): Promise<Turn> {
  const all = before === undefined ? steps.filter(isResolved) : steps;
  const holders = await holdersOf(db, all);
  const taken = new Set(before);
  const behind = new Set<string>();
  const drafts: StepDraft[] = [];
  for (const step of all) {
    const target = isResolved(step) ? targets.get(step.index) : (step.item.id ?? "");
    if (target === undefined) continue;
    const row = stored.get(target);
    const about = aboutOf(step, target, holders);
    const gone = target !== "" && row?.deletedAt !== null;
    if (gone || !isResolved(step) || about.some((one) => taken.has(one)))
      about.forEach((one) => behind.add(one));
    else {
      const type = known.byId.get(step.type.id) ?? step.type;
      drafts.push({ step, draft: { ...draftOf(step, type, row), eyes, resolved } });
    }
    about.forEach((one) => taken.add(one));
  }
  return { drafts, behind };
}

function isResolved({ unresolved }: Step): boolean {
  return unresolved.size === 0;
}

/** The entry and the keys that a step is about, as far as they are known. */
function aboutOf(
  step: Step,
  target: string,
  holders: ReadonlyMap<string, string>,
): readonly string[] {
  const keys = keysOf(step).map(keyText);
  const held = isResolved(step) ? [] : keys.flatMap((key) => holders.get(key) ?? []);
  return [...keys, ...held, ...(target === "" ? [] : [target])];
}

function keysOf({ type, set, setOnce, unresolved }: Step) {
  const values = { ...setOnce, ...set };
  return type.keys.flatMap((key) => {
    const value = keyValue(type, key, values);
    if (value === undefined || key.attributes.some((name) => unresolved.has(name))) return [];
    return [{ type_id: type.id, key_name: key.name, key_value: value }];
  });
}

/** Who holds the keys of steps that are not resolved. */
async function holdersOf(db: Db, steps: readonly Step[]): Promise<ReadonlyMap<string, string>> {
  const keys = steps.filter((step) => !isResolved(step)).flatMap(keysOf);
  return new Map((await findKeys(db, keys)).map((hit) => [keyText(hit), hit.entry_id]));
}

function draftOf(
  { set, setOnce, item, index }: Step,
  type: KnownType,
  before: EntryRow | undefined,
): Omit<Draft, "eyes"> {
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
    place: index,
  };
}
