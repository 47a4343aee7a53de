/** From what the repetitions measured to ratios, medians and a table. */
import { cpus, release, totalmem, type } from "node:os";
import type { Idle } from "./engine.ts";
import { median, rounded } from "./measure.ts";
import type { Load } from "./webhooks.ts";

export interface Repetition {
  readonly bare: Load;
  readonly bareAfter: Load;
  readonly bareLast: Load;
  readonly matched: Load;
  readonly stored: Load;
  /** Rows per second before the steps, between steps and events, and after the events. */
  readonly journal: readonly [number, number, number];
  readonly steps: number;
  readonly events: number;
  /** Jobs per second; undefined without redis-server. */
  readonly redis: number | undefined;
  readonly postgres: number;
  readonly idle: Idle;
  /** Microseconds per step. */
  readonly stepCost: { readonly short: number; readonly long: number };
  /** Microseconds per item of a task with items. */
  readonly itemCost: { readonly few: number; readonly many: number };
  /** Microseconds per event. */
  readonly match: { readonly perEvent100: number; readonly perEvent10k: number };
}

export const ratios = {
  durable_webhook_vs_bare_express: (r) =>
    r.stored.perSecond / ((r.bareAfter.perSecond + r.bareLast.perSecond) / 2),
  ingest_vs_bare_express: (r) =>
    r.matched.perSecond / ((r.bare.perSecond + r.bareAfter.perSecond) / 2),
  events_vs_group_commit: (r) => r.events / ((r.journal[1] + r.journal[2]) / 2),
  steps_vs_group_commit: (r) => r.steps / ((r.journal[0] + r.journal[1]) / 2),
  steps_vs_bullmq_redis: (r) => (r.redis === undefined ? undefined : r.steps / r.redis),
  steps_vs_bullmq_pg: (r) => r.steps / r.postgres,
  idle_event_to_action_vs_commit: (r) => r.idle.eventToAction / r.idle.commit,
  match_10k_vs_100_rules: (r) => r.match.perEvent10k / r.match.perEvent100,
  step_cost_1000_vs_10: (r) => r.stepCost.long / r.stepCost.short,
  item_cost_10000_vs_10: (r) => r.itemCost.many / r.itemCost.few,
} satisfies Record<string, (repetition: Repetition) => number | undefined>;

export type RatioName = keyof typeof ratios;

const absolute = {
  bare_express_requests_per_s: (r) => (r.bare.perSecond + r.bareAfter.perSecond) / 2,
  ingest_requests_per_s: (r) => r.matched.perSecond,
  ingest_p50_ms: (r) => r.matched.p50,
  ingest_p99_ms: (r) => r.matched.p99,
  ingest_unmatched_requests_per_s: (r) => r.stored.perSecond,
  group_commit_rows_per_s: (r) => (r.journal[0] + r.journal[1] + r.journal[2]) / 3,
  events_per_s: (r) => r.events,
  steps_per_s: (r) => r.steps,
  bullmq_redis_jobs_per_s: (r) => r.redis,
  bullmq_pg_jobs_per_s: (r) => r.postgres,
  idle_event_to_action_p50_ms: (r) => r.idle.eventToAction,
  commit_p50_ms: (r) => r.idle.commit,
  match_100_rules_us: (r) => r.match.perEvent100,
  match_10k_rules_us: (r) => r.match.perEvent10k,
  step_of_10_us: (r) => r.stepCost.short,
  step_of_1000_us: (r) => r.stepCost.long,
  item_of_10_us: (r) => r.itemCost.few,
  item_of_10000_us: (r) => r.itemCost.many,
} satisfies Record<string, (repetition: Repetition) => number | undefined>;

/** What each ratio should reach, and what it says. */
export const aims: Record<
  RatioName,
  { readonly sign: "≥" | "≤"; readonly aim: number; readonly meaning: string }
> = {
  durable_webhook_vs_bare_express: {
    sign: "≥",
    aim: 0.8,
    meaning: "webhook on disk, a rule looked at it, requests/s ÷ Express that keeps nothing",
  },
  ingest_vs_bare_express: {
    sign: "≥",
    aim: 0.8,
    meaning: "webhook → rule → action done and on disk, requests/s ÷ the same Express",
  },
  events_vs_group_commit: {
    sign: "≥",
    aim: 0.15,
    meaning: "event → rule → inline action, events/s ÷ journal rows/s",
  },
  steps_vs_group_commit: {
    sign: "≥",
    aim: 0.2,
    meaning: "steps/s of 10-step workflows ÷ journal rows/s",
  },
  steps_vs_bullmq_redis: { sign: "≥", aim: 1.5, meaning: "steps/s ÷ BullMQ no-op jobs/s on Redis" },
  steps_vs_bullmq_pg: { sign: "≥", aim: 1, meaning: "steps/s ÷ BullMQ no-op jobs/s on PostgreSQL" },
  idle_event_to_action_vs_commit: {
    sign: "≤",
    aim: 3,
    meaning: "idle: event → action done and on disk ÷ one raw commit",
  },
  match_10k_vs_100_rules: {
    sign: "≤",
    aim: 3,
    meaning: "finding the matching rule among 10,000 ÷ among 100",
  },
  step_cost_1000_vs_10: {
    sign: "≤",
    aim: 1.2,
    meaning: "a step of a chain of 1,000 ÷ a step of a chain of 10",
  },
  item_cost_10000_vs_10: {
    sign: "≤",
    aim: 1.2,
    meaning: "an item of a task with 10,000 items ÷ an item of one with 10",
  },
};

