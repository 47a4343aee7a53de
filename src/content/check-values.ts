/** Values against StackStorm's parameter schemas: what is wrong, and the values with defaults filled in. */
import { isDeepStrictEqual } from "node:util";

import type { ParameterSchema, ParameterSchemas } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { brokenConstraints, matches } from "./constraints.ts";
import { listNames, nearest } from "./problems.ts";
import type { Advice, PlacedFault } from "./problems.ts";
import { label, show } from "./shape.ts";
import type { Path } from "./yaml.ts";

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
): PlacedFault[] {
  const faults: PlacedFault[] = [];
  checkNamed(schemas, values, { path, rules, faults, root: schemas });
  return faults;
}

function checkNamed(schemas: ParameterSchemas, values: JsonObject, visit: Visit): void {
  const { path, rules, faults } = visit;
  const names = Object.keys(schemas);
  for (const [name, value] of Object.entries(values)) {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    if (schema !== undefined) checkValue(schema, value, { ...visit, path: [...path, name] });
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
    if (isMissing(schema, Object.hasOwn(values, name) ? values[name] : undefined))
      faults.push({
        path,
        part: "value",
        message: `"${name}" is required`,
        expected: `${name}: ${expectation(schema)}`,
      });
  }
}

function isMissing(schema: ParameterSchema, value: unknown): boolean {
  return schema.required === true && (value ?? null) === null && (schema.default ?? null) === null;
}

export function hasExpression(value: unknown): boolean {
  return typeof value === "string" && /\{\{|\{%|<\$/.test(value);
}

interface Visit {
  readonly path: Path;
  readonly rules: ValueRules;
  readonly faults: PlacedFault[];
  /** All schemas of the file, for references. */
  readonly root: ParameterSchemas;
}

/** What `$ref: "#/properties/name"` stands for, as in JSON Schema: nothing beside it counts. One that leads nowhere demands nothing. */
function resolved(schema: ParameterSchema, root: ParameterSchemas, steps = 0): ParameterSchema {
  const ref = schema["$ref"];
  if (typeof ref !== "string") return schema;
  let place: unknown = { properties: root };
  for (const step of ref.split("/").slice(1)) place = isObject(place) ? place[step] : undefined;
  return isSchema(place) && steps < 16 ? resolved(place, root, steps + 1) : {};
}

function checkValue(written: ParameterSchema, value: unknown, visit: Visit): void {
  const schema = resolved(written, visit.root);
  if (visit.rules.expressions && hasExpression(value)) return;
  // What is not required may be left empty.
  if (value === null && schema.required !== true) return;
  if (!typesOf(schema).some((type) => typed(type, value))) {
    report(visit, `must be ${expectation(schema)}, not ${show(value)}`, {
      expected: expectation(schema),
    });
    return;
  }
  if (schema.enum !== undefined && !schema.enum.some((one) => isDeepStrictEqual(one, value))) {
    const words = schema.enum.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
    report(visit, `must be one of ${listNames(words)}, not ${show(value)}`, {
      suggestion: nearest(String(value), words),
    });
  }
  for (const fault of brokenConstraints(schema, value)) report(visit, fault);
  if (Array.isArray(value)) checkList(schema, value, visit);
  else if (isObject(value)) checkMapping(schema, value, visit);
  checkCombinations(schema, value, visit);
}

/** `anyOf`, `oneOf`, `allOf` and `not`. */
function checkCombinations(schema: ParameterSchema, value: unknown, visit: Visit): void {
  const passes = (one: ParameterSchema): boolean => {
    const faults: PlacedFault[] = [];
    checkValue(one, value, { ...visit, faults });
    return faults.length === 0;
  };
  const any = schemaList(schema["anyOf"]);
  const one = schemaList(schema["oneOf"]);
  if (any.length > 0 && !any.some(passes)) report(visit, "fits none of the schemas in anyOf");
  if (one.length > 0 && one.filter(passes).length !== 1)
    report(visit, "must fit exactly one of the schemas in oneOf");
  for (const every of schemaList(schema["allOf"])) checkValue(every, value, visit);
  if (isSchema(schema["not"]) && passes(schema["not"])) report(visit, "fits the schema in not");
}

function schemaList(value: unknown): readonly ParameterSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function report(visit: Visit, message: string, advice: Advice = {}): void {
  visit.faults.push({
    path: visit.path,
    part: "value",
    message: `${label(visit.path)} ${message}`,
    ...advice,
  });
}

/** Schemas inside of a parameter's may give several types. */
function typesOf({ type }: ParameterSchema): readonly ParameterSchema["type"][] {
  return Array.isArray(type) ? type : [type];
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
  return typesOf(schema)
    .map((type) => (type === undefined ? "a value" : wording[type]))
    .join(" or ");
}

function checkList(schema: ParameterSchema, value: readonly unknown[], visit: Visit): void {
  const items = schema["items"];
  const rest = schema["additionalItems"];
  const several = Array.isArray(items) ? schemaList(items) : undefined;
  for (const [index, item] of value.entries()) {
    const one = several === undefined ? items : (several[index] ?? rest);
    const inner = { ...visit, path: [...visit.path, index] };
    if (isSchema(one)) checkValue(one, item, inner);
    else if (several !== undefined && one === false) report(inner, "is one item too many");
  }
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
  checkNamed(properties, known, { ...visit, rules: { ...visit.rules, others: "reject" } });
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
