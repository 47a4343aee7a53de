/** Carries out what was approved, and tells rules of every step. */
import { noCause, readCause, type Cause } from "../inventory/cause.ts";
import { loadChange, updateChange } from "../store/inventory/change-requests.ts";
import { saveSignals } from "../store/inventory/claims.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { Db } from "../store/schema.ts";
import { applyAndNote, Blocked } from "./inventory-change-apply.ts";
import { originOf } from "./inventory-claim-book.ts";
import type { Inventory } from "./inventory.ts";
import { changesetOf, type Author } from "./inventory-write.ts";

/** Applies an approved change; when something stands against it, that is noted and told. True when it was applied. */
export async function carryOutChange(
  service: Inventory,
  id: string,
  author: Author,
): Promise<boolean> {
  const changeset = uuidv7();
  try {
    const done = await service.workshop.database.transaction(async (tx) => {
      const row = await loadChange(tx, id, true);
      if (row?.state !== "approved") return undefined;
      const reason = author.reason ?? row.title;
      const ticket = author.ticket ?? row.ticket ?? undefined;
      const cause = longer(author.cause, readCause(row.cause));
      const writer = { ...author, reason, ticket, cause, changeset };
      const written = await applyAndNote(tx, service, row, writer);
      await tell(tx, id, "applied", { ...writer });
      return written;
    });
    if (done !== undefined && done > 0) await service.changed();
    return done !== undefined;
  } catch (error) {
    if (!(error instanceof Blocked)) throw error;
    await service.workshop.database.transaction(async (tx) => {
      await updateChange(tx, id, { state: "blocked", problems: error.problems });
      await tell(tx, id, "blocked", author);
    });
    return false;
  }
}

/** The chain of causes goes on from who proposed it, unless the approval has a longer one. */
function longer(approved: Cause, proposed: Cause): Cause {
  const own = approved.ruleChain.length > 0 || approved.depth > 0 ? approved : noCause;
  return own.depth > proposed.depth || proposed.ruleChain.length === 0
    ? approved
    : { ...proposed, execution: approved.execution };
}

/** Rules hear of every step of a change. */
export async function tell(tx: Db, id: string, step: string, author: Author): Promise<void> {
  const row = await loadChange(tx, id);
  if (row === undefined) return;
  const payload = {
    change: {
      id,
      title: row.title,
      state: row.state,
      created_by: row.createdBy,
      apply_at: row.applyAt?.toISOString() ?? null,
      ticket: row.ticket,
    },
    by: author.actor,
    comment: row.comment,
    types: [...new Set(row.items.map(({ type }) => type))],
    items: row.items.map(({ op, type, id: entry, name }) => ({ op, type, id: entry, name })),
    problems: row.problems,
    changeset: { id: row.changeset, ticket: row.ticket, message: row.title },
    origin: originOf(changesetOf(author)),
  };
  await saveSignals(tx, [{ trigger: `inventory.change.${step}`, payload }]);
}
