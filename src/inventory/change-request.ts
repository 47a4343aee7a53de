/** Changes of several entries that are proposed, reviewed and applied together: as they are asked for. */
import { isObject, type JsonObject } from "../model/json.ts";
import { badRequest } from "./problem.ts";
import { isoMoment } from "./query-time.ts";
import { shown } from "./validate.ts";

/** `approved`: it waits for its time. `blocked`: when it was to be applied, something stood against it. */
export type ChangeState = "open" | "approved" | "applied" | "blocked" | "refused" | "cancelled";
export const changeStates: readonly ChangeState[] = [
  "open",
  "approved",
  "applied",
  "blocked",
  "refused",
  "cancelled",
];

export const changeOps = ["create", "update", "delete", "restore"] as const;
export type ChangeOp = (typeof changeOps)[number];

/** One entry's part, as it is stored. */
export interface ChangeItem {
  readonly op: ChangeOp;
  readonly type: string;
  /** Null: it is to be created. */
  readonly id: string | null;
  readonly name: string | null;
  /** The version that the change is meant for. */
  readonly version: number | null;
  /** A merge patch; of a new entry its attributes. References as written. */
  readonly attributes: JsonObject;
}

export interface WantedItem {
  readonly op: ChangeOp;
  readonly type: string | undefined;
  readonly id: string | undefined;
  /** A name, or the attributes of a key. */
  readonly named: unknown;
  readonly version: number | undefined;
  readonly attributes: JsonObject;
}

export interface WantedChange {
  readonly title: string;
  readonly description: string | undefined;
  readonly ticket: string | undefined;
  /** ISO 8601; undefined = when it is approved. */
  readonly applyAt: string | undefined;
  readonly items: readonly WantedItem[];
}

const mostItems = 1_000;
const itemKeys = ["op", "type", "id", "name", "key", "version", "attributes"];

function textIn(body: JsonObject, name: string, path = name): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`${path} is ${shown(value)}; expected text`);
}

/** Throws INVENTORY_REQUEST that says where and what was expected. */
export function readChange(body: JsonObject): WantedChange {
  const title = textIn(body, "title");
  if (title === undefined)
    throw badRequest("title is missing; expected a line that says what is to change");
  const given = textIn(body, "apply_at");
  const applyAt = given === undefined ? undefined : isoMoment(given);
  if (given !== undefined && applyAt === undefined)
    throw badRequest(`apply_at is ${shown(given)}; expected 2026-04-01T09:00:00+09:00`);
  const { items } = body;
  if (!Array.isArray(items) || items.length === 0 || items.length > mostItems)
    throw badRequest(
      `items: expected a list of 1 to ${mostItems} changes {type, name or id, attributes}`,
    );
  return {
    title,
    description: textIn(body, "description"),
    ticket: textIn(body, "ticket"),
    applyAt,
    items: items.map((item: unknown, index) => readItem(item, `items[${index}]`)),
  };
}

function readItem(given: unknown, path: string): WantedItem {
  if (!isObject(given)) throw badRequest(`${path} is not an object`);
  const odd = Object.keys(given).find((key) => !itemKeys.includes(key));
  if (odd !== undefined)
    throw badRequest(`${path}: unknown key ${odd}; expected ${itemKeys.join(", ")}`);
  const id = textIn(given, "id", `${path}.id`);
  const named = given["name"] ?? given["key"] ?? undefined;
  const op = opOf(given["op"], path, id !== undefined || named !== undefined);
  const attributes = attributesIn(given["attributes"], op, path);
  const version = versionIn(given["version"], path);
  return { op, type: textIn(given, "type", `${path}.type`), id, named, version, attributes };
}

function versionIn(given: unknown, path: string): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "number" && Number.isInteger(given)) return given;
  throw badRequest(`${path}.version is ${shown(given)}; expected a whole number`);
}

function attributesIn(given: unknown, op: ChangeOp, path: string): JsonObject {
  const attributes = given ?? {};
  if (!isObject(attributes))
    throw badRequest(`${path}.attributes: expected an object of attributes`);
  if ((op === "create" || op === "update") && Object.keys(attributes).length === 0)
    throw badRequest(`${path}.attributes: expected what is to be ${op}d`);
  return attributes;
}

function opOf(given: unknown, path: string, isNamed: boolean): ChangeOp {
  const op = changeOps.find((one) => one === (given ?? (isNamed ? "update" : "create")));
  if (op === undefined)
    throw badRequest(`${path}.op is ${shown(given)}; expected one of ${changeOps.join(", ")}`);
  if (op === "create" && isNamed)
    throw badRequest(`${path}: a new entry has no id, name or key yet; give attributes`);
  if (op !== "create" && !isNamed)
    throw badRequest(`${path}: which entry? Give id, or type with name or key`);
  return op;
}
