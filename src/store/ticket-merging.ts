/** One ticket of a tracker that is known twice here: what was kept for its key becomes part of the row that wanted it. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

/** Somebody named the key (in a comment, as a parent, by a webhook) while the answer that would have told us was lost: the key was taken in as a ticket of its
 * own. Its changes, history, ratings and sub-tickets go to `id`. In the transaction that writes the key. */
export async function mergeAdopted(
  tx: Db,
  {
    id,
    backend,
    remoteKey,
  }: { readonly id: number; readonly backend: string; readonly remoteKey: string },
): Promise<void> {
  const twin = await tx
    .selectFrom("ticket")
    .select("id")
    .where("backend", "=", backend)
    .where("remote_key", "=", remoteKey)
    .where("kind", "=", "adopted")
    .where("id", "!=", id)
    .forUpdate()
    .executeTakeFirst();
  if (twin === undefined) return;
  for (const [table, own] of [
    ["ticket_change", "key"],
    ["ticket_rating", "person"],
  ] as const)
    await sql`
      update ${sql.table(table)} as t set ticket_id = ${id} where ticket_id = ${twin.id}
        and not exists (select from ${sql.table(table)} as o where o.ticket_id = ${id} and o.${sql.ref(own)} = t.${sql.ref(own)})`.execute(
      tx,
    );
  await tx
    .updateTable("ticket_event")
    .set({ ticket_id: id })
    .where("ticket_id", "=", twin.id)
    .execute();
  await tx.updateTable("ticket").set({ parent_id: id }).where("parent_id", "=", twin.id).execute();
  await tx.deleteFrom("ticket").where("id", "=", twin.id).execute();
}
