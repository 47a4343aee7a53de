/** Rules that are held off entries, as people see them. */
import { InventoryError, badRequest } from "../inventory/problem.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { shown } from "../inventory/validate.ts";
import { closeBreaker, listBreakers, type BreakerRow } from "../store/inventory/breakers.ts";
import type { Db } from "../store/schema.ts";

const mostListed = 1_000;

function view(row: BreakerRow) {
  return {
    id: row.id,
    rule: row.rule,
    entry: { id: row.entryId, type: row.type, name: row.name },
    firings: row.firings,
    seconds: row.seconds,
    opened_at: row.openedAt.toISOString(),
    reset_at: row.resetAt?.toISOString() ?? null,
    reset_by: row.resetBy,
  };
}

/** The open ones, newest first; `all`: also those that were reset. */
export async function breakers(
  db: Db,
  { all }: { readonly all: boolean },
): Promise<readonly ReturnType<typeof view>[]> {
  return (await listBreakers(db, { all, limit: mostListed })).map(view);
}

/** Lets the rule fire on its entry again; all processes know within two seconds. Throws INVENTORY_BREAKER_UNKNOWN. */
export async function resetBreaker(
  db: Db,
  id: string,
  by: string,
): Promise<ReturnType<typeof view>> {
  if (!isUuid(id)) throw badRequest(`${shown(id)} is not an id of a breaker; expected a UUID`);
  const row = await closeBreaker(db, id, by);
  if (row === undefined) throw new InventoryError("INVENTORY_BREAKER_UNKNOWN", [id]);
  return view(row);
}
