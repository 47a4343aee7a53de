/** What a rehearsal expected and did not get, in words. */
import { isMapping } from "./inspect-schema.ts";

/** Every place where a value is not as expected: `output.msg: expected "a", got "b"`. Numbers and texts are compared as JSON has them. */
export function findDifferences(what: string, expected: unknown, actual: unknown): string[] {
  return compare(what, plain(expected), plain(actual));
}

function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "bigint" ? inner.toString() : inner,
  );
  return text === undefined ? undefined : JSON.parse(text);
}

function compare(what: string, expected: unknown, actual: unknown): string[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(`${what}[${index}]`, expected[index], actual[index]),
    );
  }
  if (isMapping(expected) && isMapping(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => compare(`${what}.${key}`, own(expected, key), own(actual, key)));
  }
  return expected === actual ? [] : [`${what}: expected ${show(expected)}, got ${show(actual)}`];
}

function own(dict: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(dict, key) ? dict[key] : undefined;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
