/** Regular expressions. Those that could run long are handed to a child process. */
import { type RegexCall, type RegexMatch, runRegex } from "../../python/regex.ts";
import { groupSpans } from "../../python/regex-spans.ts";
import { escapeRegex } from "./regex-escape.ts";
import { Fault, typeError, valueError } from "../faults.ts";
import { func, method, optional, required } from "../signature.ts";
import type { Scope } from "../scope.ts";
import type { Run } from "../run.ts";
import * as type from "../types.ts";
import { YaqlDict, YaqlList } from "../values.ts";
import { YaqlRegex } from "../regex.ts";
import { generator } from "../walk.ts";

const flag = type.nullable(type.bool);
const string = required("string", type.text);
const regexp = required("regexp", type.regex);
const maxSplit = optional("maxSplit", type.int, 0);
const count = optional("count", type.int, 0);
const selector = optional("selector", type.lambdaOrNone, null);

function ask<T>(
  run: Run,
  regex: YaqlRegex,
  call: Omit<RegexCall, "flags">,
  guard: (answer: unknown) => answer is T,
): T {
  run.step(1 + (call.subject.length >>> 6));
  const answer = runRegex(run.context.ask, regex.pattern, { ...call, flags: regex.flags });
  if (!guard(answer)) throw new Fault("error", "the regular expression got no usable answer");
  return answer;
}

function isMatch(value: unknown): value is RegexMatch {
  return typeof value === "object" && value !== null && "groups" in value;
}
function isMatchOrNull(value: unknown): value is RegexMatch | null {
  return value === null || isMatch(value);
}
function isMatches(value: unknown): value is readonly RegexMatch[] {
  return Array.isArray(value) && value.every(isMatch);
}
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
function isText(value: unknown): value is string {
  return typeof value === "string";
}

function found(scope: Scope, regex: YaqlRegex, subject: string): RegexMatch | null {
  return ask(scope.run, regex, { operation: "search", subject }, isMatchOrNull);
}

function allMatches(scope: Scope, regex: YaqlRegex, subject: string): readonly RegexMatch[] {
  const matches = ask(scope.run, regex, { operation: "all", subject }, isMatches);
  scope.run.produce(matches.length);
  return matches;
}

function plain(pattern: string): YaqlRegex {
  return new YaqlRegex(pattern, {});
}

/** Sets `$1` to the whole match and `$2`, `$3` … to its groups. */
function publish(scope: Scope, regex: YaqlRegex, subject: string, match: RegexMatch): void {
  scope.set("$1", record(match.text, match));
  const spans = groupSpans(regex.pattern, regex.flags, subject, match);
  for (const [index, value] of match.groups.entries()) {
    scope.set(`$${index + 2}`, record(value, spans[index] ?? { start: -1, end: -1 }));
  }
  // The original stumbles over the first named group of a pattern.
  for (const value of Object.values(match.names)) throw stumble(value);
}

function stumble(value: string | null): Fault {
  if (value === null) return typeError("cannot unpack non-iterable NoneType object");
  const { length } = Array.from(value);
  if (length > 2) return valueError("too many values to unpack (expected 2)");
  if (length < 2) return valueError(`not enough values to unpack (expected 2, got ${length})`);
  return new Fault("IndexError", "no such group");
}

function record(
  value: string | null,
  { start, end }: { readonly start: number; readonly end: number },
): YaqlDict {
  return new YaqlDict(false, [
    ["value", value],
    ["start", start],
    ["end", end],
  ]);
}

function splitBy(scope: Scope, regex: YaqlRegex, subject: string, limit: number): YaqlList {
  scope.run.produce(subject.length);
  if (limit < 0) return new YaqlList([subject]);
  return new YaqlList(ask(scope.run, regex, { operation: "split", subject, count: limit }, isList));
}

function substitute(
  scope: Scope,
  regex: YaqlRegex,
  subject: string,
  { replacement, times }: { readonly replacement: string; readonly times: number },
): string {
  scope.run.produce(subject.length);
  if (times < 0) return subject;
  const result = ask(
    scope.run,
    regex,
    { operation: "sub", subject, replacement, count: times },
    isText,
  );
  scope.run.produce(result.length);
  return result;
}

