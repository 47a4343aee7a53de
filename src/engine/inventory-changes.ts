/**
 * Changes that are proposed, reviewed and applied together.
 *
 * 1. Whoever may read something may propose a change of it; whoever may approve and write it lets it happen, in their own name.
 * 2. A person whose grants are limited cannot approve what they proposed themselves.
 * 3. Whoever sees no part of a change does not see it; of the others' parts nothing is shown. */
import { isUuid } from "../inventory/attribute-types.ts";
import { wholeEntry } from "../inventory/absence.ts";
import {
  changeStates,
  type ChangeItem,
  type ChangeState,
  type WantedChange,
  type WantedItem,
} from "../inventory/change-request.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import {
  createChange,
  isDue,
  listChanges,
  loadChange,
  updateChange,
  type ChangeRow,
} from "../store/inventory/change-requests.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { Db } from "../store/schema.ts";
import { applyChange, Blocked } from "./inventory-change-apply.ts";
import { carryOutChange, tell } from "./inventory-change-carry.ts";
import { seenItems, seenProblems } from "./inventory-change-view.ts";
import { readCursor } from "./inventory-changesets.ts";

import type { Allowed } from "./inventory-eyes.ts";
import { pageLength, type Ground } from "./inventory-history.ts";
import type { Inventory } from "./inventory.ts";
import { deniedOf, mayApprove } from "./inventory-permit.ts";
import { isRace, type Author } from "./inventory-write.ts";

/** Undoes a transaction that only tried. */
class Tried extends Error {}

export async function proposeChange(
  service: Inventory,
  wanted: WantedChange,
  author: Author,
): Promise<JsonObject> {
  const items: ChangeItem[] = [];
  for (const item of wanted.items) items.push(await aimed(service, item));
  const twice = items.find(
    ({ id }, index) => id !== null && items.findIndex((one) => one.id === id) < index,
  );
  if (twice !== undefined)
    throw badRequest(`${twice.type} ${twice.name ?? ""} is in it twice; join both changes`);
  await rehearse(service, items, author);
  const id = uuidv7();
  const row = {
    id,
    title: wanted.title,
    description: wanted.description ?? null,
    ticket: wanted.ticket ?? author.ticket ?? null,
    items,
    createdBy: author.actor,
    applyAt: wanted.applyAt ?? null,
    cause: author.cause,
  };
  await service.workshop.database.transaction(async (tx) => {
    await createChange(tx, row);
    await tell(tx, id, "proposed", author);
  });
  return changeView(service, id, author.actor);
}

/** The entry that is meant, at the version that the caller saw. */
async function aimed(service: Inventory, item: WantedItem): Promise<ChangeItem> {
  const { op, attributes } = item;
  if (op === "create") {
    const { name } = service.type(item.type ?? "");
    return { op, type: name, id: null, name: null, version: null, attributes };
  }
  if (item.id === undefined && item.type === undefined)
    throw badRequest("which type? Give type with name or key");
  const entry =
    item.id === undefined
      ? await service.find(item.type ?? "", item.named)
      : await service.get(item.id);
  await service.insist(entry.id, "read", Object.keys(attributes));
  const { id, type, name, version } = entry;
  return { op, type, id, name, version: item.version ?? version, attributes };
}

/** Tries it and leaves nothing: what is wrong with the values is told at once. What the proposer may not do is for the reviewer to do. */
async function rehearse(
  service: Inventory,
  items: readonly ChangeItem[],
  author: Author,
): Promise<void> {
  try {
    await service.workshop.database.transaction(async (tx) => {
      await applyChange(tx, service, { items }, { ...author, changeset: uuidv7() });
      throw new Tried();
    });
  } catch (error) {
    if (error instanceof Tried || isRace(error)) return;
    if (!(error instanceof Blocked)) throw error;
    if (error.problems.some(({ code }) => code === "INVENTORY_DENIED")) return;
    const said = error.problems.map(({ error: message }) => String(message)).join("; ");
    throw new InventoryError("INVENTORY_REQUEST", [said], { problems: error.problems });
  }
}

async function load(service: Inventory, db: Db, id: string, hold = false): Promise<ChangeRow> {
  const row = isUuid(id) ? await loadChange(db, id.toLowerCase(), hold) : undefined;
  if (row === undefined) throw new InventoryError("INVENTORY_CHANGE_UNKNOWN", [JSON.stringify(id)]);
  return row;
}

/** One that the caller sees a part of. */
export async function changeView(
  service: Inventory,
  id: string,
  actor: string,
): Promise<JsonObject> {
  const row = await load(service, service.ground.db, id);
  const seen = await viewOf(service, row, actor);
  if (seen === undefined)
    throw new InventoryError("INVENTORY_CHANGE_UNKNOWN", [JSON.stringify(id)]);
  return seen;
}

async function viewOf(
  service: Inventory,
  row: ChangeRow,
  actor: string,
): Promise<JsonObject | undefined> {
  const items = await seenItems(service.ground, row, actor);
  if (items.length === 0) return undefined;
  return {
    id: row.id,
    state: row.state,
    title: row.title,
    description: row.description,
    ticket: row.ticket,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    apply_at: row.applyAt?.toISOString() ?? null,
    decided_by: row.decidedBy,
    decided_at: row.decidedAt?.toISOString() ?? null,
    comment: row.comment,
    applied_at: row.appliedAt?.toISOString() ?? null,
    changeset: row.changeset,
    problems: await seenProblems(service.ground, row),
    items,
    hidden_items: row.items.length - items.length,
  };
}

