/** JSON Schemas of answers, written short. What an object is not said to have, it has not. */

export type Schema = Readonly<Record<string, unknown>>;

/** What a route answers with when all went well. */
export interface Answer {
  readonly status: number;
  readonly schema: Schema;
  /** Other statuses with the same body. */
  readonly also?: readonly number[];
  /** Of what is no JSON. */
  readonly contentType?: string;
}

export const text: Schema = { type: "string" };
export const textOrNull: Schema = { type: ["string", "null"] };
export const whole: Schema = { type: "integer" };
export const wholeOrNull: Schema = { type: ["integer", "null"] };
export const flag: Schema = { type: "boolean" };
export const moment: Schema = { type: "string", format: "date-time" };
export const momentOrNull: Schema = { type: ["string", "null"], format: "date-time" };
export const uuid: Schema = { type: "string", format: "uuid" };
export const uuidOrNull: Schema = { type: ["string", "null"], format: "uuid" };
/** Any value of JSON. */
export const anything: Schema = {};

export function oneOf(...values: readonly (string | number | boolean | null)[]): Schema {
  return { enum: values };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

export function map(values: Schema): Schema {
  return { type: "object", additionalProperties: values };
}

export function either(...schemas: readonly Schema[]): Schema {
  return { anyOf: schemas };
}

export function orNull(schema: Schema): Schema {
  return either(schema, { type: "null" });
}

/** An object with these members, and perhaps those. */
export function object(
  members: Readonly<Record<string, Schema>>,
  perhaps: Readonly<Record<string, Schema>> = {},
): Schema {
  return {
    type: "object",
    properties: { ...members, ...perhaps },
    required: Object.keys(members),
    additionalProperties: false,
  };
}

/** One of the named schemas of the whole document. */
export function named(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function ok(schema: Schema, more: Partial<Answer> = {}): Answer {
  return { status: 200, schema, ...more };
}

export function file(contentType: string): Answer {
  return { status: 200, schema: text, contentType };
}
