/** Values against StackStorm's parameter schemas: what is wrong, and the values with defaults filled in. */
import { isDeepStrictEqual } from "node:util";

import type { ParameterSchema, ParameterSchemas } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { listNames, nearest } from "./problems.ts";
import { label, show } from "./shape.ts";
import type { Path } from "./yaml.ts";

export interface ValueFault {
  readonly path: Path;
  /** `key` when the name itself is wrong. */
  readonly part: "key" | "value";
  readonly message: string;
  readonly expected?: string | undefined;
  readonly suggestion?: string | undefined;
}

export interface ValueRules {
  /** Whether names without a schema are refused. */
  readonly others: "reject" | "allow";
  /** Whether a string that holds an expression passes for any type: its value is known only later. */
  readonly expressions: boolean;
}

/** Checks `values` against one schema per name. `path` is where `values` stands. */
export function checkValues(
  schemas: ParameterSchemas,
  values: JsonObject,
  rules: ValueRules,
  path: Path = [],
): ValueFault[] {
  const faults: ValueFault[] = [];
  const names = Object.keys(schemas);
  for (const [name, value] of Object.entries(values)) {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    if (schema !== undefined) checkValue(schema, value, { path: [...path, name], rules, faults });
    else if (rules.others === "reject")
      faults.push({
        path: [...path, name],
        part: "key",
        message: `unknown parameter "${name}"`,
        expected: listNames(names),
        suggestion: nearest(name, names),
      });
  }
  for (const [name, schema] of Object.entries(schemas)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const absent = value === undefined || value === null;
    if (schema.required === true && absent && (schema.default ?? null) === null)
      faults.push({
        path,
        part: "value",
        message: `"${name}" is required`,
        expected: `${name}: ${expectation(schema)}`,
      });
  }
  return faults;
}

/** `values` with the defaults of the schemas filled in, also inside mappings whose properties have defaults. */
export function withDefaults(schemas: ParameterSchemas, values: JsonObject): JsonObject {
  const filled: Record<string, unknown> = { ...values };
  for (const [name, schema] of Object.entries(schemas)) {
    const properties = schemasIn(schema["properties"]);
    if (!Object.hasOwn(filled, name) && schema.default !== undefined) filled[name] = schema.default;
    const value = filled[name];
    if (properties !== undefined && (value === undefined || isObject(value))) {
      const inner = withDefaults(properties, value ?? {});
      if (value !== undefined || Object.keys(inner).length > 0) filled[name] = inner;
    }
  }
  return filled;
}

