/** Parameters of the inventory's actions. Each throws INVENTORY_REQUEST that says what was expected. */
import { badRequest } from "../inventory/problem.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";

export function text(parameters: JsonObject, name: string): string | undefined {
  const value = parameters[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`${name} is ${shown(value)}; expected text`);
}

export function needed(parameters: JsonObject, name: string): string {
  const value = text(parameters, name);
  if (value !== undefined) return value;
  throw badRequest(`${name} is missing`);
}

export function attributes(parameters: JsonObject, name: string): JsonObject {
  const value = parameters[name];
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw badRequest(`${name} is ${shown(value)}; expected an object of attributes`);
}

export function count(parameters: JsonObject, name: string): number | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw badRequest(`${name} is ${shown(value)}; expected a whole number`);
}

export function texts(parameters: JsonObject, name: string): readonly string[] | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw badRequest(`${name} is ${shown(value)}; expected a list of texts`);
}
