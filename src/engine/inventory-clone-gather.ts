/** Finds what is copied with an entry. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { readPath, type Path } from "../inventory/query-path.ts";
import { storedReferences } from "../inventory/references.ts";
import { findReferrers, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import type { CloneWork } from "./inventory-clone-work.ts";
import { readablePart, seenOf, type Eyes } from "./inventory-eyes.ts";
import { living } from "./inventory-patched.ts";

const mostCopies = 1000;

/** The entry, and everything that the paths lead over, each once. */
export async function gather(
  tx: Db,
  { known, eyes, request }: CloneWork,
): Promise<readonly EntryRow[]> {
  const stored = (await loadEntries(tx, [request.id])).get(request.id.toLowerCase());
  const [seen] = await seenOf(eyes, tx, stored === undefined ? [] : [stored]);
  const root = living(request.id, seen);
  const type = eyes.known.byId.get(root.typeId);
  if (type === undefined) throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [request.id]);
  const found = new Map([[root.id, root]]);
  for (const text of request.follow) {
    const path = readPath(text, [type], { known: eyes.known, guard: () => undefined });
    let here: readonly EntryRow[] = [root];
    for (const step of stepsOf(text, path)) {
      here = await follow(tx, here, step, { known, eyes });
      for (const row of here) found.set(row.id, row);
      if (found.size > mostCopies)
        throw badRequest(`${text} leads to more than ${mostCopies} entries; follow less`);
    }
  }
  // What the caller may not read is not copied either.
  const sights = await eyes.sights(tx, [...found.values()]);
  return [...found.values()].map((row) => ({
    ...row,
    doc: readablePart(sights.get(row.id), row.doc),
  }));
}

interface Step {
  readonly direction: "out" | "in";
  readonly attribute: string;
  readonly typeIds: ReadonlySet<number>;
}

/** A path may end at the reference itself. */
function stepsOf(text: string, { steps, ending }: Path): readonly Step[] {
  const all = steps.map(({ direction, attribute, types }) => ({
    direction,
    attribute,
    typeIds: new Set(types.map(({ id }) => id)),
  }));
  if (ending.kind === "entry") return all;
  const reference =
    ending.kind === "attribute" &&
    ending.by.some(({ attribute }) => {
      const { type } = attribute.element;
      return type === "ref" || type === "named_ref";
    });
  if (ending.kind !== "attribute" || !reference)
    throw badRequest(`${text} leads to no entries; a path of follow ends at a reference`);
  return [...all, { direction: "out", attribute: ending.name, typeIds: new Set() }];
}

async function follow(
  tx: Db,
  rows: readonly EntryRow[],
  { direction, attribute, typeIds }: Step,
  { known, eyes }: { readonly known: Catalogue; readonly eyes: Eyes },
): Promise<readonly EntryRow[]> {
  const ids =
    direction === "out"
      ? rows.flatMap(({ typeId, doc }) => {
          const type = known.byId.get(typeId);
          return type === undefined
            ? []
            : storedReferences(type, doc)
                .filter((one) => one.attribute.name === attribute)
                .map(({ id }) => id);
        })
      : (
          await findReferrers(
            tx,
            rows.map(({ id }) => id),
          )
        )
          .filter(({ attr }) => attr === attribute)
          .map(({ src }) => src);
  const loaded = [...(await loadEntries(tx, [...new Set(ids)])).values()].filter(
    ({ typeId, deletedAt }) => deletedAt === null && (typeIds.size === 0 || typeIds.has(typeId)),
  );
  return seenOf(eyes, tx, loaded);
}
