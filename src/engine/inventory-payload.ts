/** Payloads of the inventory's triggers as somebody may read them. Rules hear whole payloads; who looks at trigger instances sees the part that is theirs.
 *
 * 1. An event about what the caller may not see is not there.
 * 2. A payload of a kind that is not known here is shown to those alone whom nothing limits. */
import { isUuid } from "../inventory/attribute-types.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { loadChangeset } from "../store/inventory/changesets.ts";
import { loadNames } from "../store/inventory/entries.ts";
import { imageKey } from "../store/inventory/sight.ts";
import { scopeOf } from "./inventory-changesets.ts";
import { mayRead, readablePart, type Allowed } from "./inventory-eyes.ts";
import type { Ground } from "./inventory-history.ts";
import { seenNames } from "./inventory-view.ts";

type Where = Pick<Ground, "db" | "known" | "eyes">;

/** The payload with what may be read of it; undefined when the event is not to be told of. */
export async function seenPayload(
  ground: Where,
  trigger: string,
  payload: unknown,
): Promise<unknown> {
  if (ground.eyes.unlimited || !trigger.startsWith("inventory.")) return payload;
  if (!isObject(payload)) return undefined;
  const { entry } = payload;
  if (trigger === "inventory.changeset.committed") return seenChangeset(ground, payload);
  if (trigger === "inventory.type.changed") return seenType(ground, payload);
  if (!isObject(entry) || !isUuid(entry["id"])) return undefined;
  if ("before" in payload || "after" in payload) return seenChange(ground, payload, entry);
  return seenNews(ground, payload, entry);
}

/** The number of the type that a payload names, of those that exist for the caller. */
function typeIdOf({ known }: Where, payload: JsonObject): number | undefined {
  const { type } = payload;
  return typeof type === "string" ? known.byName.get(type)?.id : undefined;
}

function seenType({ known }: Where, payload: JsonObject): JsonObject | undefined {
  const { type } = payload;
  return typeof type === "string" && known.byName.has(type) ? { type } : undefined;
}

function part(value: unknown, ...names: readonly string[]): JsonObject {
  if (!isObject(value)) return {};
  return Object.fromEntries(names.flatMap((name) => (name in value ? [[name, value[name]]] : [])));
}

/** How much a changeset did in all is not the caller's to know. */
function why(payload: JsonObject): JsonObject {
  const { changeset, origin } = payload;
  return { changeset: part(changeset, "id", "message", "ticket", "reverts"), origin };
}

async function seenChangeset(
  { db, eyes }: Where,
  payload: JsonObject,
): Promise<JsonObject | undefined> {
  const { changeset } = payload;
  const id = isObject(changeset) ? changeset["id"] : undefined;
  const found = isUuid(id) ? await loadChangeset(db, id, scopeOf(eyes)) : undefined;
  return found === undefined ? undefined : { ...part(payload, "event_id", "at"), ...why(payload) };
}

async function seenChange(
  ground: Where,
  payload: JsonObject,
  entry: JsonObject,
): Promise<JsonObject | undefined> {
  const { before, after, changed, op } = payload;
  const typeId = typeIdOf(ground, payload);
  const [id, version] = [String(entry["id"]), Number(entry["version"])];
  if (typeId === undefined || !Number.isInteger(version)) return undefined;
  const images = [version, version - 1].map((at) => ({ id, typeId, version: at }));
  const sights = await ground.eyes.images(ground.db, images);
  const [is, was] = images.map((image) => sights.get(imageKey(image)));
  const names = Array.isArray(changed) ? changed.map(String) : [];
  const told = names.filter((name) => mayRead(is, name));
  if (is === undefined || (op === "updated" && told.length === 0)) return undefined;
  return {
    ...part(payload, "event_id", "at", "type", "op", "entry"),
    changed: told,
    before: isObject(before) ? readablePart(was, before) : {},
    after: isObject(after) ? readablePart(is, after) : {},
    refs: await seenReferences(ground, payload["refs"], is),
    ...why(payload),
  };
}

async function seenReferences(ground: Where, refs: unknown, allowed: Allowed): Promise<JsonObject> {
  const lists = isObject(refs) ? refs : {};
  const read = (list: unknown): readonly JsonObject[] =>
    Array.isArray(list)
      ? list.filter(isObject).filter(({ attribute }) => mayRead(allowed, String(attribute)))
      : [];
  const [added, removed] = [read(lists["added"]), read(lists["removed"])];
  const ids = [...added, ...removed].flatMap(({ id }) => (isUuid(id) ? [id] : []));
  const names = await seenNames(ground.db, ids, ground.eyes);
  const shown = (reference: JsonObject): JsonObject =>
    names.has(String(reference["id"])) ? reference : { ...reference, type: null, name: null };
  return { added: added.map(shown), removed: removed.map(shown) };
}

/** News about one entry, and perhaps one of its attributes: dates that come near, drift, breakers. */
async function seenNews(
  ground: Where,
  payload: JsonObject,
  entry: JsonObject,
): Promise<JsonObject | undefined> {
  const id = String(entry["id"]);
  const typeId = (await loadNames(ground.db, [id])).get(id)?.typeId;
  if (typeId === undefined) return undefined;
  const allowed = (await ground.eyes.sights(ground.db, [{ id, typeId }])).get(id);
  const { attribute, attributes, document, changeset, ...rest } = payload;
  const names = [attribute, attributes].flat().filter((name) => typeof name === "string");
  if (allowed === undefined || !names.every((name) => mayRead(allowed, name))) return undefined;
  return {
    ...rest,
    ...(changeset === undefined ? {} : why(payload)),
    ...(attribute === undefined ? {} : { attribute }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(isObject(document) ? { document: readablePart(allowed, document) } : {}),
  };
}
