/**
 * JSON Patch (RFC 6902) of documents, as strict as the RFC: an index is digits, a member exists or it does not, and a patch is done as a whole or
 * not at all. Done here because the packages that do it take `/tags/x` for the first element, which loses a value without a word.
 */
import { isObject, type JsonObject } from "../model/json.ts";
import { sameJson } from "./patch.ts";
import { badRequest, InventoryError } from "./problem.ts";
import { nearest } from "./text.ts";
import { shown } from "./validate.ts";

const ops = ["add", "remove", "replace", "move", "copy", "test"] as const;
type Op = (typeof ops)[number];

export interface PatchOperation {
  readonly op: Op;
  /** Tokens of the pointer; the first is an attribute. */
  readonly path: readonly string[];
  /** Of `move` and `copy`. */
  readonly from: readonly string[];
  /** Of `add`, `replace` and `test`. */
  readonly value: unknown;
}

const takesValue: ReadonlySet<Op> = new Set(["add", "replace", "test"]);
const takesFrom: ReadonlySet<Op> = new Set(["move", "copy"]);
const mostOperations = 1_000;

/** Reads the operations; throws INVENTORY_REQUEST that says which one is wrong and what was expected. */
export function readJsonPatch(given: unknown): readonly PatchOperation[] {
  if (!Array.isArray(given) || given.length > mostOperations)
    throw badRequest(
      `a JSON Patch is a list of at most ${mostOperations} operations such as {"op": "replace", "path": "/status", "value": "retired"}`,
    );
  return given.map((one: unknown, index) => readOperation(one, `[${index}]`));
}

function readOperation(given: unknown, place: string): PatchOperation {
  if (!isObject(given)) throw badRequest(`${place} is ${shown(given)}; expected an operation`);
  const op = ops.find((one) => one === given["op"]);
  if (op === undefined) {
    const near = typeof given["op"] === "string" ? nearest(given["op"], ops) : undefined;
    const hint = near === undefined ? `expected ${ops.join(", ")}` : `did you mean ${near}?`;
    throw badRequest(`${place}.op is ${shown(given["op"])}; ${hint}`);
  }
  if (takesValue.has(op) && !Object.hasOwn(given, "value"))
    throw badRequest(`${place}.value is missing; ${op} needs one (null is a value)`);
  return {
    op,
    path: readPointer(given["path"], `${place}.path`),
    from: takesFrom.has(op) ? readPointer(given["from"], `${place}.from`) : [],
    value: given["value"],
  };
}

