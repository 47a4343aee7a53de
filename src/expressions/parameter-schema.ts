/** Validation of parameters against StackStorm's schemas: defaults filled in, optional ones nullable, messages as its API gives them. */
import type { ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { isObject } from "../model/json.ts";
import { pretty } from "./python/pretty.ts";
import { bestError, schemaErrors } from "./json-schema.ts";
import type { SchemaError, SchemaPath } from "./json-schema-types.ts";
import { pyRepr } from "./python/text.ts";

/** Why an instance is not valid. */
export interface SchemaFault {
  /** One line: `1 is not of type 'string'`. */
  readonly message: string;
  /** Several lines, as str() of Python's ValidationError. */
  readonly text: string;
  /** Where in the instance. */
  readonly path: SchemaPath;
}

export type Validated =
  | { readonly value: JsonObject; readonly fault: undefined }
  | { readonly value: undefined; readonly fault: SchemaFault };

export interface ValidateOptions {
  /** Fill in defaults (StackStorm's `use_default`); true where not given. */
  readonly useDefault?: boolean;
  /** Optional properties may be null; true where not given. */
  readonly allowNull?: boolean;
}

const overridable: ReadonlySet<string> = new Set([
  "default",
  "description",
  "enum",
  "immutable",
  "required",
]);

/** Runner's and action's parameters as one: an action may only change some words of a runner's parameter. */
export function mergeParameterSchemas(
  runner: ParameterSchemas,
  action: ParameterSchemas,
): ParameterSchemas {
  const merged: Record<string, ParameterSchemas[string]> = { ...runner };
  for (const [name, schema] of Object.entries(action)) {
    const base = Object.hasOwn(runner, name) ? runner[name] : undefined;
    merged[name] =
      base === undefined
        ? schema
        : {
            ...base,
            ...Object.fromEntries(Object.entries(schema).filter(([word]) => overridable.has(word))),
          };
  }
  return merged;
}

/** The schema of an action's parameters as a whole: nothing but them is allowed. */
export function parametersSchema(
  title: string,
  description: string,
  properties: ParameterSchemas,
): JsonObject {
  return { title, description, additionalProperties: false, type: "object", properties };
}

/** Validates an object. Answers it with defaults filled in, or the fault that tells most. */
export function validateSchema(
  instance: JsonObject,
  schema: JsonObject,
  options: ValidateOptions = {},
): Validated {
  const filled = filledIn(instance, schema, options);
  const fault = faultOf(filled, schema, options);
  if (fault !== undefined) return { value: undefined, fault };
  return { value: isObject(filled) ? filled : instance, fault: undefined };
}

/** The fault of any value that tells most; undefined when it is valid. */
export function schemaFault(
  instance: unknown,
  schema: JsonObject,
  options: ValidateOptions = {},
): SchemaFault | undefined {
  const filled = isObject(instance) ? filledIn(instance, schema, options) : instance;
  return faultOf(filled, schema, options);
}

function filledIn(instance: JsonObject, schema: JsonObject, options: ValidateOptions): unknown {
  return options.useDefault === false ? instance : withDefaults(instance, schema);
}

function faultOf(
  filled: unknown,
  schema: JsonObject,
  { allowNull }: ValidateOptions,
): SchemaFault | undefined {
  const loosened = allowNull === false ? schema : nullable(schema);
  const error = bestError(schemaErrors(filled, loosened));
  return error === undefined ? undefined : describe(error);
}

function hasType(schema: JsonObject, type: string): boolean {
  const { type: own } = schema;
  return own === type || (Array.isArray(own) && own.includes(type));
}

/** The instance with defaults of its schema where it has nothing (or null). */
function withDefaults(instance: unknown, schema: JsonObject): unknown {
  if (isObject(instance) && hasType(schema, "object")) return objectDefaults(instance, schema);
  if (Array.isArray(instance) && hasType(schema, "array")) return arrayDefaults(instance, schema);
  return instance;
}

function objectDefaults(instance: JsonObject, schema: JsonObject): JsonObject {
  const { properties, dependencies } = schema;
  const result: Record<string, unknown> = { ...instance };
  if (!isObject(properties)) return result;
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const missing = result[name] === undefined || result[name] === null;
    if (
      missing &&
      "default" in property &&
      dependenciesMet(name, { result, properties, dependencies })
    ) {
      result[name] = property["default"];
    }
    const value = result[name];
    if (value !== undefined && value !== null) result[name] = withDefaults(value, property);
  }
  return result;
}

function dependenciesMet(
  name: string,
  at: { result: JsonObject; properties: JsonObject; dependencies: unknown },
): boolean {
  const needed = isObject(at.dependencies) ? at.dependencies[name] : undefined;
  if (!Array.isArray(needed)) return true;
  return needed.every((other) => {
    const property = at.properties[String(other)];
    return (isObject(property) && "default" in property) || Object.hasOwn(at.result, String(other));
  });
}

function arrayDefaults(instance: readonly unknown[], schema: JsonObject): unknown[] {
  const { items } = schema;
  return instance.map((item, at) => {
    const part: unknown = Array.isArray(items) ? items[at] : items;
    if (!isObject(part)) return item;
    const value = item === null && "default" in part ? part["default"] : item;
    return value === null ? null : withDefaults(value, part);
  });
}

function isNullType(value: unknown): boolean {
  return value === "null" || (isObject(value) && value["type"] === "null");
}

/** The schema with null allowed for every property that is optional or has the default null. */
function nullable(schema: JsonObject): JsonObject {
  const { properties } = schema;
  if (!isObject(properties)) return schema;
  const loosened = Object.entries(properties).map(([name, property]) => [
    name,
    isObject(property) ? nullableProperty(property) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(loosened) };
}

function nullableProperty(property: JsonObject): JsonObject {
  const optional = property["required"] !== true || "default" in property;
  const result = optional && (property["default"] ?? null) === null ? orNull(property) : property;
  const { items } = property;
  if (hasType(property, "array") && isObject(items) && isObject(items["properties"])) {
    return { ...result, items: nullable(items) };
  }
  if (!hasType(property, "object") || !isObject(property["properties"])) return result;
  const { properties } = nullable(property);
  return { ...property, properties };
}

function orNull(property: JsonObject): JsonObject {
  for (const word of ["anyOf", "oneOf"]) {
    const list = property[word];
    if (!Array.isArray(list)) continue;
    return list.some(isNullType) ? property : { ...property, [word]: [...list, { type: "null" }] };
  }
  const { type } = property;
  if (Array.isArray(type)) {
    return type.some(isNullType) ? property : { ...property, type: [...type, "null"] };
  }
  return type === "null" ? property : { ...property, type: [type ?? "string", "null"] };
}

function indexed(word: string, path: SchemaPath): string {
  return path.length === 0 ? word : `${word}[${path.map(pyRepr).join("][")}]`;
}

function indented(value: unknown): string {
  return pretty(value, { width: 72, sortKeys: false })
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

function describe(error: SchemaError): SchemaFault {
  const { message, keyword, schema, instance, path, schemaPath } = error;
  const text = [
    message,
    "",
    `Failed validating ${pyRepr(keyword)} in ${indexed("schema", schemaPath.slice(0, -1))}:`,
    indented(schema),
    "",
    `On ${indexed("instance", path)}:`,
    indented(instance),
  ].join("\n");
  return { message, text, path };
}