type Measures = Readonly<Record<string, (repetition: Repetition) => number | undefined>>;
type Numbers = Record<string, number | null>;

function each(
  measures: Measures,
  one: (measure: (repetition: Repetition) => number | undefined) => number | undefined,
): Numbers {
  return Object.fromEntries(
    Object.entries(measures).map(([name, measure]) => {
      const value = one(measure);
      return [name, value === undefined ? null : rounded(value)];
    }),
  );
}

/** Undefined when no repetition could measure it. */
function medianOf(
  repetitions: readonly Repetition[],
  measure: (repetition: Repetition) => number | undefined,
): number | undefined {
  const values = repetitions.map(measure).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

export interface Summary {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly ratios: Numbers;
  /** The ratios whose median is on the wrong side of its aim. */
  readonly missed: readonly RatioName[];
  readonly absolute: Numbers;
  /** Why a ratio is null, by its name. */
  readonly missing: Readonly<Record<string, string>>;
  readonly repetitions: readonly {
    readonly ratios: Numbers;
    readonly absolute: Numbers;
    readonly measured: Repetition;
  }[];
}

export function summary(
  repetitions: readonly Repetition[],
  { bodyBytes, redis, seconds }: { bodyBytes: number; redis: boolean; seconds: number },
): Summary {
  const [cpu] = cpus();
  const medians = each(ratios, (measure) => medianOf(repetitions, measure));
  return {
    machine: {
      cpu: cpu?.model ?? "",
      cores: cpus().length,
      memory_gb: rounded(totalmem() / 2 ** 30),
      system: `${type()} ${release()}`,
      node: process.version,
      webhook_body_bytes: bodyBytes,
      seconds: Math.round(seconds),
    },
    ratios: medians,
    missed: missedIn(medians),
    absolute: each(absolute, (measure) => medianOf(repetitions, measure)),
    missing: redis ? {} : { steps_vs_bullmq_redis: "redis-server is not installed" },
    repetitions: repetitions.map((measured) => ({
      ratios: each(ratios, (measure) => measure(measured)),
      absolute: each(absolute, (measure) => measure(measured)),
      measured,
    })),
  };
}

export function span(
  repetitions: readonly Repetition[],
  measure: (repetition: Repetition) => number | undefined,
): string {
  const values = repetitions.map(measure).filter((value) => value !== undefined);
  return values.length === 0
    ? ""
    : `${rounded(Math.min(...values))} … ${rounded(Math.max(...values))}`;
}

export function met(name: RatioName, value: number): boolean {
  const { sign, aim } = aims[name];
  return sign === "≥" ? value >= aim : value <= aim;
}

export function isRatio(name: string): name is RatioName {
  return name in ratios;
}

/** What was not measured is not missed. */
function missedIn(medians: Numbers): readonly RatioName[] {
  return Object.entries(medians).flatMap(([name, value]) =>
    isRatio(name) && value !== null && !met(name, value) ? [name] : [],
  );
}

/** Median, aim and span of every ratio, then the absolute numbers. */
export function table({
  machine,
  ratios: medians,
  absolute: values,
  missing,
  repetitions,
}: Summary): string {
  const measured = repetitions.map((repetition) => repetition.measured);
  const lines = Object.entries(medians).flatMap(([name, value]) => {
    if (!isRatio(name)) return [];
    const { sign, aim, meaning } = aims[name];
    const verdict = value === null ? "    " : met(name, value) ? "ok  " : "MISS";
    const shown =
      value === null
        ? (missing[name] ?? "-")
        : `${String(value).padStart(6)}   ${span(measured, ratios[name])}`;
    return [
      `${verdict} ${name.padEnd(31)} aim ${sign} ${String(aim).padEnd(4)} ${shown.padEnd(26)} ${meaning}`,
    ];
  });
  const numbers = Object.entries(values).map(
    ([name, value]) => `     ${name.padEnd(33)} ${value ?? "-"}`,
  );
  const where = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [
    `Medians of ${repetitions.length} repetitions (least … most)`,
    ...lines,
    "",
    "Absolute, for this machine only",
    ...numbers,
    "",
    where.join(", "),
    "",
  ].join("\n");
}
