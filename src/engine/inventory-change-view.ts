/** Which parts of a proposed change somebody sees, and of what stood against it. */
import type { ChangeRow } from "../store/inventory/change-requests.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import type { JsonObject } from "../model/json.ts";
import { mayRead } from "./inventory-eyes.ts";
import type { Ground } from "./inventory-history.ts";

/** With the present values of what is to change. Whoever proposed it sees all of it. */
export async function seenItems(
  { db, known, eyes }: Ground,
  row: ChangeRow,
  actor: string,
): Promise<readonly JsonObject[]> {
  const stored = await loadEntries(
    db,
    row.items.flatMap(({ id }) => id ?? []),
  );
  const sights = await eyes.sights(db, [...stored.values()]);
  const own = row.createdBy === actor;
  return row.items.flatMap((item): readonly JsonObject[] => {
    const entry = stored.get(item.id ?? "");
    const type = known.byName.get(item.type);
    const allowed = sights.get(item.id ?? "");
    const creates =
      item.id === null && type !== undefined && eyes.ever(type.id, "approve") !== undefined;
    const reads = (name: string): boolean =>
      item.id === null ? type?.attributes.has(name) === true : mayRead(allowed, name);
    if (!own && !creates && allowed === undefined) return [];
    const names = Object.keys(item.attributes).filter((name) => own || reads(name));
    const pick = (from: JsonObject | undefined): JsonObject =>
      Object.fromEntries(names.filter(reads).map((name) => [name, from?.[name] ?? null]));
    return [
      {
        ...item,
        attributes: Object.fromEntries(names.map((name) => [name, item.attributes[name] ?? null])),
        ...(entry === undefined || allowed === undefined
          ? {}
          : { present: pick(entry.doc), present_version: entry.version }),
      },
    ];
  });
}

/** Faults that speak of the entry itself and of no other. */
const ownFaults = new Set(["INVENTORY_STALE", "INVENTORY_INVALID"]);

/** What stood against a change. It was found with the eyes of who applied it: told is what the caller may read all of. */
export async function seenProblems(
  { db, known, eyes }: Ground,
  { items, problems }: ChangeRow,
): Promise<readonly JsonObject[]> {
  if (eyes.unlimited || problems.length === 0) return problems;
  const stored = await loadEntries(
    db,
    items.flatMap(({ id }) => id ?? []),
  );
  const sights = await eyes.sights(db, [...stored.values()]);
  const readsAll = (place: unknown): boolean => {
    const item = typeof place === "number" ? items[place] : undefined;
    const allowed = sights.get(item?.id ?? "");
    const all = eyes.whole.byId.get(stored.get(item?.id ?? "")?.typeId ?? 0)?.attributes.keys();
    return all !== undefined && [...all].every((name) => mayRead(allowed, name));
  };
  return problems.map((problem) => {
    const { code = null, item, type } = problem;
    if (typeof code === "string" && ownFaults.has(code) && readsAll(item)) return problem;
    const about = typeof type === "string" && known.byName.has(type) ? { item, type } : {};
    return { ...about, code, error: "you may not read all of it" };
  });
}
