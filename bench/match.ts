/** What finding the rules of one event costs, at 100 and at 10,000 rules of one trigger, with one rule matching in both. */
import { performance } from "node:perf_hooks";
import type { RuleDefinition } from "../src/model/definitions.ts";
import { compileRules } from "../src/rules/index.ts";
import { match, type MatchEvent } from "../src/rules/match.ts";

export interface MatchBench {
  /** Microseconds per event at 100 rules, the median of the rounds. */
  readonly perEvent100: number;
  readonly perEvent10k: number;
  /** Every round, as measured. */
  readonly rounds: ReadonlyArray<{ readonly perEvent100: number; readonly perEvent10k: number }>;
}

/** A rule of the trigger `bench.alert` with nothing to demand but what is given. */
export function ruleOf(
  n: number,
  demand: Pick<RuleDefinition, "when"> & Partial<RuleDefinition>,
): RuleDefinition {
  const name = `rule${n}`;
  return {
    ref: `bench.${name}`,
    pack: "bench",
    name,
    description: "",
    enabled: true,
    trigger: { type: "bench.alert", parameters: {} },
    criteria: {},
    action: { ref: "core.noop", parameters: {} },
    type: { ref: "standard", parameters: {} },
    context: {},
    tags: [],
    source: { file: "bench", line: 1, column: 1 },
    ...demand,
  };
}

/** Half of the rules as StackStorm writes them, half in JSONata. */
function rule(n: number): RuleDefinition {
  const host = `web${n}.example.com`;
  return n % 2 === 0
    ? ruleOf(n, {
        when: undefined,
        criteria: { "trigger.body.host": { type: "equals", pattern: host } },
      })
    : ruleOf(n, { when: `trigger.body.host = "${host}" and trigger.body.severity > 2` });
}

function event(n: number): MatchEvent {
  const body = { host: `web${n}.example.com`, severity: 3, service: "http", state: "CRITICAL" };
  return { trigger: "bench.alert", payload: { headers: { "content-type": "json" }, body } };
}

function ask(): never {
  throw new Error("nothing is asked here");
}

function prepare(rules: number): (events: number) => number {
  const index = compileRules(Array.from({ length: rules }, (_, n) => rule(n)));
  const events = Array.from({ length: 100 }, (_, n) => event((n * 97) % rules));
  return (count) => {
    const start = performance.now();
    let matches = 0;
    for (let n = 0; n < count; n += 1) {
      const each = events[n % events.length];
      if (each !== undefined) matches += match(index, each, ask).matches.length;
    }
    const took = performance.now() - start;
    if (matches !== count) throw new Error(`${matches} matches for ${count} events`);
    return (took * 1000) / count;
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Measures both sizes in turn. */
export function benchMatch(rounds = 9, events = 50_000): MatchBench {
  const small = prepare(100);
  const large = prepare(10_000);
  small(events);
  large(events);
  const all = Array.from({ length: rounds }, () => ({
    perEvent100: small(events),
    perEvent10k: large(events),
  }));
  return {
    perEvent100: median(all.map(({ perEvent100 }) => perEvent100)),
    perEvent10k: median(all.map(({ perEvent10k }) => perEvent10k)),
    rounds: all,
  };
}

if (import.meta.main) {
  const { perEvent100, perEvent10k } = benchMatch();
  process.stdout.write(
    `match: ${perEvent100.toFixed(2)} µs per event at 100 rules, ${perEvent10k.toFixed(2)} µs at 10,000, ratio ${(perEvent10k / perEvent100).toFixed(2)}\n`,
  );
}