/** Newest first; `after` is the `next` of an earlier page. */
export async function changes(
  service: Inventory,
  actor: string,
  page: {
    readonly state?: string | undefined;
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  },
): Promise<JsonObject> {
  const limit = pageLength(page.limit);
  const wanted = page.state?.split(",");
  const states = changeStates.filter((state) => wanted?.includes(state) === true);
  if (wanted !== undefined && states.length !== wanted.length)
    throw badRequest(`state: expected one or several of ${changeStates.join(", ")}`);
  const after = page.after === undefined ? undefined : readCursor(page.after);
  const rows = await listChanges(service.ground.db, {
    states: wanted === undefined ? undefined : states,
    after,
    limit: limit + 1,
  });
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const views: JsonObject[] = [];
  for (const row of rows.slice(0, limit))
    views.push(...[(await viewOf(service, row, actor)) ?? []].flat());
  return {
    changes: views,
    ...(last === undefined ? {} : { next: `${last.createdAt.toISOString()}~${last.id}` }),
  };
}

export type ChangeVerb = "approve" | "refuse" | "cancel" | "apply" | "rebase";
export const changeVerbs: readonly ChangeVerb[] = [
  "approve",
  "refuse",
  "cancel",
  "apply",
  "rebase",
];

const allowedIn: Readonly<Record<ChangeVerb, readonly ChangeState[]>> = {
  approve: ["open"],
  refuse: ["open", "approved", "blocked"],
  cancel: ["open", "approved", "blocked"],
  apply: ["approved", "blocked"],
  rebase: ["open", "approved", "blocked"],
};

/** `approve` applies it, at once or at its time; `apply` at once; `rebase` makes it anew for the present versions, to be reviewed again. */
export async function decideChange(
  service: Inventory,
  id: string,
  {
    verb,
    comment,
    author,
  }: { readonly verb: ChangeVerb; readonly comment: string | undefined; readonly author: Author },
): Promise<JsonObject> {
  await changeView(service, id, author.actor);
  const due = await service.workshop.database.transaction(async (tx) => {
    const row = await load(service, tx, id, true);
    if (!allowedIn[verb].includes(row.state))
      throw new InventoryError("INVENTORY_CHANGE_STATE", [
        row.state,
        `it cannot be ${pasts[verb]} any more`,
      ]);
    await insistMay(service, tx, row, { verb, actor: author.actor });
    const by = { decidedBy: author.actor, comment: comment ?? null };
    switch (verb) {
      case "refuse":
      case "cancel":
        await updateChange(tx, row.id, {
          state: verb === "refuse" ? "refused" : "cancelled",
          ...by,
        });
        await tell(tx, row.id, verb === "refuse" ? "refused" : "cancelled", author);
        return false;
      case "rebase":
        await updateChange(tx, row.id, {
          state: "open",
          items: await renewed(tx, row.items),
          problems: [],
        });
        await tell(tx, row.id, "proposed", author);
        return false;
      case "approve":
      case "apply":
        await updateChange(tx, row.id, { state: "approved", ...by, problems: [] });
        await tell(tx, row.id, "approved", author);
        return verb === "apply" || (await isDue(tx, row.id));
    }
  });
  if (due) await carryOutChange(service, id, author);
  return changeView(service, id, author.actor);
}

const pasts: Readonly<Record<ChangeVerb, string>> = {
  approve: "approved",
  refuse: "refused",
  cancel: "cancelled",
  apply: "applied",
  rebase: "changed",
};

async function renewed(tx: Db, items: readonly ChangeItem[]): Promise<readonly ChangeItem[]> {
  const rows = await loadEntries(
    tx,
    items.flatMap(({ id }) => id ?? []),
  );
  return items.map((item) => ({
    ...item,
    version: rows.get(item.id ?? "")?.version ?? item.version,
  }));
}

/** Proposers may take back and renew what is theirs; the rest is for who may approve all of it. */
async function insistMay(
  { ground }: Inventory,
  tx: Db,
  row: ChangeRow,
  { verb, actor }: { readonly verb: ChangeVerb; readonly actor: string },
): Promise<void> {
  if (ground.eyes.unlimited) return;
  const own = row.createdBy === actor;
  if (own && (verb === "cancel" || verb === "rebase")) return;
  if (own && verb !== "refuse") throw deniedOf("approve", "a change that you proposed yourself");
  const stored = await loadEntries(
    tx,
    row.items.flatMap(({ id }) => id ?? []),
  );
  const sights = await ground.eyes.sights(tx, [...stored.values()]);
  for (const item of row.items) {
    const { type, name } = item;
    if (!approvable(ground, item, sights.get(item.id ?? "")))
      throw deniedOf("approve", `this change of ${type} ${name ?? ""}`.trim());
  }
}

function approvable(
  { eyes, known }: Ground,
  { op, id, type, attributes }: ChangeItem,
  allowed: Allowed | undefined,
): boolean {
  if (id === null) {
    const typeId = known.byName.get(type)?.id;
    return typeId !== undefined && eyes.ever(typeId, "approve") !== undefined;
  }
  const names = op === "update" ? Object.keys(attributes) : [wholeEntry];
  return names.every((attribute) => mayApprove(allowed, attribute));
}