export function hasExpression(value: unknown): boolean {
  return typeof value === "string" && /\{\{|\{%|<\$/.test(value);
}

interface Visit {
  readonly path: Path;
  readonly rules: ValueRules;
  readonly faults: ValueFault[];
}

function checkValue(schema: ParameterSchema, value: unknown, visit: Visit): void {
  if (visit.rules.expressions && hasExpression(value)) return;
  // What is not required may be left empty.
  if (value === null && schema.required !== true) return;
  if (!typed(schema.type, value)) {
    report(visit, `must be ${expectation(schema)}, not ${show(value)}`, expectation(schema));
    return;
  }
  if (schema.enum !== undefined && !schema.enum.some((one) => isDeepStrictEqual(one, value))) {
    const words = schema.enum.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
    report(
      visit,
      `must be one of ${listNames(words)}, not ${show(value)}`,
      listNames(words),
      String(value),
      words,
    );
  }
  if (typeof value === "number") checkNumber(schema, value, visit);
  else if (typeof value === "string") checkText(schema, value, visit);
  else if (Array.isArray(value)) checkList(schema, value, visit);
  else if (isObject(value)) checkMapping(schema, value, visit);
}

// oxlint-disable-next-line max-params
function report(
  visit: Visit,
  message: string,
  expected?: string,
  wrong?: string,
  words: readonly string[] = [],
): void {
  const suggestion = wrong === undefined ? undefined : nearest(wrong, words);
  visit.faults.push({
    path: visit.path,
    part: "value",
    message: `${label(visit.path)} ${message}`,
    expected,
    suggestion,
  });
}

function typed(type: ParameterSchema["type"], value: unknown): boolean {
  switch (type) {
    case undefined:
      return true;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "boolean":
    case "number":
    case "string":
      return typeof value === type;
  }
}

const wording = {
  array: "a list",
  boolean: "true or false",
  integer: "an integer",
  null: "nothing",
  number: "a number",
  object: "a mapping",
  string: "a text",
} as const;

function expectation(schema: ParameterSchema): string {
  return schema.type === undefined ? "a value" : wording[schema.type];
}

function limit(schema: ParameterSchema, word: string): number | undefined {
  const value = schema[word];
  return typeof value === "number" ? value : undefined;
}

function checkNumber(schema: ParameterSchema, value: number, visit: Visit): void {
  const minimum = limit(schema, "minimum");
  const maximum = limit(schema, "maximum");
  const above = schema["exclusiveMinimum"] === true;
  const below = schema["exclusiveMaximum"] === true;
  if (minimum !== undefined && (above ? value <= minimum : value < minimum))
    report(visit, `must be ${above ? "more than" : "at least"} ${minimum}, not ${value}`);
  if (maximum !== undefined && (below ? value >= maximum : value > maximum))
    report(visit, `must be ${below ? "less than" : "at most"} ${maximum}, not ${value}`);
}

function checkText(schema: ParameterSchema, value: string, visit: Visit): void {
  const characters = [...value].length;
  if (characters < (limit(schema, "minLength") ?? 0))
    report(visit, `must have at least ${limit(schema, "minLength")} characters`);
  if (characters > (limit(schema, "maxLength") ?? Number.POSITIVE_INFINITY))
    report(visit, `must have at most ${limit(schema, "maxLength")} characters`);
}

function checkList(schema: ParameterSchema, value: readonly unknown[], visit: Visit): void {
  if (value.length < (limit(schema, "minItems") ?? 0))
    report(visit, `must have at least ${limit(schema, "minItems")} items`);
  if (value.length > (limit(schema, "maxItems") ?? Number.POSITIVE_INFINITY))
    report(visit, `must have at most ${limit(schema, "maxItems")} items`);
  const items = schema["items"];
  if (!isSchema(items)) return;
  for (const [index, item] of value.entries())
    checkValue(items, item, { ...visit, path: [...visit.path, index] });
}

function checkMapping(schema: ParameterSchema, value: JsonObject, visit: Visit): void {
  const properties = schemasIn(schema["properties"]) ?? {};
  const patterns = Object.entries(schemasIn(schema["patternProperties"]) ?? {});
  const rest = schema["additionalProperties"];
  const known: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) {
      known[key] = inner;
      continue;
    }
    const [, pattern] = patterns.find(([expression]) => matches(expression, key)) ?? [];
    const chosen = pattern ?? (isSchema(rest) ? rest : undefined);
    if (chosen !== undefined) checkValue(chosen, inner, { ...visit, path: [...visit.path, key] });
    else if (rest === false) known[key] = inner;
  }
  visit.faults.push(
    ...checkValues(properties, known, { ...visit.rules, others: "reject" }, visit.path),
  );
}

/** A pattern of the pack's author against a name in a configuration file of the site: both are the administrator's. */
function matches(expression: string, key: string): boolean {
  try {
    return new RegExp(expression).test(key);
  } catch {
    return false;
  }
}

function isSchema(value: unknown): value is ParameterSchema {
  return isObject(value);
}

function schemasIn(value: unknown): ParameterSchemas | undefined {
  return isParameterSchemas(value) ? value : undefined;
}

/** True for a mapping of mappings; their words are checked by `parameterShape`. */
export function isParameterSchemas(value: unknown): value is ParameterSchemas {
  return isObject(value) && Object.values(value).every(isObject);
}
