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

/** Parameters of every runner that gives a command to a shell, here or on another host. */
export const commandParameters = {
  env: {
    type: "object",
    description: "Environment variables of the command (e.g. key1=val1,key2=val2)",
  },
  kwarg_op: {
    type: "string",
    description: 'Operator in front of keyword arguments, "--" or "-"',
    default: "--",
  },
  sudo: { type: "boolean", description: "Run the command with sudo", default: false },
  sudo_password: {
    type: "string",
    description: "Password for sudo where it asks for one",
    default: null,
    secret: true,
    required: false,
  },
} as const satisfies ParameterSchemas;
