/** Recorded answers of StackStorm about rules, timers and aliases, against ours. */
import type { Ask } from "../../src/expressions/context.ts";
import { parseAliasCommand, parseAliasCommands } from "../../src/expressions/alias-format.ts";
import { PythonError } from "../../src/expressions/python/errors.ts";
import { dumps, toPlain } from "../../src/expressions/python/json.ts";
import { Fault } from "../../src/expressions/yaql/faults.ts";
import type { Criterion } from "../../src/model/definitions.ts";
import { isOperatorName, operators } from "../../src/rules/operators.ts";
import { compileRule, judge } from "../../src/rules/rule.ts";
import { compileTimer, nextFire, timerTypes } from "../../src/sensors/timer-schedule.ts";
import { askFrom, failure } from "../expressions/jinja/recorded.ts";
import { rule } from "../rules/rules.ts";
import { Comparison } from "./comparison.ts";
import { ruleDifferences } from "./rule-differences.ts";
import type { Report } from "./workflow-cases.ts";

type Answer = readonly ["v" | "err", unknown];
type Line = Readonly<Record<string, unknown>>;
type Criteria = Readonly<Record<string, Criterion>>;

function answer(run: () => unknown): Answer {
  try {
    return ["v", run()];
  } catch (error) {
    if (error instanceof PythonError) return ["err", `${error.type}: ${error.message}`];
    if (error instanceof Fault) return ["err", `${error.original}: ${error.message}`];
    return ["err", error instanceof Error ? error.message : String(error)];
  }
}

/** Bytes do not exist in JSON; StackStorm decodes them first. */
function decoded(value: unknown): unknown {
  return typeof value === "object" && value !== null && "$iter" in value
    ? Buffer.from(toPlain(value.$iter) as number[]).toString()
    : value;
}

export interface OwnRules {
  readonly meta: { readonly kv: Readonly<Record<string, Readonly<Record<string, string>>>> };
  readonly operators: {
    readonly pairs: readonly (readonly [value: unknown, pattern: unknown])[];
    readonly results: Readonly<Record<string, readonly Answer[]>>;
  };
  readonly filter: {
    readonly payload: Record<string, unknown>;
    readonly cases: readonly (readonly [Criteria, unknown, Answer, (readonly string[])?])[];
  };
  readonly alias: readonly (readonly [format: string, command: string, Answer, Answer])[];
  readonly cron: readonly (readonly [Record<string, unknown>, now: string, Answer])[];
  readonly interval: readonly (readonly [unit: string, delta: number, Answer])[];
  readonly date: readonly (readonly [date: string, Answer])[];
}

const systemKeys = (kv: OwnRules["meta"]["kv"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(kv["st2kv.system"] ?? {}).map(([name, value]) => [`system.${name}`, value]),
  );

/** All operators on all pairs. More pairs were answered than are written down, in the same order: each pair is held to the next column in which the
 * most operators agree. */
export function checkOperators({ operators: { pairs, results }, meta }: OwnRules): Report {
  const comparison = new Comparison(ruleDifferences);
  const ask = askFrom(systemKeys(meta.kv));
  const names = Object.keys(results);
  const columns = Math.max(0, ...Object.values(results).map(({ length }) => length));
  const got = (name: string, value: unknown, pattern: unknown): Answer =>
    answer(() => (isOperatorName(name) ? operators[name](value, pattern, ask) : undefined));
  let next = 0;
  for (const [at, pair] of pairs.entries()) {
    const [value, pattern] = pair.map(decoded);
    const agreeing = (column: number): number =>
      names.filter((name) => dumps(results[name]?.[column]) === dumps(got(name, value, pattern)))
        .length;
    const last = columns - (pairs.length - at);
    const open = Array.from({ length: Math.max(1, last - next + 1) }, (_, step) => next + step);
    const counts = open.map(agreeing);
    const column = open[counts.indexOf(Math.max(...counts))] ?? next;
    next = column + 1;
    for (const name of names) {
      const wanted = results[name]?.[column];
      const expression = `${dumps(pair[0])} ${name} ${dumps(pair[1])}`;
      comparison.compare({ test: name, expression, recorded: dumps(wanted) }, wanted, () =>
        got(name, value, pattern),
      );
    }
  }
  return comparison;
}

/** The time of the recording. */
const then: Ask = (question) =>
  question.kind === "now" ? "2026-11-21T01:00:11.700000+00:00" : askFrom({})(question);

/** Calls of operators in StackStorm's unit tests; "now" is the time of the recording. */
export function checkOperatorCalls(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const { k, a, r, exc, msg } of lines) {
    if (k !== "op") continue;
    const [name, value, pattern] = a as [string, unknown, unknown];
    const wanted: Answer = exc === undefined ? ["v", r] : ["err", failure(exc, msg)];
    const row = { test: name, expression: dumps(a), recorded: dumps(wanted) };
    comparison.compare(row, wanted, () =>
      answer(() =>
        isOperatorName(name) ? operators[name](decoded(value), decoded(pattern), then) : undefined,
      ),
    );
  }
  return comparison;
}

