/** The keywords of draft 4, each a function from an instance to what is wrong with it. */
import type { JsonObject } from "../model/json.ts";
import { isObject } from "../model/json.ts";
import { arithmetic, isNumber } from "./python/arithmetic.ts";
import { pyCompare, pyEquals } from "./python/compare.ts";
import { PythonError } from "./python/errors.ts";
import { compileRegex } from "./python/regex.ts";
import { pyRepr } from "./python/text.ts";
import { isType } from "./json-schema-types.ts";
import type { Finding, Nested, SchemaError } from "./json-schema-types.ts";

export interface Check {
  readonly keyword: string;
  readonly argument: unknown;
  readonly instance: unknown;
  readonly schema: JsonObject;
  /** Checks something inside against another schema. */
  readonly errorsOf: (instance: unknown, schema: JsonObject) => readonly SchemaError[];
}

type Found = Iterable<Finding | Nested>;
type Keyword = (check: Check) => Found;

function say(instance: unknown, words: string): Finding[] {
  return [{ message: `${pyRepr(instance)} ${words}` }];
}

/** Checks a part of the instance against a schema. */
function inside(
  check: Check,
  part: { value: unknown; schema: unknown; path?: string | number; schemaPath?: string | number },
): Nested {
  const schema = isObject(part.schema) ? part.schema : {};
  return {
    errors: check.errorsOf(part.value, schema),
    path: part.path === undefined ? [] : [part.path],
    schemaPath: part.schemaPath === undefined ? [] : [part.schemaPath],
  };
}

function matches(source: string, text: string): boolean {
  try {
    return compileRegex(source).search(text) !== undefined;
  } catch (error) {
    if (error instanceof PythonError) return true;
    throw error;
  }
}

function type({ argument, instance }: Check): Found {
  const types: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  if (types.some((name) => isType(instance, String(name)))) return [];
  return say(instance, `is not of type ${types.map(pyRepr).join(", ")}`);
}

function* properties(check: Check): Found {
  const { argument, instance } = check;
  if (!isType(instance, "object") || !isObject(instance) || !isObject(argument)) return;
  for (const [name, part] of Object.entries(argument)) {
    if (Object.hasOwn(instance, name)) {
      yield inside(check, { value: instance[name], schema: part, path: name, schemaPath: name });
    } else if (isObject(part) && part["required"] === true) {
      yield {
        message: `${pyRepr(name)} is a required property`,
        keyword: "required",
        path: [name],
        schemaPath: [name, "required"],
      };
    }
  }
}

function* patternProperties(check: Check): Found {
  const { argument, instance } = check;
  if (!isType(instance, "object") || !isObject(instance) || !isObject(argument)) return;
  for (const [source, part] of Object.entries(argument)) {
    for (const [name, value] of Object.entries(instance)) {
      if (matches(source, name)) {
        yield inside(check, { value, schema: part, path: name, schemaPath: source });
      }
    }
  }
}

function* additionalProperties(check: Check): Found {
  const { argument, instance, schema } = check;
  if (!isType(instance, "object") || !isObject(instance)) return;
  const known = isObject(schema["properties"]) ? schema["properties"] : {};
  const patterns = isObject(schema["patternProperties"])
    ? Object.keys(schema["patternProperties"])
    : undefined;
  const extras = Object.keys(instance).filter(
    (name) => !Object.hasOwn(known, name) && !(patterns ?? []).some((one) => matches(one, name)),
  );
  if (isObject(argument)) {
    for (const name of extras)
      yield inside(check, { value: instance[name], schema: argument, path: name });
  } else if (argument === false && extras.length > 0) {
    yield { message: unexpected(extras.toSorted(), patterns) };
  }
}

function unexpected(extras: readonly string[], patterns: readonly string[] | undefined): string {
  const names = extras.map(pyRepr).join(", ");
  const one = extras.length === 1;
  if (patterns === undefined) {
    return `Additional properties are not allowed (${names} ${one ? "was" : "were"} unexpected)`;
  }
  const shown = patterns.toSorted().map(pyRepr).join(", ");
  return `${names} ${one ? "does" : "do"} not match any of the regexes: ${shown}`;
}

function* items(check: Check): Found {
  const { argument, instance } = check;
  if (!Array.isArray(instance)) return;
  for (const [at, value] of instance.entries()) {
    if (isObject(argument)) yield inside(check, { value, schema: argument, path: at });
    else if (Array.isArray(argument) && at < argument.length) {
      yield inside(check, { value, schema: argument[at], path: at, schemaPath: at });
    }
  }
}

function* additionalItems(check: Check): Found {
  const { argument, instance, schema } = check;
  const list = schema["items"];
  if (!Array.isArray(instance) || !Array.isArray(list)) return;
  const rest: readonly unknown[] = instance.slice(list.length);
  if (isObject(argument)) {
    for (const [at, value] of rest.entries()) {
      yield inside(check, { value, schema: argument, path: at + list.length });
    }
  } else if (argument === false && rest.length > 0) {
    const verb = rest.length === 1 ? "was" : "were";
    yield {
      message: `Additional items are not allowed (${rest.map(pyRepr).join(", ")} ${verb} unexpected)`,
    };
  }
}

function limit(check: Check, name: "minimum" | "maximum"): Found {
  const { argument, instance, schema } = check;
  if (!isType(instance, "number") || !isNumber(argument)) return [];
  const low = name === "minimum";
  const exclusive = schema[low ? "exclusiveMinimum" : "exclusiveMaximum"] === true;
  const order = low ? (exclusive ? "<=" : "<") : exclusive ? ">=" : ">";
  if (!pyCompare(order, instance, argument)) return [];
  const words = `${low ? "less" : "greater"} than${exclusive ? " or equal to" : ""}`;
  return say(instance, `is ${words} the ${name} of ${pyRepr(argument)}`);
}

