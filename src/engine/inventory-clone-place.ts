/** Gives copies places of their own: addresses, networks, numbers, rack units. */
import type { KnownType } from "../inventory/catalogue.ts";
import { noScope } from "../inventory/derive.ts";
import { sameJson } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { requestKey } from "../inventory/references.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import { narrowestNetwork } from "../store/inventory/allocation.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { poolOf } from "./inventory-pool.ts";
import type { CloneWork, CopyDraft } from "./inventory-clone-work.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { freeValues } from "./inventory-free.ts";
import { resolveReferences } from "./inventory-resolve.ts";

/** The draft with an address, network, number or place of its own: the next free one, seen after all that was written before. */
export async function allocated(tx: Db, draft: CopyDraft, work: CloneWork): Promise<JsonObject> {
  const { type, document } = draft;
  if (type.allocate === undefined || !mustAllocate(draft, work)) return document;
  const id = await poolFor(tx, draft, work);
  const size = await sizeOf(tx, draft);
  const { pool, allocation } = await poolOf(tx, work.known, { type, pool: id }, "write");
  const question = { known: work.known, pool, allocation, request: { type, size } };
  const [value] = await freeValues(tx, question, 1);
  if (value === undefined)
    throw new InventoryError("INVENTORY_POOL_EXHAUSTED", [pool.name, `1 ${type.name}`]);
  const place = allocation.as === undefined ? {} : { [allocation.as]: pool.id };
  return { ...document, [allocation.attribute]: value, ...place };
}

/** What the original has, or what a pool was named for. A value that the request sets is not allocated. */
function mustAllocate({ type, original, document }: CopyDraft, { request }: CloneWork): boolean {
  const attribute = type.allocate?.attribute ?? "";
  if (request.allocate[type.name] !== undefined) return true;
  const given = document[attribute];
  return given !== undefined && sameJson(given, original.doc[attribute]);
}

async function poolFor(tx: Db, draft: CopyDraft, work: CloneWork): Promise<string> {
  const { type, original, document } = draft;
  const given = work.request.allocate[type.name];
  if (given !== undefined) return namedPool(tx, { type, given, eyes: work.eyes });
  const own = document[type.allocate?.as ?? ""];
  const found = typeof own === "string" ? own : await networkOf(tx, draft, work);
  if (found !== undefined) return found;
  throw badRequest(
    `from where shall ${type.name} be taken? Name a pool in allocate.${type.name}; ${original.name} is in none`,
  );
}

async function namedPool(
  tx: Db,
  { type, given, eyes }: { readonly type: KnownType; readonly given: unknown; readonly eyes: Eyes },
): Promise<string> {
  const asked = { to: type.allocate?.from ?? [], given };
  const answers = await resolveReferences(tx, [asked], { eyes, hold: false });
  const answer = answers.get(requestKey(asked));
  if (answer !== undefined && "id" in answer) return answer.id;
  const why = answer?.problem ?? "no such pool";
  throw badRequest(`allocate.${type.name} is ${shown(given)}: ${why}`);
}

/** The smallest network that the original lies in. */
async function networkOf(
  tx: Db,
  { type, original, document }: CopyDraft,
  { eyes }: CloneWork,
): Promise<string | undefined> {
  const { from = [], within, attribute = "" } = type.allocate ?? {};
  const value = original.doc[attribute];
  if (typeof within !== "string" || typeof value !== "string") return undefined;
  const scope = document[type.attributes.get(attribute)?.scope ?? ""];
  return narrowestNetwork(tx, {
    typeIds: from.flatMap((name) => eyes.known.byName.get(name)?.id ?? []),
    attribute: within,
    scope: typeof scope === "string" ? scope : noScope,
    value,
  });
}

/** Of networks their length; of devices the height of their model. */
async function sizeOf(
  tx: Db,
  { type, document, original }: CopyDraft,
): Promise<number | undefined> {
  const { attribute = "", size } = type.allocate ?? {};
  const value = original.doc[attribute];
  if (type.attributes.get(attribute)?.element.type !== "cidr")
    return size === undefined ? undefined : heightOf(tx, document, size.split("."));
  return typeof value === "string" ? Number(value.split("/")[1]) : undefined;
}

/** The number at the end of a path of references. */
async function heightOf(
  tx: Db,
  document: JsonObject,
  path: readonly string[],
): Promise<number | undefined> {
  let here: JsonObject = document;
  for (const name of path) {
    const next: unknown = here[name];
    if (typeof next === "number") return Math.max(1, next);
    if (typeof next !== "string") return undefined;
    here = (await loadEntries(tx, [next])).get(next)?.doc ?? {};
  }
  return undefined;
}
