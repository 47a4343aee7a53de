/** What becomes of the requests of one transaction. */
import type { Lock } from "../inventory/lock.ts";
import { keyText, type EntryRow } from "../store/inventory/entries.ts";
import type { EntryChange } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import type { Decided } from "./inventory-write.ts";
import { viewEntries, type EntryView } from "./inventory-view.ts";

/** Undefined where it goes with the next transaction. */
export type End =
  | {
      readonly decided: Exclude<Decided, { readonly kind: "refused" }>;
      readonly locked: readonly Lock[];
    }
  | { readonly error: unknown };

export interface Outcome {
  readonly ends: readonly (End | undefined)[];
  /** Places of those that go with the next transaction. */
  readonly later: ReadonlySet<number>;
  readonly views: ReadonlyMap<string, EntryView>;
}

/** Undefined: nothing. */
export function changeOf(end: End | undefined): EntryChange | undefined {
  return end !== undefined && "decided" in end && end.decided.kind === "change"
    ? end.decided.change
    : undefined;
}

/** The written entries as each caller may see its own. */
export async function viewsOf(
  db: Db,
  settled: readonly Decided[],
  rows: ReadonlyMap<string, EntryRow>,
): Promise<ReadonlyMap<string, EntryView>> {
  const views = new Map<string, EntryView>();
  for (const [eyes, own] of Map.groupBy(settled, ({ draft }) => draft.eyes)) {
    const stored = own.flatMap(({ draft }) => rows.get(draft.id) ?? []);
    if (eyes === undefined) continue;
    for (const view of await viewEntries(db, stored, eyes)) views.set(view.id, view);
  }
  return views;
}

/** Keys that it takes, by `keyText`. */
export function claims(decided: Decided): readonly string[] {
  if (decided.kind !== "change") return [];
  const { typeId, derived } = decided.change;
  return derived.keys.added.map((key) => keyText({ type_id: typeId, ...key }));
}
