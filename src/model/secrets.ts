/** What schemas call secret is not shown: by its place in a value, and by its text wherever that occurs. */
import { isObject, type JsonObject } from "./json.ts";
import { schemaOfItem, schemaOfKey } from "./schema-parts.ts";

const mask = "********";
/** Shorter secrets are not looked for in texts: they would hide ordinary words. */
const shortest = 4;
/** A line of a secret of several lines (a private key) that is looked for on its own has at least so many characters. */
const shortestLine = 16;

function maskedBy(schema: JsonObject, value: unknown): unknown {
  if (schema["secret"] === true) return mask;
  if (Array.isArray(value))
    return value.map((item, index) => maskedBy(schemaOfItem(schema, index), item));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskedBy(schemaOfKey(schema, name), item)]),
  );
}

/** The values without those that their schemas call secret, at any depth. */
export function maskedIn(schemas: JsonObject, values: JsonObject): JsonObject {
  const frame = { properties: schemas };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      maskedBy(schemaOfKey(frame, name), value),
    ]),
  );
}

/** The output of an action without what its output schema calls secret. An older form of schema is just its properties. */
export function maskedOutput(schema: JsonObject, output: unknown): unknown {
  const { type, secret, properties } = schema;
  const whole = typeof type === "string" || typeof secret === "boolean" || isObject(properties);
  return maskedBy(whole ? schema : { properties: schema }, output);
}

/** Texts and numbers among the values that their schemas call secret, at any depth. */
export function secretsIn(schemas: JsonObject, values: JsonObject): readonly string[] {
  return Object.keys(values).flatMap((name) => {
    const schema = schemas[name];
    return isObject(schema) ? textsIn(schema, values[name], false) : [];
  });
}

function textsIn(schema: JsonObject, value: unknown, outside: boolean): readonly string[] {
  const secret = outside || schema["secret"] === true;
  if (typeof value === "string" || typeof value === "number") return secret ? [String(value)] : [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => textsIn(schemaOfItem(schema, index), item, secret));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    textsIn(schemaOfKey(schema, name), item, secret),
  );
}

/** Replaces secrets by their text. */
export interface Masker {
  text(text: string): string;
  /** The value with every text, key and number masked; the very same value when it holds no secret. */
  value(value: unknown): unknown;
  /** For text that comes in pieces. */
  stream(): MaskedStream;
}

/** What could be the beginning of a secret is held back until it is known. */
export interface MaskedStream {
  add(text: string): string;
  /** What was held back last. */
  end(): string;
}

/** Undefined when there is nothing to look for. */
export function maskerOf(secrets: Iterable<string>): Masker | undefined {
  const forms = formsOf(secrets);
  if (forms.length === 0) return undefined;
  const pattern = new RegExp(
    forms.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join("|"),
    "g",
  );
  const text = (given: string): string => given.replaceAll(pattern, mask);
  const numbers = new Set(forms);
  const value = (given: unknown): unknown => {
    if (typeof given === "string") return text(given);
    if (typeof given === "number") return numbers.has(String(given)) ? mask : given;
    if (Array.isArray(given)) {
      const items = given.map(value);
      return items.some((item, index) => item !== given[index]) ? items : given;
    }
    if (!isObject(given)) return given;
    const entries = Object.entries(given);
    const masked = entries.map(([name, item]) => [text(name), value(item)] as const);
    const same = masked.every(
      ([name, item], index) => name === entries[index]?.[0] && item === entries[index]?.[1],
    );
    return same ? given : Object.fromEntries(masked);
  };
  return { text, value, stream: () => maskedStream(forms, pattern) };
}

/** How a secret may be written: as it is, inside JSON, inside a URL, and line by line. The longest first, so that none hides another. */
function formsOf(secrets: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const lines = secret.split(/\r?\n/).filter((line) => line.length >= shortestLine);
    const wholes = [secret, secret.trim(), ...lines].filter((text) => text.length >= shortest);
    for (const form of wholes.flatMap(writings)) forms.add(form);
  }
  return [...forms].toSorted((left, right) => right.length - left.length);
}

function writings(text: string): readonly string[] {
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text.toWellFormed())];
}

function maskedStream(forms: readonly string[], pattern: RegExp): MaskedStream {
  let rest = "";
  return {
    add(text) {
      const whole = rest + text;
      let shown = "";
      let from = 0;
      let held = beginningIn(whole, from, forms);
      for (const { 0: found, index } of whole.matchAll(pattern)) {
        // From where a longer one may have begun nothing is decided yet.
        if (index >= held) break;
        shown += whole.slice(from, index) + mask;
        from = index + found.length;
        if (from > held) held = beginningIn(whole, from, forms);
      }
      rest = whole.slice(held);
      return shown + whole.slice(from, held);
    },
    end() {
      const last = rest.replaceAll(pattern, mask);
      rest = "";
      return last;
    },
  };
}

/** Where the text's end, not before `from`, begins like one of the forms; the text's length when it does not. */
function beginningIn(text: string, from: number, forms: readonly string[]): number {
  const longest = (forms[0]?.length ?? 1) - 1;
  for (let at = Math.max(from, text.length - longest); at < text.length; at += 1) {
    const end = text.slice(at);
    if (forms.some((form) => form.length > end.length && form.startsWith(end))) return at;
  }
  return text.length;
}
