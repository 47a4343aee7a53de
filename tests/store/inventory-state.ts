/** The whole of a test inventory, to be compared with itself. */
import { sql } from "kysely";
import { changesets } from "../../src/engine/inventory-changesets.ts";
import { reindex, type Reindexed } from "../../src/engine/inventory-reindex.ts";
import { author, type TestInventory } from "./inventory-site.ts";

/** Everything that lives, and everything derived from it. */
export async function stateOf({ database }: TestInventory): Promise<unknown> {
  const { rows } = await sql`
    select (select jsonb_agg(jsonb_build_array(id, name, doc, search, grams) order by id) from inv.entry where deleted_at is null) as entries,
      (select jsonb_agg(to_jsonb(g) order by src, attr, ord) from inv.edge g) as edges,
      (select jsonb_agg(to_jsonb(k) order by type_id, key_name, key_value) from inv.key k) as keys,
      (select jsonb_agg(to_jsonb(i) order by entry_id, attr, d, n, net, t) from inv.idx i) as idx`.execute(
    database.db,
  );
  return rows[0];
}

/** All pieces of a reindex together. */
export async function reindexAll({
  inventory,
}: TestInventory): Promise<Pick<Reindexed, "looked" | "mended" | "doubles">> {
  let [looked, mended] = [0, 0];
  const doubles: Reindexed["doubles"][number][] = [];
  for (let after: string | undefined; ;) {
    const piece = await reindex(inventory.workshop, after);
    looked += piece.looked;
    mended += piece.mended;
    doubles.push(...piece.doubles);
    if (piece.next === null) return { looked, mended, doubles };
    after = piece.next;
  }
}

/** The changesets since one, the newest first; all when it is left out. */
export async function changesetsSince(
  { inventory }: TestInventory,
  last: string | undefined,
): Promise<readonly string[]> {
  const { changesets: list } = await changesets(inventory.ground, { limit: 500 });
  const ids = list.map(({ id }) => id);
  return last === undefined ? ids : ids.slice(0, ids.indexOf(last));
}

/** Takes changesets back, one after the other. */
export async function revertAll(
  { inventory }: TestInventory,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) await inventory.revertChangeset(id, author);
}
