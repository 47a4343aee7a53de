/** StackStorm's parameter schema: JSON Schema draft-4 without array-valued `type`, with `required` as a boolean of the property itself,
 * and with `secret`, `immutable` and `position`. */
import type { Field, Shape } from "../shape.ts";

export const typeNames = [
  "array",
  "boolean",
  "integer",
  "null",
  "number",
  "object",
  "string",
] as const;

const count: Field = { shape: { kind: "number", integer: true, minimum: 0 } };
const number: Field = { shape: { kind: "number" } };
const boolean: Field = { shape: { kind: "boolean" } };
const text: Field = { shape: { kind: "string" } };

const typeWord: Shape = { kind: "word", words: typeNames };

/** StackStorm holds the schema of a parameter to this vocabulary; what schemas inside of it say is held to JSON Schema only, where words
 * that nobody knows mean nothing. */
function build(extra: Readonly<Record<string, Field>>, nested?: Shape): Shape {
  const fields: Record<string, Field> = {};
  const own: Shape = { kind: "record", others: nested === undefined ? "warn" : "reject", fields };
  const schema = nested ?? own;
  const one: Field = { shape: schema };
  const several: Field = { shape: { kind: "list", items: schema } };
  const named: Field = { shape: { kind: "map", values: schema } };
  const closed: Field = { shape: { kind: "either", of: [{ kind: "boolean" }, schema] } };
  const oneOrSeveral: Field = {
    shape: { kind: "either", of: [schema, { kind: "list", items: schema }] },
  };
  Object.assign(fields, {
    type: { shape: typeWord },
    title: text,
    description: text,
    default: { shape: { kind: "any" } },
    enum: { shape: { kind: "list", items: { kind: "any" }, filled: true } },
    required: boolean,
    secret: boolean,
    immutable: boolean,
    position: { shape: { kind: "number", minimum: 0 } },
    multipleOf: number,
    minimum: number,
    maximum: number,
    exclusiveMinimum: boolean,
    exclusiveMaximum: boolean,
    minLength: count,
    maxLength: count,
    pattern: text,
    items: oneOrSeveral,
    additionalItems: closed,
    minItems: count,
    maxItems: count,
    uniqueItems: boolean,
    properties: named,
    patternProperties: named,
    additionalProperties: closed,
    minProperties: count,
    maxProperties: count,
    definitions: named,
    dependencies: { shape: { kind: "mapping" } },
    allOf: several,
    anyOf: several,
    oneOf: several,
    not: one,
    id: text,
    $schema: text,
    ...extra,
  } satisfies Record<string, Field>);
  return own;
}

const nestedShape = build({
  type: { shape: { kind: "either", of: [typeWord, { kind: "list", items: typeWord }] } },
  format: text,
  $ref: text,
});
export const parameterShape = build({}, nestedShape);
/** config.schema.yaml may also say `format`. */
export const configAttributeShape = build({ format: text }, nestedShape);
