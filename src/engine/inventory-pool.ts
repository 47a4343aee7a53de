/** What entries are taken from, and how many. */
import type { Allocation } from "../inventory/allocate.ts";
import { attributeType } from "../inventory/attribute-types.ts";
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { loadEntries, type EntryRow, type Lock } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";

/** The pool, held so far as the lock says, and how entries of the type are taken from it. Throws when they are not. */
export async function poolOf(
  tx: Db,
  known: Catalogue,
  { type, pool: id }: { readonly type: KnownType; readonly pool: string },
  lock: Lock,
): Promise<{ pool: EntryRow; allocation: Allocation }> {
  const { allocate: allocation } = type;
  if (allocation === undefined)
    throw badRequest(`${type.name} has no \`allocate\`; it is not taken from pools`);
  const pool = (await loadEntries(tx, [id], lock)).get(id);
  if (pool === undefined || pool.deletedAt !== null)
    throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [id]);
  const poolType = known.byId.get(pool.typeId)?.name ?? "unknown";
  if (!allocation.from.includes(poolType))
    throw badRequest(
      `${type.name} is taken from ${allocation.from.join(" or ")}, not from ${poolType}`,
    );
  return { pool, allocation };
}

/** Reads and checks how many and how large. */
export function allocationCount(given: unknown): number {
  if (given === undefined) return 1;
  if (typeof given === "number" && Number.isInteger(given) && given >= 1 && given <= 256)
    return given;
  throw badRequest(
    `count is ${JSON.stringify(given)}; expected ${attributeType("integer").expected} from 1 to 256`,
  );
}
