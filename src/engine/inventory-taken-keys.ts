/** Keys that other entries have already. Who holds one is told to those who may see the holder. */
import { InventoryError } from "../inventory/problem.ts";
import { findKeys, keyText, type KeyHit } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { seenNames } from "./inventory-view.ts";
import type { Decided } from "./inventory-write.ts";

/** Refuses changes whose keys other entries hold, unless one of the same call gives them up. `free`: keys that are known to be nobody's. */
export async function refuseTakenKeys(
  db: Db,
  decided: readonly Decided[],
  { open, free }: { readonly open: Eyes; readonly free: ReadonlySet<string> },
): Promise<readonly Decided[]> {
  const wanted = decided.flatMap((one) =>
    one.kind === "change"
      ? one.change.derived.keys.added.map((key) => ({ type_id: one.change.typeId, ...key }))
      : [],
  );
  const held = await findKeys(
    db,
    wanted.filter((key) => !free.has(keyText(key))),
  );
  if (held.length === 0) return decided;
  const holders = new Map(held.map((hit) => [keyText(hit), hit]));
  const ids = held.map(({ entry_id }) => entry_id);
  const names = new Map<Eyes, Awaited<ReturnType<typeof seenNames>>>();
  for (const eyes of new Set(decided.map(({ draft }) => draft.eyes ?? open)))
    names.set(eyes, await seenNames(db, ids, eyes));
  return settledWith(decided, (all) => {
    // A key that another entry of the same call gives up is free.
    const released = new Set(all.flatMap(removedOf));
    return all.map((one) => {
      if (one.kind !== "change") return one;
      const taken = addedOf(one).flatMap((text) => {
        const hit = holders.get(text);
        return hit === undefined || released.has(text) || hit.entry_id === one.change.id
          ? []
          : [hit];
      });
      if (taken.length === 0) return one;
      const eyes = one.draft.eyes ?? open;
      const error = keyTaken(one.draft.type.name, taken, { eyes, names: names.get(eyes) });
      return { kind: "refused", draft: one.draft, error };
    });
  });
}

function addedOf(one: Decided): readonly string[] {
  if (one.kind !== "change") return [];
  return one.change.derived.keys.added.map((key) =>
    keyText({ type_id: one.change.typeId, ...key }),
  );
}

function removedOf(one: Decided): readonly string[] {
  if (one.kind !== "change") return [];
  return one.change.derived.keys.removed.map((key) =>
    keyText({ type_id: one.change.typeId, ...key }),
  );
}

function changesIn(all: readonly Decided[]): number {
  return all.filter(({ kind }) => kind === "change").length;
}

/** Judges again until nothing more is refused: what is refused gives up no key, for which another may have hoped. */
function settledWith(
  decided: readonly Decided[],
  judge: (all: readonly Decided[]) => readonly Decided[],
): readonly Decided[] {
  let all = decided;
  for (;;) {
    const next = judge(all);
    if (changesIn(next) === changesIn(all)) return next;
    all = next;
  }
}

function keyTaken(
  type: string,
  taken: readonly KeyHit[],
  {
    eyes,
    names,
  }: {
    readonly eyes: Eyes;
    readonly names: ReadonlyMap<string, { readonly name: string }> | undefined;
  },
): InventoryError {
  const conflicts = taken.map(({ type_id, key_name, key_value, entry_id }) => {
    const keys = eyes.known.byId.get(type_id)?.keys ?? [];
    const holder = names?.get(entry_id);
    return {
      key: key_name,
      // Of a key with a hidden part the value would tell that part.
      value: keys.some(({ name }) => name === key_name) ? key_value : null,
      entry: holder === undefined ? null : { id: entry_id, type, name: holder.name },
    };
  });
  const list = conflicts.map(({ key, value, entry }) => {
    const what = `${key} ${value ?? "(with a part that you may not read)"}`;
    return entry === null
      ? `${what} is taken by an entry that you may not see`
      : `${what} belongs to ${type} ${entry.name} (${entry.id})`;
  });
  return new InventoryError("INVENTORY_KEY_TAKEN", [list.join("; ")], { conflicts });
}

/** Of entries that would have the same key, the first has it. `holders` remembers them over several calls. */
export function withoutDoubles(
  decided: readonly Decided[],
  holders = new Map<string, string>(),
): readonly Decided[] {
  const kept = new Set<string>();
  return settledWith(decided, (all) => {
    const judged = all.map((one): Decided => {
      if (one.kind !== "change") return one;
      const place = addedOf(one).findIndex((text) => {
        const holder = holders.get(text) ?? one.change.id;
        holders.set(text, holder);
        return holder !== one.change.id || kept.has(text);
      });
      const taken = one.change.derived.keys.added[place];
      return taken === undefined ? one : sharedKey(one.draft, taken);
    });
    // Their keys stay theirs.
    for (const [index, one] of all.entries())
      if (judged[index]?.kind === "refused") for (const text of removedOf(one)) kept.add(text);
    return judged;
  });
}

function sharedKey(
  draft: Decided["draft"],
  { key_name: name, key_value: value }: { readonly key_name: string; readonly key_value: string },
): Decided {
  const message = `${name} ${value} belongs to another ${draft.type.name} too`;
  const details = { errors: [{ path: name, message }] };
  return {
    kind: "refused",
    draft,
    error: new InventoryError("INVENTORY_KEY_TAKEN", [message], details),
  };
}
