/** Reads the `where` of a query: JSON as people and YAML files write it, to a tree of conditions. */
import { isObject } from "../model/json.ts";
import { badRequest, type InventoryError } from "./problem.ts";
import { nearest } from "./text.ts";
import { shown } from "./validate.ts";

/** By the name used in queries: what the operator asks of at least one value at the end of its path. */
export const operators = {
  eq: "is the value",
  ne: "is not the value, or there is none",
  in: "is one of a list",
  not_in: "is none of a list",
  like: "contains the text, in any writing",
  starts_with: "begins with the text, in any writing",
  ends_with: "ends with the text, in any writing",
  lt: "is below",
  le: "is at most",
  gt: "is above",
  ge: "is at least",
  within: "lies in the network",
  contains_ip: "is a network that the address or network lies in",
  exists: "is there (value false: is not)",
  empty: "is missing or empty (value false: is not)",
  duplicated: "is shared with another entry of the type (value false: is not)",
} as const;
export type Operator = keyof typeof operators;

export type NamedKind = "filter" | "group";

export type Condition =
  | { readonly kind: "all" | "any"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "text"; readonly words: string }
  /** Fulfils a saved filter, by its name; is a member of a group, by its id, name or key. */
  | { readonly kind: "named"; readonly what: NamedKind; readonly given: unknown }
  | {
      readonly kind: "test";
      readonly path: string;
      readonly op: Operator;
      readonly value: unknown;
    };

/** Conditions within conditions: deeper is a mistake. */
const deepest = 20;
/** Tests of one query. */
const mostTests = 200;

function isOperator(name: unknown): name is Operator {
  return typeof name === "string" && Object.hasOwn(operators, name);
}

function refusal(place: string, message: string): InventoryError {
  return badRequest(`${place}: ${message}`, { place });
}

/**
 * `{and|or: [...]}`, `{not: …}`, `{path, op, value}` (op: eq unless said), or in short `{attribute: value, …}`, which all must be equal, with `$text`
 * (words), `$filter` (a saved filter) and `$group` (members of a node set) among them; a list is a conjunction. Throws INVENTORY_REQUEST with the place of the fault.
 */
export function readCondition(given: unknown, place = "where"): Condition {
  const counter = { tests: 0 };
  return read(given, place, { counter, depth: 0 });
}

interface Reading {
  readonly counter: { tests: number };
  readonly depth: number;
}

function read(given: unknown, place: string, reading: Reading): Condition {
  if (reading.depth > deepest)
    throw refusal(place, `more than ${deepest} conditions inside each other`);
  if (Array.isArray(given)) return readList("all", given, place, reading);
  if (!isObject(given)) {
    throw refusal(
      place,
      `${shown(given)} is not a condition; expected {path, op, value}, and, or, not`,
    );
  }
  for (const [key, kind] of [
    ["and", "all"],
    ["or", "any"],
  ] as const) {
    const list = given[key];
    if (Array.isArray(list)) {
      onlyKeys(given, [key], place);
      return readList(kind, list, `${place}.${key}`, reading);
    }
  }
  if ("not" in given && isNested(given["not"])) {
    onlyKeys(given, ["not"], place);
    const of = read(given["not"], `${place}.not`, { ...reading, depth: reading.depth + 1 });
    return { kind: "not", of };
  }
  if (typeof given["path"] === "string" && ("op" in given || "value" in given))
    return readTest(given, place, reading);
  return readShort(given, place, reading);
}

function isNested(value: unknown): boolean {
  return isObject(value) || Array.isArray(value);
}

function onlyKeys(given: object, allowed: readonly string[], place: string): void {
  const extra = Object.keys(given).find((key) => !allowed.includes(key));
  if (extra === undefined) return;
  throw refusal(
    `${place}.${extra}`,
    `unexpected beside ${allowed.join(", ")}; put both into an "and"`,
  );
}

function readList(
  kind: "all" | "any",
  list: readonly unknown[],
  place: string,
  reading: Reading,
): Condition {
  const deeper = { ...reading, depth: reading.depth + 1 };
  return { kind, of: list.map((one, index) => read(one, `${place}[${index}]`, deeper)) };
}

function counted(reading: Reading, place: string): void {
  reading.counter.tests += 1;
  if (reading.counter.tests > mostTests) throw refusal(place, `more than ${mostTests} tests`);
}

function readTest(
  given: Readonly<Record<string, unknown>>,
  place: string,
  reading: Reading,
): Condition {
  counted(reading, place);
  onlyKeys(given, ["path", "op", "value"], place);
  const { path, op = "eq", value } = given;
  if (!isOperator(op)) {
    const near = typeof op === "string" ? nearest(op, Object.keys(operators)) : undefined;
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    throw refusal(
      `${place}.op`,
      `${shown(op)} is no operator${hint} (${Object.keys(operators).join(", ")})`,
    );
  }
  return { kind: "test", path: String(path), op, value };
}

/** `{status: "failed", "rack.room.site": "TYO7", text: "words"}`. */
function readShort(
  given: Readonly<Record<string, unknown>>,
  place: string,
  reading: Reading,
): Condition {
  const of = Object.entries(given).map(([path, value]): Condition => {
    counted(reading, place);
    if (path === "$text") {
      if (typeof value !== "string") throw refusal(`${place}.$text`, "expected words");
      return { kind: "text", words: value };
    }
    if (path === "$filter" || path === "$group") return readNamed(path, value, place);
    return { kind: "test", path, op: "eq", value };
  });
  return { kind: "all", of };
}

function readNamed(key: "$filter" | "$group", given: unknown, place: string): Condition {
  const isName = typeof given === "string" && given !== "";
  if (key === "$filter" && !isName)
    throw refusal(`${place}.$filter`, `${shown(given)} is not the name of a saved filter`);
  if (key === "$group" && !isName && !isObject(given))
    throw refusal(`${place}.$group`, `${shown(given)} is not a group; expected an id, name or key`);
  return { kind: "named", what: key === "$filter" ? "filter" : "group", given };
}

/** The saved filters and groups that a condition names, in order. */
export function namedIn(condition: Condition): readonly Extract<Condition, { kind: "named" }>[] {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.flatMap(namedIn);
    case "not":
      return namedIn(condition.of);
    case "named":
      return [condition];
    case "text":
    case "test":
      return [];
  }
}
