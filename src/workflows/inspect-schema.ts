/** JSON Schema (draft 4) as far as the schema of workflow definitions needs it, with the messages of Python's jsonschema. */
import { Float } from "../expressions/python/values.ts";
import { pyRepr } from "../expressions/python/text.ts";
import { isObject, type JsonObject } from "../model/json.ts";

type TypeName = "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";

export interface Schema {
  readonly type?: TypeName;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly minLength?: 1;
  /** `text` is what messages show, `matches` decides. */
  readonly pattern?: { readonly text: string; matches(value: string): boolean };
  readonly items?: Schema;
  readonly minItems?: 1;
  readonly uniqueItems?: true;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** For the keys that are one word; all patterns of the schema are this one. */
  readonly wordProperties?: Schema;
  readonly additionalProperties?: false;
  readonly required?: readonly string[];
  readonly minProperties?: 1;
  readonly maxProperties?: number;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

export type Step = string | number;

/** One violation. `schemaPath` names the rule that is violated; `subject` is the key it is about, when it is not the whole value. */
export interface SchemaFault {
  readonly path: readonly Step[];
  readonly schemaPath: readonly Step[];
  readonly message: string;
  readonly subject?: string;
}

/** A key of one word, as `^\w+$` means it in Python. */
export const word = /^[\p{L}\p{N}_]+\n?$/u;
export const wordText = String.raw`^\w+$`;

/** A dict, and not one of Python's values that are objects of ours. */
export function isMapping(value: unknown): value is JsonObject {
  return isObject(value) && !(value instanceof Float);
}

interface Place {
  readonly path: readonly Step[];
  readonly schemaPath: readonly Step[];
}

/** Every violation of the schema, depth first. */
export function checkSchema(
  schema: Schema,
  value: unknown,
  at: Place = { path: [], schemaPath: [] },
): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const add = (rule: string, message: string, subject?: string): void => {
    const schemaPath = [...at.schemaPath, rule];
    faults.push({
      path: at.path,
      schemaPath,
      message: unescaped(message),
      ...(subject === undefined ? {} : { subject }),
    });
  };
  checkType(schema, value, add);
  if (typeof value === "string") checkText(schema, value, add);
  if (Array.isArray(value)) faults.push(...checkList(schema, value, at, add));
  if (isMapping(value)) faults.push(...checkDict(schema, value, at, add));
  return faults;
}

type Add = (rule: string, message: string, subject?: string) => void;

function checkType(schema: Schema, value: unknown, add: Add): void {
  if (schema.type !== undefined && !hasType(value, schema.type)) {
    add("type", `${pyRepr(value)} is not of type ${pyRepr(schema.type)}`);
  }
  if (schema.enum?.some((each) => isSame(each, value)) === false) {
    add("enum", `${pyRepr(value)} is not one of ${pyRepr(schema.enum)}`);
  }
  if (schema.minimum !== undefined && hasType(value, "number") && Number(value) < schema.minimum) {
    add("minimum", `${pyRepr(value)} is less than the minimum of ${schema.minimum}`);
  }
  for (const rule of ["oneOf", "anyOf"] as const) {
    if (schema[rule]?.some((each) => checkSchema(each, value).length === 0) !== false) continue;
    add(rule, `${pyRepr(value)} is not valid under any of the given schemas`);
  }
}

function hasType(value: unknown, type: TypeName): boolean {
  switch (type) {
    case "array":
      return Array.isArray(value);
    case "object":
      return isMapping(value);
    case "null":
      return value === null;
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "bigint" || typeof value === "number" || value instanceof Float;
    case "boolean":
    case "string":
      return typeof value === type;
  }
}

function checkText({ minLength, pattern }: Schema, value: string, add: Add): void {
  if (minLength !== undefined && value === "") add("minLength", "'' should be non-empty");
  if (pattern !== undefined && !pattern.matches(value)) {
    add("pattern", `${pyRepr(value)} does not match ${pyRepr(pattern.text)}`);
  }
}

