/** Documents on trial. */
import { typeNamed } from "../inventory/catalogue.ts";
import type { InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { UpsertGround } from "./inventory-upsert.ts";
import { decide, type Draft } from "./inventory-write.ts";

export interface Rehearsed {
  readonly type: string;
  /** The stored entry; undefined = a new one. */
  readonly row: EntryRow | undefined;
  readonly document: JsonObject;
}

/** Documents of one transaction. */
const batch = 1000;

/** What would be said against these documents; undefined where nothing would. Nothing is written. */
export async function rehearse(
  { database, known, eyes }: UpsertGround,
  wanted: readonly Rehearsed[],
): Promise<readonly (InventoryError | undefined)[]> {
  const errors: (InventoryError | undefined)[] = [];
  for (let from = 0; from < wanted.length; from += batch) {
    const drafts = wanted.slice(from, from + batch).map(({ type, row, document }): Draft => ({
      id: row?.id ?? uuidv7(),
      type: typeNamed(known, type),
      op: row === undefined ? "I" : "U",
      before: row,
      document,
      eyes,
    }));
    const decided = await database.transaction((tx) => decide(tx, drafts, known));
    errors.push(...decided.map((one) => (one.kind === "refused" ? one.error : undefined)));
  }
  return errors;
}
