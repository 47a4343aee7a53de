/** The words of a parameter schema that bound a value of the right type. */
import type { ParameterSchema } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";

type Constraint = (value: unknown, bound: unknown, schema: ParameterSchema) => string | undefined;

/** Says what is wrong, or nothing; a word that does not apply to the value's type says nothing either. */
const constraints: Readonly<Record<string, Constraint>> = {
  minimum: numeric((value, bound, schema) =>
    schema["exclusiveMinimum"] === true
      ? demand(value > bound, `must be more than ${bound}, not ${value}`)
      : demand(value >= bound, `must be at least ${bound}, not ${value}`),
  ),
  maximum: numeric((value, bound, schema) =>
    schema["exclusiveMaximum"] === true
      ? demand(value < bound, `must be less than ${bound}, not ${value}`)
      : demand(value <= bound, `must be at most ${bound}, not ${value}`),
  ),
  multipleOf: numeric((value, bound) =>
    demand(Number.isInteger(value / bound), `must be a multiple of ${bound}, not ${value}`),
  ),
  minLength: sized(characters, "characters", "least"),
  maxLength: sized(characters, "characters", "most"),
  minItems: sized(items, "items", "least"),
  maxItems: sized(items, "items", "most"),
  minProperties: sized(properties, "keys", "least"),
  maxProperties: sized(properties, "keys", "most"),
  pattern: (value, bound) =>
    typeof value === "string" && typeof bound === "string"
      ? demand(matches(bound, value), `does not match ${bound}`)
      : undefined,
  uniqueItems: (value, bound) =>
    Array.isArray(value) && bound === true
      ? demand(
          new Set(value.map((item) => JSON.stringify(item))).size === value.length,
          "has an item twice",
        )
      : undefined,
};

/** What `value`, already of the schema's type, breaks. */
export function brokenConstraints(schema: ParameterSchema, value: unknown): readonly string[] {
  return Object.entries(constraints)
    .map(([word, check]) => check(value, schema[word], schema))
    .filter((fault) => fault !== undefined);
}

/** True also for a pattern that JavaScript does not know: Python's differ, and a wrong refusal is worse than none. */
export function matches(expression: string, text: string): boolean {
  try {
    return new RegExp(expression, "u").test(text);
  } catch {
    return true;
  }
}

function demand(holds: boolean, message: string): string | undefined {
  return holds ? undefined : message;
}

function numeric(
  check: (value: number, bound: number, schema: ParameterSchema) => string | undefined,
): Constraint {
  return (value, bound, schema) =>
    typeof value === "number" && typeof bound === "number"
      ? check(value, bound, schema)
      : undefined;
}

function sized(
  measure: (value: unknown) => number | undefined,
  unit: string,
  side: "least" | "most",
): Constraint {
  return (value, bound) => {
    const size = measure(value);
    if (size === undefined || typeof bound !== "number") return undefined;
    return demand(
      side === "least" ? size >= bound : size <= bound,
      `must have at ${side} ${bound} ${unit}`,
    );
  };
}

function characters(value: unknown): number | undefined {
  return typeof value === "string" ? Array.from(value).length : undefined;
}

function items(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function properties(value: unknown): number | undefined {
  return isObject(value) ? Object.keys(value).length : undefined;
}