function checkList(
  schema: Schema,
  list: readonly unknown[],
  at: Place,
  add: Add,
): readonly SchemaFault[] {
  const { items, minItems, uniqueItems } = schema;
  if (minItems !== undefined && list.length === 0) add("minItems", "[] should be non-empty");
  if (uniqueItems === true && !isUnique(list)) {
    add("uniqueItems", `${pyRepr(list)} has non-unique elements`);
  }
  if (items === undefined) return [];
  const schemaPath = [...at.schemaPath, "items"];
  return list.flatMap((item, index) =>
    checkSchema(items, item, { path: [...at.path, index], schemaPath }),
  );
}

function checkDict(schema: Schema, dict: JsonObject, at: Place, add: Add): readonly SchemaFault[] {
  const keys = Object.keys(dict);
  if (schema.minProperties !== undefined && keys.length === 0) {
    add("minProperties", "{} should be non-empty");
  }
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
    add("maxProperties", `${pyRepr(dict)} has too many properties`);
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(dict, name)) add("required", `${pyRepr(name)} is a required property`);
  }
  checkExtras(schema, keys, add);
  return keys.flatMap((key) =>
    [...schemasOf(schema, key)].flatMap(([rule, inner]) =>
      checkSchema(inner, dict[key], {
        path: [...at.path, key],
        schemaPath: [...at.schemaPath, ...rule],
      }),
    ),
  );
}

function* schemasOf(schema: Schema, key: string): Generator<[rule: readonly string[], Schema]> {
  const own = named(schema, key);
  if (own !== undefined) yield [["properties", key], own];
  const { wordProperties } = schema;
  if (wordProperties !== undefined && word.test(key)) {
    yield [["patternProperties", wordText], wordProperties];
  }
}

function named({ properties = {} }: Schema, key: string): Schema | undefined {
  return Object.hasOwn(properties, key) ? properties[key] : undefined;
}

function checkExtras(schema: Schema, keys: readonly string[], add: Add): void {
  if (schema.additionalProperties !== false) return;
  const extras = keys.filter((key) => named(schema, key) === undefined);
  if (extras.length === 0) return;
  const list = extras.toSorted(byCodePoints).map(pyRepr).join(", ");
  const verb = extras.length === 1 ? "was" : "were";
  const message = `Additional properties are not allowed (${list} ${verb} unexpected)`;
  add("additionalProperties", message, extras[0]);
}

function isUnique(list: readonly unknown[]): boolean {
  const texts = new Set<string>();
  const others: unknown[] = [];
  for (const item of list) {
    if (typeof item === "string") {
      if (texts.has(item)) return false;
      texts.add(item);
    } else {
      if (others.some((other) => isSame(other, item))) return false;
      others.push(item);
    }
  }
  return true;
}

/** Equality of Python's values, except that a bool equals no number. */
function isSame(a: unknown, b: unknown): boolean {
  if (hasType(a, "number") && hasType(b, "number")) {
    const [left, right] = [plainNumber(a), plainNumber(b)];
    return left <= right && left >= right;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  }
  if (isMapping(a) && isMapping(b)) {
    const keys = Object.keys(a);
    const sameKeys = keys.length === Object.keys(b).length;
    return sameKeys && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
  }
  return a === b;
}

function plainNumber(value: unknown): number | bigint {
  return typeof value === "bigint" ? value : Number(value);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Orquesta takes the escapes of `repr()` out of its messages again. */
function unescaped(message: string): string {
  if (!message.includes("\\")) return message;
  return message.replaceAll(
    /\\(x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[^])/g,
    (_, escape: string) =>
      escape.length === 1
        ? (escapes[escape] ?? escape)
        : String.fromCodePoint(Number.parseInt(escape.slice(1), 16)),
  );
}

/** Python's order of strings. */
export function byCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
