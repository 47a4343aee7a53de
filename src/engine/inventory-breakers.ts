/** Rules that are held off entries, as people see them. */
import { InventoryError, badRequest } from "../inventory/problem.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { shown } from "../inventory/validate.ts";
import { closeBreaker, listBreakers, type BreakerRow } from "../store/breakers.ts";
import type { Ground } from "./inventory-history.ts";

const mostListed = 1_000;

/** What the caller may not see of an entry is null. */
function view(row: BreakerRow, seen: boolean) {
  return {
    id: row.id,
    rule: row.rule,
    entry: {
      id: row.entryId,
      type: seen ? row.type : null,
      name: seen ? row.name : null,
    },
    firings: row.firings,
    seconds: row.seconds,
    opened_at: row.openedAt.toISOString(),
    reset_at: row.resetAt?.toISOString() ?? null,
    reset_by: row.resetBy,
  };
}

/** The open ones, newest first; `all`: also those that were reset. */
export async function breakers(
  ground: Pick<Ground, "db" | "eyes">,
  { all }: { readonly all: boolean },
): Promise<readonly ReturnType<typeof view>[]> {
  return viewed(ground, await listBreakers(ground.db, { all, limit: mostListed }));
}

async function viewed(
  { db, eyes }: Pick<Ground, "db" | "eyes">,
  rows: readonly BreakerRow[],
): Promise<readonly ReturnType<typeof view>[]> {
  const entries = rows.flatMap(({ entryId: id, typeId }) =>
    typeId === null ? [] : [{ id, typeId }],
  );
  const sights = await eyes.sights(db, entries);
  // What is held off an entry that the caller may not see is not told either.
  const told = rows.filter(({ entryId }) => eyes.unlimited || sights.has(entryId));
  return told.map((row) => view(row, sights.has(row.entryId)));
}

/** Lets the rule fire on its entry again; all processes know within two seconds. Throws INVENTORY_BREAKER_UNKNOWN. */
export async function resetBreaker(
  ground: Pick<Ground, "db" | "eyes">,
  id: string,
  by: string,
): Promise<ReturnType<typeof view>> {
  if (!isUuid(id)) throw badRequest(`${shown(id)} is not an id of a breaker; expected a UUID`);
  const told =
    ground.eyes.unlimited || (await breakers(ground, { all: false })).some((one) => one.id === id);
  const row = told ? await closeBreaker(ground.db, id, by) : undefined;
  const [shut] = row === undefined ? [] : await viewed(ground, [row]);
  if (shut === undefined) throw new InventoryError("INVENTORY_BREAKER_UNKNOWN", [id]);
  return shut;
}
