/** Compares the shape of an answer with the recorded one. */
import { isObject, type JsonObject } from "../../src/model/json.ts";

/** What depends on the content that was registered, not on the API. */
const opaque = new Set([
  "parameters",
  "runner_parameters",
  "attributes",
  "values",
  "payload",
  "payload_schema",
  "parameters_schema",
  "output_schema",
  "notify",
  "schema",
  "criteria",
  "metadata",
  "orquesta",
  "tags",
  "files",
]);

function kind(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** Placeholders of the recording that stand for numbers. */
const numbers = new Set(["<float>", "<size>", "<pid>"]);

/** Where the shape of a body is not the recorded one: kinds of values and names of fields, at most one row of each list. */
export function differencesIn(recorded: unknown, actual: unknown, path: string): readonly string[] {
  const wanted = typeof recorded === "string" && numbers.has(recorded) ? 0 : recorded;
  if (isObject(wanted) && Array.isArray(wanted["$keys"])) {
    const rows = Array.isArray(actual) ? actual.filter(isObject) : [];
    return keysDiffer(wanted["$keys"], Object.assign({}, ...rows), path);
  }
  if (kind(wanted) !== kind(actual)) return [`${path}: ${kind(actual)} instead of ${kind(wanted)}`];
  if (isObject(wanted) && isObject(actual)) return differencesInside(wanted, actual, path);
  const first = firstOf(wanted);
  const mine = counterpartOf(first, actual);
  return first === undefined || mine === undefined ? [] : differencesIn(first, mine, `${path}[]`);
}

function differencesInside(
  recorded: JsonObject,
  actual: JsonObject,
  path: string,
): readonly string[] {
  const inner = Object.entries(recorded).filter(
    ([name]) => !opaque.has(name) && actual[name] !== undefined,
  );
  return [
    ...keysDiffer(Object.keys(recorded), actual, path),
    ...inner.flatMap(([name, value]) => differencesIn(value, actual[name], `${path}.${name}`)),
  ];
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value[0] as unknown) : undefined;
}

/** The row of the same name where there is one, else the first: a list may begin with what the recording has not. */
function counterpartOf(recorded: unknown, rows: unknown): unknown {
  if (!Array.isArray(rows)) return undefined;
  const names = isObject(recorded) ? recorded : {};
  const same = ["ref", "name"].flatMap((key) =>
    names[key] === undefined
      ? []
      : rows.filter((row) => isObject(row) && row[key] === names[key]).slice(0, 1),
  );
  return (same[0] ?? rows[0]) as unknown;
}

function keysDiffer(recorded: readonly unknown[], actual: unknown, path: string): string[] {
  if (!isObject(actual)) return [];
  const missing = recorded.filter((name) => !(String(name) in actual));
  const more = Object.keys(actual).filter((name) => !recorded.includes(name));
  return [
    ...missing.map((name) => `${path}: without ${String(name)}`),
    ...more.map((name) => `${path}: with ${name}`),
  ];
}