function readPointer(given: unknown, place: string): readonly string[] {
  if (typeof given !== "string" || !/^\/(?:[^~]|~[01])*$/su.test(given))
    throw badRequest(
      `${place} is ${given === undefined ? "missing" : shown(given)}; expected a pointer to an attribute, as "/status" or "/tags/0"`,
    );
  const [, ...tokens] = given.split("/");
  return tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Attributes that the patch names, tests among them. */
export function namedIn(patch: readonly PatchOperation[]): readonly string[] {
  return [...new Set(patch.flatMap(({ path, from }) => [path[0] ?? [], from[0] ?? []].flat()))];
}

/** Whether a test's value is the same as what is there; given the attribute where the whole of it is meant. */
export type Equal = (attribute: string | undefined, present: unknown, wanted: unknown) => boolean;

const exactly: Equal = (_attribute, present, wanted) => sameJson(present, wanted);

/** The document after all operations; throws INVENTORY_PATCH that says which one did not fit, and what is there. */
export function applyJsonPatch(
  document: JsonObject,
  patch: readonly PatchOperation[],
  equal: Equal = exactly,
): JsonObject {
  let result: JsonObject = document;
  for (const [index, operation] of patch.entries()) {
    const { op, path, from, value } = operation;
    try {
      result = rooted(step(result, operation, equal));
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      throw new InventoryError(
        "INVENTORY_PATCH",
        [`Operation ${index} (${op} ${pointerText(path)}): ${error.message}.`],
        {
          operation: index,
          op,
          path: pointerText(path),
          ...(takesFrom.has(op) ? { from: pointerText(from) } : {}),
          ...(takesValue.has(op) ? { value } : {}),
          found: error.found ?? null,
        },
      );
    }
  }
  return result;
}

class Unfit extends Error {
  readonly found: unknown;

  constructor(message: string, found?: unknown) {
    super(message);
    this.found = found;
  }
}

function pointerText(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function rooted(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function step(document: JsonObject, operation: PatchOperation, equal: Equal): unknown {
  const { op, path, from, value } = operation;
  switch (op) {
    case "add":
      return changed(document, path, () => ({ value, insert: true }));
    case "remove":
      return changed(document, path, insisting(path, undefined));
    case "replace":
      return changed(document, path, insisting(path, { value, insert: false }));
    case "copy":
      return changed(document, path, () => ({ value: existing(document, from), insert: true }));
    case "move": {
      if (from.length < path.length && from.every((token, index) => token === path[index]))
        throw new Unfit("a value cannot be moved into itself");
      const moved = existing(document, from);
      const without = changed(document, from, () => undefined);
      return changed(without, path, () => ({ value: moved, insert: true }));
    }
    case "test": {
      const present = valueAt(document, path);
      const attribute = path.length === 1 ? path[0] : undefined;
      if (present === undefined) throw new Unfit(`there is nothing; expected ${shown(value)}`);
      if (!equal(attribute, present, value))
        throw new Unfit(`it is ${shown(present)}; expected ${shown(value)}`, present);
      return document;
    }
  }
}

/** What stands there instead; undefined = nothing any more. `insert`: into a list before what is there. */
type Next = { readonly value: unknown; readonly insert: boolean } | undefined;

function insisting(path: readonly string[], next: Next): (present: unknown) => Next {
  return (present) => {
    if (present === undefined)
      throw new Unfit(`there is nothing at ${pointerText(path)} to ${next ? "replace" : "remove"}`);
    return next;
  };
}

function existing(document: JsonObject, from: readonly string[]): unknown {
  const value = valueAt(document, from);
  if (value === undefined) throw new Unfit(`there is nothing at ${pointerText(from)}`);
  return value;
}

function valueAt(target: unknown, path: readonly string[]): unknown {
  const [token, ...rest] = path;
  if (token === undefined) return target;
  if (Array.isArray(target)) {
    const list: readonly unknown[] = target;
    return /^(?:0|[1-9]\d*)$/.test(token) ? valueAt(list[Number(token)], rest) : undefined;
  }
  return isObject(target) && Object.hasOwn(target, token)
    ? valueAt(target[token], rest)
    : undefined;
}

/** The target with something else at that place; what it was made of stays as it is. */
function changed(
  target: unknown,
  path: readonly string[],
  next: (present: unknown) => Next,
): unknown {
  const [token = "", ...rest] = path;
  if (Array.isArray(target)) return changedList(target, path, next);
  if (!isObject(target)) throw new Unfit(`${shown(target ?? null)} has no member ${shown(token)}`);
  const present = Object.hasOwn(target, token) ? target[token] : undefined;
  const members = new Map(Object.entries(target));
  if (rest.length > 0) {
    if (present === undefined) throw new Unfit(`there is nothing at ${shown(token)}`);
    members.set(token, changed(present, rest, next));
  } else {
    const wanted = next(present);
    if (wanted === undefined) members.delete(token);
    else members.set(token, wanted.value);
  }
  return Object.fromEntries(members);
}

function changedList(
  list: readonly unknown[],
  [token = "", ...rest]: readonly string[],
  next: (present: unknown) => Next,
): unknown {
  const end = token === "-";
  if (!end && !/^(?:0|[1-9]\d{0,8})$/.test(token))
    throw new Unfit(`${shown(token)} is no place in a list; expected 0, 1, 2 … or -`);
  const index = end ? list.length : Number(token);
  if (rest.length > 0) {
    if (index >= list.length) throw new Unfit(`the list has ${list.length} elements`, list.length);
    return list.with(index, changed(list[index], rest, next));
  }
  const wanted = next(list[index]);
  if (index > list.length) throw new Unfit(`the list has ${list.length} elements`, list.length);
  if (wanted === undefined) return list.toSpliced(index, 1);
  return wanted.insert ? list.toSpliced(index, 0, wanted.value) : list.with(index, wanted.value);
}
