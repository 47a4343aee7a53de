/** `name=value` of a command line as the parameters of an action: each value is read as its parameter's schema says. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes } from "./cli.ts";
import { nearest } from "../inventory/text.ts";

export interface ReadOptions {
  /** Paths of `@name=path` are relative to it. */
  readonly workingDirectory: string;
  /** Lists of `key:value` become objects, whatever the schema says about items. */
  readonly autoDict: boolean;
}

/** Schemas by parameter name; what is not there is passed as text. */
type Schemas = JsonObject;

function wrong(name: string, expected: string, value: string): CliError {
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return new CliError(exitCodes.usage, `parameter "${name}": expected ${expected}, got "${shown}"`);
}

const truths = new Set(["true", "t", "yes", "y", "on", "1"]);
const lies = new Set(["false", "f", "no", "n", "off", "0"]);

function json(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function typeOf(schema: unknown): string | undefined {
  if (!isObject(schema)) return undefined;
  const { type } = schema;
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  const found = names.find((each) => typeof each === "string" && each !== "null");
  return typeof found === "string" ? found : undefined;
}

function takesNull(schema: unknown): boolean {
  return isObject(schema) && Array.isArray(schema["type"]) && schema["type"].includes("null");
}

/** Pieces between commas; a backslash keeps a comma. */
function pieces(value: string): readonly string[] {
  if (value === "") return [];
  return value
    .split(/(?<!\\),/)
    .map((piece) => piece.replaceAll("\\,", ",").trim())
    .filter((piece, index, all) => piece !== "" || index < all.length - 1);
}

function property(schema: unknown, name: string): unknown {
  if (!isObject(schema)) return undefined;
  const { properties, additionalProperties } = schema;
  if (isObject(properties) && properties[name] !== undefined) return properties[name];
  return isObject(additionalProperties) ? additionalProperties : undefined;
}

/** `k=v,k2=v2`, or with colons. */
function pairs(name: string, value: string, schema: unknown): JsonObject {
  return Object.fromEntries(
    pieces(value).map((piece) => {
      const [, key, inner] = /^([^=:]+)[=:](.*)$/s.exec(piece) ?? [];
      if (key === undefined || inner === undefined)
        throw wrong(name, 'an object, as JSON or as "key=value,key2=value2"', value);
      const at = key.trim();
      return [at, cast(`${name}.${at}`, inner.trim(), property(schema, at), false)];
    }),
  );
}

function list(name: string, value: string, schema: unknown, autoDict: boolean): unknown {
  const text = value.trim();
  if (text.startsWith("[")) {
    const read = json(text);
    if (Array.isArray(read)) return read;
    throw wrong(name, "a list, as JSON or as values between commas", value);
  }
  const items = isObject(schema) ? schema["items"] : undefined;
  if (text.startsWith("{")) {
    const read = json(text.startsWith("[") ? text : `[${text}]`);
    if (Array.isArray(read)) return read;
  }
  const parts = pieces(value);
  const asPairs = typeOf(items) === "object" || autoDict;
  if (asPairs && parts.length > 0 && parts.every((part) => /^[^:=]+[:=]/.test(part)))
    return [pairs(name, value, items)];
  return parts.map((part, index) => cast(`${name}[${index}]`, part, items, false));
}

const readers: Readonly<
  Record<string, (name: string, value: string, schema: unknown, autoDict: boolean) => unknown>
> = {
  integer: (name, value) => {
    if (!/^\s*[+-]?\d+\s*$/.test(value)) throw wrong(name, "a whole number", value);
    return Number(value);
  },
  number: (name, value) => {
    const read = Number(value);
    if (value.trim() === "" || !Number.isFinite(read)) throw wrong(name, "a number", value);
    return read;
  },
  boolean: (name, value) => {
    const word = value.trim().toLowerCase();
    if (truths.has(word)) return true;
    if (lies.has(word)) return false;
    throw wrong(name, "true or false", value);
  },
  array: list,
  object: (name, value, schema) => {
    if (!value.trim().startsWith("{")) return pairs(name, value, schema);
    const read = json(value);
    if (isObject(read)) return read;
    throw wrong(name, 'an object, as JSON or as "key=value,key2=value2"', value);
  },
};

function cast(name: string, value: string, schema: unknown, autoDict: boolean): unknown {
  const type = typeOf(schema) ?? "string";
  if (takesNull(schema) && (value === "null" || value === "None")) return null;
  // A template is cast by the server, when it knows its value.
  if (type !== "array" && type !== "object" && /\{\{.*\}\}|<%.*%>|<\$.*\$>/s.test(value))
    return value;
  return readers[type]?.(name, value, schema, autoDict) ?? value;
}

/** One value by a schema: also for answers to inquiries. Throws CliError. */
export function castBySchema(name: string, value: string, schema: unknown): unknown {
  return cast(name, value, schema, false);
}

function fileText(path: string, { workingDirectory }: ReadOptions): string {
  try {
    return readFileSync(resolve(workingDirectory, path), "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `${path} cannot be read: ${why}`);
  }
}

function known(name: string, schemas: Schemas, ref: string): void {
  const names = Object.keys(schemas);
  if (names.length === 0 || name in schemas) return;
  const close = nearest(name, names);
  const help =
    close === undefined ? `it has ${names.toSorted().join(", ")}` : `did you mean "${close}"?`;
  throw new CliError(exitCodes.usage, `action "${ref}" has no parameter "${name}"; ${help}`);
}

/**
 * `words` are `name=value`, `@name=path` (the file's content becomes the value), and, for actions that have `cmd`, a command line: the first
 * word without "=" and all after it. Throws CliError.
 */
export function readParameters(
  words: readonly string[],
  { ref, schemas }: { readonly ref: string; readonly schemas: Schemas },
  options: ReadOptions,
): JsonObject {
  const values: Record<string, unknown> = {};
  for (const [index, word] of words.entries()) {
    const [, mark, name, value] = /^(@?)([\w.-]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) {
      if (schemas["cmd"] === undefined)
        throw new CliError(
          exitCodes.usage,
          `"${word}": expected name=value, or @name=path for the content of a file`,
        );
      values["cmd"] = words.slice(index).join(" ");
      return values;
    }
    if (mark === "@") {
      const text = fileText(value, options);
      if (ref === "core.http" && schemas[name] === undefined) {
        Object.assign(values, {
          file_content: text,
          file_name: value.split("/").at(-1),
          method: values["method"] ?? "POST",
        });
        continue;
      }
      known(name, schemas, ref);
      const type = typeOf(schemas[name]);
      values[name] =
        type === "object" || type === "array"
          ? cast(name, text.trim(), schemas[name], options.autoDict)
          : text;
    } else {
      known(name, schemas, ref);
      values[name] = cast(name, value, schemas[name], options.autoDict);
    }
  }
  return values;
}
