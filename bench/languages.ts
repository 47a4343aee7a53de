/** Expressions per second of each language, compiled once and evaluated as rules, parameters and workflows evaluate them; and what deciding a
 * rule with a typical JSONata condition costs, finding it in the index included. */
import type { Ask, EvaluationContext, WorkflowFacts } from "../src/expressions/context.ts";
import { compileJinjaTemplate } from "../src/expressions/jinja/compile.ts";
import { compileTemplate } from "../src/expressions/template.ts";
import { compileRules } from "../src/rules/index.ts";
import { match } from "../src/rules/match.ts";
import { ruleOf } from "./match.ts";

const nobody: Ask = () => {
  throw new Error("nothing is asked here");
};

const workflow: WorkflowFacts = {
  taskId: "t1",
  route: 0,
  status: "succeeded",
  result: { stdout: "up 3 days", code: 0 },
  taskStatus: () => "succeeded",
  task: () => undefined,
};
const trigger = {
  host: "web042.example.com",
  state: "CRITICAL",
  severity: 4,
  service: "http",
  tags: ["web", "tokyo"],
  output: "Connection refused",
};
const context: EvaluationContext = {
  variables: {
    host: { name: "web042.example.com", ip: "192.0.2.42" },
    name: "web042",
    count: 3,
    disks: [
      { mount: "/", used: 91 },
      { mount: "/var", used: 40 },
    ],
    trigger,
  },
  workflow,
  ask: nobody,
};

/** What typical content writes, by name. */
export const expressions = {
  yaql_reference: "<% ctx().host.name %>",
  yaql_name: "<% ctx(name) %>",
  yaql_status: "<% succeeded() %>",
  yaql_result: "<% result().stdout %>",
  yaql_condition: "<% succeeded() and ctx().count > 2 %>",
  yaql_concatenation: "<% ctx().name + '.example.com' %>",
  yaql_text: "host <% ctx().name %> is <% ctx().trigger.state %>",
  yaql_length: "<% len(ctx().disks) %>",
  yaql_method: "<% ctx().name.toUpper() %>",
  yaql_query: "<% ctx().disks.where($.used > 90).select($.mount) %>",
  jinja_reference: "{{ ctx().host.name }}",
  jinja_status: "{{ succeeded() }}",
  jinja_condition: "{{ succeeded() and ctx().count > 2 }}",
  jinja_text: "host {{ ctx().name }} is {{ ctx().trigger.state }}",
  jinja_filter: "{{ ctx().name | upper }}",
  jsonata_reference: "<$ host.name $>",
  jsonata_text: "<$ trigger.host $>: <$ $uppercase(trigger.state) $>",
  jsonata_condition: '<$ trigger.severity >= 3 and trigger.host in ["web042.example.com"] $>',
  jsonata_filter: "<$ disks[used > 90].mount $>",
} as const;

export type ExpressionName = keyof typeof expressions;

export interface LanguagesBench {
  /** Evaluations per second of processor, in the least disturbed round. */
  readonly perSecond: Readonly<Record<string, number>>;
  /** Microseconds to decide an event against one typical rule, finding it among 100 and among 10,000. */
  readonly ruleAmong100: number;
  readonly ruleAmong10k: number;
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of processor that so many calls take, at best. */
function best(rounds: number, calls: number, work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round += 1) {
    const start = processorTime();
    for (let call = 0; call < calls; call += 1) work();
    // The first round lets the program be compiled.
    if (round > 0) least = Math.min(least, processorTime() - start);
  }
  return least;
}

function ruleCost(rules: number, rounds: number): number {
  const conditions = Array.from(
    { length: rules },
    (_, n) =>
      `trigger.severity >= 3 and trigger.host = "web${n}.example.com" and $contains(trigger.output, "refused")`,
  );
  const index = compileRules(conditions.map((when, n) => ruleOf(n, { when })));
  const event = {
    trigger: "bench.alert",
    payload: { ...trigger, host: `web${rules - 1}.example.com` },
  };
  const calls = 20_000;
  const took = best(rounds, calls, () => {
    if (match(index, event, nobody).matches.length !== 1) throw new Error("one rule must match");
  });
  return (took * 1_000) / calls;
}

export function benchLanguages(rounds = 5, calls = 100_000): LanguagesBench {
  const perSecond: Record<string, number> = {};
  for (const [name, text] of Object.entries(expressions)) {
    const compiled = compileTemplate(text);
    perSecond[name] = (calls * 1_000) / best(rounds, calls, () => compiled.evaluate(context));
  }
  const parameter = compileJinjaTemplate("{{ trigger.host }}: {{ trigger.state | lower }}");
  perSecond["jinja_parameter"] =
    (calls * 1_000) / best(rounds, calls, () => parameter.render(context));
  return {
    perSecond,
    ruleAmong100: ruleCost(100, rounds),
    ruleAmong10k: ruleCost(10_000, rounds),
  };
}

if (import.meta.main) {
  const { perSecond, ruleAmong100, ruleAmong10k } = benchLanguages();
  for (const [name, each] of Object.entries(perSecond)) {
    process.stdout.write(
      `${name.padEnd(20)} ${Math.round(each).toLocaleString("en").padStart(12)}/s\n`,
    );
  }
  process.stdout.write(
    `a rule's JSONata condition, found in the index: ${ruleAmong100.toFixed(2)} µs among 100 rules, ${ruleAmong10k.toFixed(2)} µs among 10,000\n`,
  );
}
