/** The operators of rule criteria, with Python's semantics and words. To add one, add a line and a row in operators.test.ts. */
import type { Ask } from "../expressions/context.ts";
import { toFloatValue } from "../expressions/python/casts.ts";
import { pyCompare, pyContains, pyEquals, typeName } from "../expressions/python/compare.ts";
import { PythonError, typeError } from "../expressions/python/errors.ts";
import { fnmatch } from "../expressions/python/fnmatch.ts";
import { runRegex, type RegexCall } from "../expressions/python/regex.ts";
import { pyStr } from "../expressions/python/text.ts";
import { Float } from "../expressions/python/values.ts";
import { parseDate } from "../expressions/yaql/library/date-parse.ts";
import { isObject } from "../model/json.ts";
import { PyDateTime } from "../expressions/python/collections.ts";

/** `value` is what the event holds (null when there is none), `pattern` what the rule wants. Throws PythonError; may ask for the
 * time or for a regular expression to be run elsewhere. */
export type Operator = (value: unknown, pattern: unknown, ask: Ask) => boolean;

/** Almost every operator is false without a pattern. */
function wanting(operator: Operator): Operator {
  return (value, pattern, ask) => pattern !== null && operator(value, pattern, ask);
}

function lower(value: unknown): string {
  return textWith("lower", value).toLowerCase();
}

function textWith(method: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new PythonError(
    "AttributeError",
    `'${typeName(value)}' object has no attribute '${method}'`,
  );
}

function affix(method: "startswith" | "endswith"): Operator {
  return wanting((value, pattern) => {
    const text = textWith(method, value);
    if (typeof pattern === "string") {
      return method === "startswith" ? text.startsWith(pattern) : text.endsWith(pattern);
    }
    throw typeError(`${method} first arg must be str or a tuple of str, not ${typeName(pattern)}`);
  });
}

function path(value: unknown): string {
  if (typeof value === "string") return value;
  throw typeError(`expected str, bytes or os.PathLike object, not ${typeName(value)}`);
}

function regex(
  operation: RegexCall["operation"],
  flags: NonNullable<RegexCall["flags"]>,
): Operator {
  return wanting((value, pattern, ask) => {
    if (typeof pattern === "object") throw typeError(`unhashable type: '${typeName(pattern)}'`);
    if (typeof pattern !== "string") {
      throw typeError("first argument must be string or compiled pattern");
    }
    if (typeof value === "string") {
      return runRegex(ask, pattern, { operation, flags, subject: value }) !== null;
    }
    // A faulty pattern is the first thing that Python complains about.
    runRegex(ask, pattern, { operation, flags, subject: "" });
    throw typeError(`expected string or bytes-like object, got '${typeName(value)}'`);
  });
}

function timeDifference(order: "<" | ">"): Operator {
  return wanting((value, pattern, ask) => {
    const now = Date.parse(String(ask({ kind: "now" }))) / 1000;
    const today = new PyDateTime(Math.floor(now / 86_400) * 86_400, 0, 0).fields();
    const then = parseDate(dateText(value), () => today);
    return pyCompare(
      order,
      now - then.epochSeconds - then.microsecond / 1e6,
      toFloatValue(pattern),
    );
  });
}

// The parser reads a number as a day; of a float only the whole part counts.
function dateText(value: unknown): string {
  const number = value instanceof Float ? value.value : value;
  return typeof number === "number" ? String(Math.trunc(number)) : pyStr(value);
}

const equals: Operator = wanting((value, pattern) => pyEquals(value, pattern));
const nequals: Operator = (value, pattern) => !pyEquals(value, pattern);
const iequals: Operator = wanting((value, pattern) => lower(value) === lower(pattern));
const less: Operator = wanting((value, pattern) => pyCompare("<", value, pattern));
const greater: Operator = wanting((value, pattern) => pyCompare(">", value, pattern));
const inside: Operator = wanting((value, pattern) => pyContains(pattern, value));
const ninside: Operator = wanting((value, pattern) => !pyContains(pattern, value));
const sooner = timeDifference("<");
const longer = timeDifference(">");

/** Asks whether the entry (of a payload, by id, or a machine's name) fulfils what the pattern names. */
function asking(wanted: boolean, queryOf: (pattern: unknown) => unknown): Operator {
  return (value, pattern, ask) => {
    if (value === null || pattern === null) return false;
    const answer = ask({ kind: "inventory", entry: entryIn(value), query: queryOf(pattern) });
    const { holds, error } = isObject(answer) ? answer : {};
    if (typeof holds === "boolean") return holds === wanted;
    throw new PythonError("ValueError", String(error));
  };
}

/** Only what says which entry is meant: equal questions are asked once. */
function entryIn(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { id, version } = value;
  return { id, version };
}

const inFilter = (pattern: unknown): unknown => ({ where: { $filter: pattern } });
const inGroup = (pattern: unknown): unknown => ({ where: { $group: pattern } });
const query = (pattern: unknown): unknown => pattern;

/** By their names in YAML, in lower case. `search` is not among them: it needs criteria of its own. */
export const operators = {
  eq: equals,
  equals,
  neq: nequals,
  nequals,
  ieq: iequals,
  iequals,
  contains: wanting((value, pattern) => pyContains(value, pattern)),
  ncontains: wanting((value, pattern) => !pyContains(value, pattern)),
  icontains: wanting((value, pattern) => {
    const wanted = lower(pattern);
    return lower(value).includes(wanted);
  }),
  incontains: wanting((value, pattern) => {
    const wanted = lower(pattern);
    return !lower(value).includes(wanted);
  }),
  in: inside,
  inside,
  nin: ninside,
  ninside,
  startswith: affix("startswith"),
  endswith: affix("endswith"),
  istartswith: wanting((value, pattern) => lower(value).startsWith(lower(pattern))),
  iendswith: wanting((value, pattern) => lower(value).endsWith(lower(pattern))),
  lt: less,
  lessthan: less,
  gt: greater,
  greaterthan: greater,
  matchwildcard: wanting((value, pattern) => fnmatch(path(value), path(pattern))),
  matchregex: regex("match", { dotAll: true }),
  regex: regex("search", {}),
  iregex: regex("search", { ignoreCase: true }),
  td_lt: sooner,
  timediff_lt: sooner,
  td_gt: longer,
  timediff_gt: longer,
  exists: (value) => value !== null,
  nexists: (value) => value === null,
  in_filter: asking(true, inFilter),
  nin_filter: asking(false, inFilter),
  in_group: asking(true, inGroup),
  nin_group: asking(false, inGroup),
  fulfils: asking(true, query),
  nfulfils: asking(false, query),
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof operators;

export function isOperatorName(name: string): name is OperatorName {
  return Object.hasOwn(operators, name);
}