function multipleOf({ argument, instance }: Check): Found {
  if (!isType(instance, "number") || !isNumber(argument)) return [];
  const rest = arithmetic("%", instance, argument);
  return pyEquals(rest, 0) ? [] : say(instance, `is not a multiple of ${pyRepr(argument)}`);
}

/** minLength, maxItems … : which size, which bound, what to say. */
function size(measured: "string" | "array" | "object", least: boolean): Keyword {
  const few = measured === "object" ? "does not have enough properties" : "is too short";
  const many = measured === "object" ? "has too many properties" : "is too long";
  return ({ argument, instance }) => {
    if (!isType(instance, measured) || !isNumber(argument)) return [];
    const length = sizeOf(instance);
    const bound = Number(argument);
    if (least && length < bound) return say(instance, bound === 1 ? "should be non-empty" : few);
    if (!least && length > bound)
      return say(instance, bound === 0 ? "is expected to be empty" : many);
    return [];
  };
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

/** Equality that keeps true and 1 apart. */
function same(a: unknown, b: unknown): boolean {
  return typeof a === "boolean" || typeof b === "boolean" ? a === b : pyEquals(a, b);
}

function uniqueItems({ argument, instance }: Check): Found {
  if (argument !== true || !Array.isArray(instance)) return [];
  const repeated = instance.some((item, at) =>
    instance.slice(0, at).some((before) => same(before, item)),
  );
  return repeated ? say(instance, "has non-unique elements") : [];
}

function enumerated({ argument, instance }: Check): Found {
  const values: readonly unknown[] = Array.isArray(argument) ? argument : [];
  if (values.some((value) => same(value, instance))) return [];
  return say(instance, `is not one of ${pyRepr(argument)}`);
}

function pattern({ argument, instance }: Check): Found {
  if (typeof instance !== "string" || typeof argument !== "string") return [];
  return matches(argument, instance) ? [] : say(instance, `does not match ${pyRepr(argument)}`);
}

function* dependencies(check: Check): Found {
  const { argument, instance } = check;
  if (!isType(instance, "object") || !isObject(instance) || !isObject(argument)) return;
  for (const [name, needed] of Object.entries(argument)) {
    if (!Object.hasOwn(instance, name)) continue;
    if (isObject(needed))
      yield inside(check, { value: instance, schema: needed, schemaPath: name });
    else if (Array.isArray(needed)) yield* missing(instance, name, needed);
  }
}

function missing(instance: JsonObject, name: string, needed: readonly unknown[]): Finding[] {
  return needed
    .filter((other) => !Object.hasOwn(instance, String(other)))
    .map((other) => ({ message: `${pyRepr(other)} is a dependency of ${pyRepr(name)}` }));
}

function alternatives(check: Check): { valid: unknown[]; errors: Nested[] } {
  const { argument, instance } = check;
  const list: readonly unknown[] = Array.isArray(argument) ? argument : [];
  const results = list.map((schema, at) => ({
    schema,
    nested: inside(check, { value: instance, schema, schemaPath: at }),
  }));
  return {
    valid: results.filter(({ nested }) => nested.errors.length === 0).map(({ schema }) => schema),
    errors: results.map(({ nested }) => nested),
  };
}

function none(check: Check, errors: readonly Nested[]): Finding {
  return {
    message: `${pyRepr(check.instance)} is not valid under any of the given schemas`,
    context: errors.flatMap((nested) =>
      nested.errors.map((error) => ({
        ...error,
        schemaPath: [...nested.schemaPath, ...error.schemaPath],
      })),
    ),
  };
}

function anyOf(check: Check): Found {
  const { valid, errors } = alternatives(check);
  return valid.length > 0 ? [] : [none(check, errors)];
}

function oneOf(check: Check): Found {
  const { valid, errors } = alternatives(check);
  if (valid.length === 0) return [none(check, errors)];
  if (valid.length === 1) return [];
  const shown = [...valid.slice(1), valid[0]].map(pyRepr).join(", ");
  return say(check.instance, `is valid under each of ${shown}`);
}

function not(check: Check): Found {
  const nested = inside(check, { value: check.instance, schema: check.argument });
  return nested.errors.length > 0
    ? []
    : say(check.instance, `should not be valid under ${pyRepr(check.argument)}`);
}

const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["type", type],
  ["properties", properties],
  ["patternProperties", patternProperties],
  ["additionalProperties", additionalProperties],
  ["items", items],
  ["additionalItems", additionalItems],
  ["minimum", (check) => limit(check, "minimum")],
  ["maximum", (check) => limit(check, "maximum")],
  ["multipleOf", multipleOf],
  ["minLength", size("string", true)],
  ["maxLength", size("string", false)],
  ["minItems", size("array", true)],
  ["maxItems", size("array", false)],
  ["minProperties", size("object", true)],
  ["maxProperties", size("object", false)],
  ["uniqueItems", uniqueItems],
  ["enum", enumerated],
  ["pattern", pattern],
  ["dependencies", dependencies],
  ["allOf", (check) => alternatives(check).errors],
  ["anyOf", anyOf],
  ["oneOf", oneOf],
  ["not", not],
]);

/** What one keyword of a schema finds; nothing for words that only describe. */
export function checkPair(check: Check): Found {
  return keywords.get(check.keyword)?.(check) ?? [];
}
