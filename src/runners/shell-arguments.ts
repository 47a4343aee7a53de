import type { ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";

/** Quotes one word for sh: the program sees exactly these characters. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** A script's quoted arguments: the named ones first, then the positional ones in their order, as StackStorm writes them. */
export function scriptArguments(
  parameters: JsonObject,
  schemas: ParameterSchemas,
  { keywordOperator }: { readonly keywordOperator: string },
): string[] {
  const positional = inOrder(schemas);
  const named = Object.entries(parameters)
    .filter(([name]) => !positional.includes(name))
    .flatMap(([name, value]) => namedArgument(keywordOperator + name, value));
  return [...named, ...positional.map((name) => quote(positionalText(parameters[name])))];
}

/** The parameters that have a position, in their order. */
export function inOrder(schemas: ParameterSchemas): string[] {
  return Object.entries(schemas)
    .flatMap(([name, { position }]) => (position === undefined ? [] : [{ name, position }]))
    .toSorted((left, right) => left.position - right.position)
    .map(({ name }) => name);
}

function namedArgument(option: string, value: unknown): string[] {
  if (value === undefined || value === null || value === "" || value === false) return [];
  return value === true ? [option] : [`${quote(option)}=${quote(namedText(value))}`];
}

function namedText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Booleans become 1 and 0, lists are joined by commas, objects are JSON, null is empty. */
function positionalText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (Array.isArray(value)) return value.map((item) => positionalText(item)).join(",");
  return namedText(value);
}