function substituteBy(
  scope: Scope,
  regex: YaqlRegex,
  subject: string,
  { replace, times }: { readonly replace: (scope: Scope) => unknown; readonly times: number },
): string {
  let result = "";
  let end = 0;
  const matches = allMatches(scope, regex, subject);
  for (const match of times > 0 ? matches.slice(0, times) : times < 0 ? [] : matches) {
    publish(scope, regex, subject, match);
    const value = replace(scope.child());
    if (typeof value !== "string") {
      throw typeError(`sequence item 0: expected str instance`);
    }
    result += subject.slice(end, match.start) + value;
    end = match.end;
    scope.run.produce(value.length);
  }
  return result + subject.slice(end);
}

const matching = [
  ["#operator_=~", true],
  ["#operator_!~", false],
] as const;

export const regexFunctions = [
  func(
    "regex",
    [
      required("pattern", type.text),
      optional("ignoreCase", flag, false),
      optional("multiLine", flag, false),
      optional("dotAll", flag, false),
    ],
    (_, pattern, ignoreCase, ...[multiline, dotAll]) =>
      new YaqlRegex(pattern, {
        ignoreCase: ignoreCase === true,
        multiline: multiline === true,
        dotAll: dotAll === true,
      }),
  ),
  method(
    "matches",
    [regexp, string],
    ({ scope }, regex, text) => found(scope, regex, text) !== null,
  ),
  method(
    "matches",
    [string, required("regexp", type.text)],
    ({ scope }, text, pattern) => found(scope, plain(pattern), text) !== null,
  ),
  ...matching.flatMap(([name, wanted]) => [
    func(
      name,
      [string, regexp],
      ({ scope }, text, regex) => (found(scope, regex, text) !== null) === wanted,
    ),
    func(
      name,
      [string, required("pattern", type.text)],
      ({ scope }, text, pattern) => (found(scope, plain(pattern), text) !== null) === wanted,
    ),
  ]),
  method("search", [regexp, string, selector], ({ scope }, regex, text, select) => {
    const match = found(scope, regex, text);
    if (match === null) return null;
    if (select === null) return match.text;
    const child = scope.child();
    publish(child, regex, text, match);
    return select.within(child);
  }),
  method("searchAll", [regexp, string, selector], ({ scope }, regex, text, select) =>
    generator(
      "generator object search_all",
      (function* () {
        for (const match of allMatches(scope, regex, text)) {
          const child = scope.child();
          if (select !== null) publish(child, regex, text, match);
          yield select === null ? match.text : select.within(child);
        }
      })(),
    ),
  ),
  method("split", [regexp, string, maxSplit], ({ scope }, regex, text, limit) =>
    splitBy(scope, regex, text, Number(limit)),
  ),
  method("split", [string, regexp, maxSplit], ({ scope }, text, regex, limit) =>
    splitBy(scope, regex, text, Number(limit)),
  ),
  method(
    "replace",
    [regexp, string, required("repl", type.text), count],
    ({ scope }, regex, text, ...[replacement, times]) =>
      substitute(scope, regex, text, { replacement, times: Number(times) }),
  ),
  method(
    "replace",
    [string, regexp, required("repl", type.text), count],
    ({ scope }, text, regex, ...[replacement, times]) =>
      substitute(scope, regex, text, { replacement, times: Number(times) }),
  ),
  method(
    "replaceBy",
    [regexp, string, required("repl", type.lambda), count],
    ({ scope }, regex, text, ...[by, times]) =>
      substituteBy(scope, regex, text, {
        replace: (child) => by.within(child),
        times: Number(times),
      }),
  ),
  method(
    "replaceBy",
    [string, regexp, required("repl", type.lambda), count],
    ({ scope }, text, regex, ...[by, times]) =>
      substituteBy(scope, regex, text, {
        replace: (child) => by.within(child),
        times: Number(times),
      }),
  ),
  func("escapeRegex", [string], (_, text) => escapeRegex(text)),
  func("isRegex", [required("value", type.anything)], (_, value) => value instanceof YaqlRegex),
];
