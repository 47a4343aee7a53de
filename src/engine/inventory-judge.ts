/** Whether an entry fulfils a query, for rules that ask so.
 *
 * 1. A query of the entry's own attributes is asked of the entry as the change left it, whatever happened since.
 * 2. A query that follows references, or asks for words, is asked of the inventory as it is now: of the past only documents are known. A deleted
 *    entry fulfils none such.
 * 3. Rules act in the system's name: it sees everything, and of the saved filters the shared ones. */
import type { InventoryQuestion } from "../expressions/context.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { never } from "../inventory/predicate.ts";
import { InventoryError } from "../inventory/problem.ts";
import { readFilterQuery, type FilterQuery } from "../inventory/saved-filter.ts";
import { isObject } from "../model/json.ts";
import { holdingOf, holdingOfImages, imageKey } from "../store/inventory/sight.ts";
import type { Inventory } from "./inventory.ts";
import { compiledWhere, contextOf, searchedTypes } from "./inventory-search.ts";

/** Answers `{holds}`, or `{error}` for a query that cannot be asked. Rejects when the database cannot be asked. */
export async function judgeEntry(
  inventory: Pick<Inventory, "ground" | "findHost">,
  { entry, query }: Pick<InventoryQuestion, "entry" | "query">,
): Promise<{ readonly holds: boolean } | { readonly error: string }> {
  try {
    const asked = readFilterQuery(query);
    const meant = await entryMeant(inventory, entry);
    return { holds: meant !== undefined && (await fulfils(inventory, meant, asked)) };
  } catch (error) {
    if (error instanceof InventoryError) return { error: error.message };
    throw error;
  }
}

interface Meant {
  readonly id: string;
  readonly version: number | undefined;
}

/** An entry of a payload, an id, or what an alert calls a machine. */
async function entryMeant(
  inventory: Pick<Inventory, "findHost">,
  given: unknown,
): Promise<Meant | undefined> {
  if (isObject(given)) {
    const { id, version } = given;
    if (typeof id !== "string" || !isUuid(id)) return undefined;
    return { id, version: typeof version === "number" ? version : undefined };
  }
  if (typeof given !== "string" || given === "") return undefined;
  if (isUuid(given)) return { id: given, version: undefined };
  const host = await inventory.findHost(given);
  return host.found ? { id: host.host.id, version: undefined } : undefined;
}

async function fulfils(
  { ground }: Pick<Inventory, "ground">,
  { id, version }: Meant,
  { types: names, where }: FilterQuery,
): Promise<boolean> {
  const { db, eyes, clock } = ground;
  const types = searchedTypes(eyes.known, names);
  const context = contextOf({ eyes, clock });
  const living = await compiledWhere(db, where, types, { context, eyes });
  const image =
    version === undefined
      ? undefined
      : await compiledWhere(db, where, types, { context: { ...context, past: true }, eyes }).catch(
          presentOnly,
        );
  if (image === undefined || version === undefined)
    return (await holdingOf(db, [id], [{ living, gone: never }])).get(id)?.[0] === true;
  const held = await holdingOfImages(db, [{ id, version }], [image]);
  return held.get(imageKey({ id, version }))?.[0] === true;
}

/** It could be asked of the present, so what fails of the past is that it asks for more than documents. */
function presentOnly(error: unknown): undefined {
  if (error instanceof InventoryError) return undefined;
  throw error;
}
