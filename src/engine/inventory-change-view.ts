/** Which parts of a proposed change somebody sees. */
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