function verdict(criteria: Criteria, payload: unknown, ask: Ask): readonly [boolean, unknown] {
  const seen = judge(compileRule(rule({ name: "r", criteria }), 0), payload, ask);
  return [seen.kind === "match", seen.kind === "failure" ? [seen.reason] : undefined];
}

/** Whether rules match, and why one could not be decided. */
export function checkCriteria({ filter: { payload, cases }, meta }: OwnRules): Report {
  const comparison = new Comparison(ruleDifferences);
  const ask = askFrom(systemKeys(meta.kv));
  for (const [criteria, given, [, matches], reasons] of cases)
    comparison.compare(
      { test: "filter", expression: dumps(criteria), recorded: dumps([matches, reasons]) },
      [matches, reasons],
      () => verdict(criteria, given === "payload:{}" ? {} : payload, ask),
    );
  return comparison;
}

/** Rules of StackStorm's unit tests. */
export function checkCriteriaCalls(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  const keys = { test_value_1: "xxx", test_value_2: "v1", test_value_3: "YYY" };
  const ask = askFrom(
    Object.fromEntries(Object.entries(keys).map(([name, value]) => [`system.${name}`, value])),
  );
  for (const { k, t, a, r } of lines) {
    if (k !== "filter") continue;
    const [criteria, payload, enabled] = a as [Criteria, unknown, boolean];
    const row = { test: String(t), expression: dumps(criteria), recorded: dumps(r) };
    comparison.compare(row, r, () => enabled && verdict(criteria, payload, ask)[0]);
  }
  return comparison;
}

const parsed = (format: string, command: string): Answer =>
  answer(() => {
    const found = parseAliasCommand(format, command);
    if (found !== undefined) return found;
    throw new PythonError(
      "ParseException",
      `Command "${command}" doesn't match format string "${format}"`,
    );
  });

/** What commands mean, once and wherever they fit. */
export function checkAliases({ alias }: OwnRules): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const [format, command, once, every] of alias) {
    const expression = `${format} ← ${command}`;
    comparison.compare({ test: "alias", expression, recorded: dumps(once) }, once, () =>
      parsed(format, command),
    );
    comparison.compare({ test: "every fit", expression, recorded: dumps(every) }, every, () =>
      answer(() => parseAliasCommands(format, command)),
    );
  }
  return comparison;
}

export function checkAliasCalls(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const { k, a, r, exc, msg } of lines) {
    if (k !== "alias") continue;
    const [format, command] = a as [string, string | null];
    const wanted: Answer = exc === undefined ? ["v", r] : ["err", failure(exc, msg)];
    const row = { test: "alias", expression: `${format} ← ${command}`, recorded: dumps(wanted) };
    comparison.compare(row, wanted, () => parsed(format, command ?? ""));
  }
  return comparison;
}

/** The first `count` times from `now` on, itself included. */
function times(type: string, parameters: Record<string, unknown>, now: string, count: number) {
  const anchor = new Date(now);
  const timer = compileTimer(type, parameters, { anchor, timeZone: "UTC" });
  const found: number[] = [];
  let after: Date | undefined = new Date(anchor.getTime() - 1);
  while (found.length < count) {
    after = nextFire(timer, after);
    if (after === undefined) break;
    found.push(after.getTime());
  }
  return found;
}

/** When timers are due, and what is said of wrong ones. */
export function checkTimers({ cron, interval, date }: OwnRules): Report {
  const comparison = new Comparison(ruleDifferences);
  const compare = (
    type: string,
    parameters: Record<string, unknown>,
    now: string,
    [kind, recorded]: Answer,
  ): void => {
    const list = Array.isArray(recorded) ? recorded : [recorded];
    const wanted: Answer =
      kind === "err" ? ["err", recorded] : ["v", list.map((time) => Date.parse(String(time)))];
    const row = { test: type, expression: dumps(parameters), recorded: dumps(recorded) };
    const plain = toPlain(parameters) as Record<string, unknown>;
    const count = type === timerTypes.cron ? 5 : Math.max(1, list.length);
    comparison.compare(row, wanted, () => answer(() => times(type, plain, now, count)));
  };
  for (const [parameters, now, wanted] of cron) compare(timerTypes.cron, parameters, now, wanted);
  const start = "2026-01-15T10:20:30+00:00";
  for (const [unit, delta, wanted] of interval)
    compare(timerTypes.interval, { unit, delta }, start, wanted);
  for (const [day, wanted] of date)
    compare(timerTypes.date, { date: day }, "2020-01-01T00:00:00Z", wanted);
  return comparison;
}
