/** What a step of the conductor costs, in process: chains, fans that join, and other shapes, at 100, 1,000 and 10,000 tasks. A step is one
 * action's end taken in, with everything that follows from it. The sizes are measured in turn, several times: a machine that slows down
 * meanwhile slows all of them down. */
import type { Ask } from "../src/expressions/context.ts";
import { advance, initialState, snapshot, type Advance } from "../src/workflows/conductor.ts";
import { compileWorkflow, type CompiledWorkflow } from "../src/workflows/spec.ts";

type Tasks = Record<string, unknown>;

function chain(size: number, link: (n: number) => object): Tasks {
  const tasks: Tasks = {};
  for (let n = 0; n < size; n += 1) {
    const next = n + 1 < size ? { next: [{ ...link(n), do: `t${n + 1}` }] } : {};
    tasks[`t${n}`] = { action: "core.noop", ...next };
  }
  return tasks;
}

/** Shapes of workflows with about so many tasks. */
const shapes = {
  /** One task after the other. */
  chain: (size) => chain(size, () => ({})),
  /** The same, each transition asking whether the task succeeded. */
  when: (size) => chain(size, () => ({ when: "<% succeeded() %>" })),
  /** The same, each transition publishing the task's result under a name of its own. */
  publish: (size) => chain(size, (n) => ({ publish: [{ [`v${n}`]: "<% result() %>" }] })),
  /** The same, and each task reads what the one before it published. */
  read(size) {
    const tasks = chain(size, (n) => ({ publish: [{ [`v${n}`]: "<% result() %>" }] }));
    for (let n = 1; n < size; n += 1)
      tasks[`t${n}`] = { ...Object(tasks[`t${n}`]), input: { seen: `<% ctx().v${n - 1} %>` } };
    return tasks;
  },
  /** One task with so many items. */
  items: () => ({
    t: { action: "core.noop", with: "<% ctx().list %>", input: { n: "<% item() %>" } },
  }),
  /** Everything at once, and a task that waits for all. */
  fan(size) {
    const tasks: Tasks = { last: { action: "core.noop", join: "all" } };
    for (let n = 0; n < size; n += 1)
      tasks[`t${n}`] = { action: "core.noop", next: [{ do: "last" }] };
    return tasks;
  },
  /** Two branches that meet, again and again. */
  diamonds(size) {
    const tasks: Tasks = {};
    for (let n = 0; n < size / 3; n += 1) {
      const join = n === 0 ? {} : { join: "all" };
      tasks[`a${n}`] = { action: "core.noop", ...join, next: [{ do: [`b${n}`, `c${n}`] }] };
      const next = n + 1 < size / 3 ? { next: [{ do: `a${n + 1}` }] } : {};
      tasks[`b${n}`] = { action: "core.noop", ...next };
      tasks[`c${n}`] = { action: "core.noop", ...next };
    }
    return tasks;
  },
} satisfies Record<string, (size: number) => Tasks>;

export type Shape = keyof typeof shapes;
export const shapeNames: readonly Shape[] = [
  "chain",
  "fan",
  "when",
  "publish",
  "read",
  "diamonds",
  "items",
];
/** The least disturbed of several rounds. */
function best(values: readonly number[]): number {
  return Math.min(...values);
}

const sizes = [100, 1_000, 10_000] as const;

const nobody: Ask = () => {
  throw new Error("nothing is asked here");
};

function compiled(shape: Shape, size: number): CompiledWorkflow {
  const { workflow, errors } = compileWorkflow({
    version: 1,
    vars: [{ list: Array.from({ length: size }, (_, n) => n) }],
    tasks: shapes[shape](size),
  });
  if (workflow === undefined) throw new Error(JSON.stringify(errors));
  return workflow;
}

/** Runs it to its end. Result: how many steps that took. */
function run(workflow: CompiledWorkflow, keep: (step: Advance) => void): number {
  const start = { kind: "start", input: {}, context: {} } as const;
  let { state, effects } = advance(workflow, initialState(), start, nobody);
  const queue = [...effects];
  let steps = 0;
  for (const effect of queue) {
    if (effect.kind !== "run") continue;
    const { taskId, route, item } = effect;
    const place = item === undefined ? { taskId, route } : { taskId, route, item };
    const event = { kind: "task", ...place, status: "succeeded", result: { n: steps } } as const;
    const step = advance(workflow, state, event, nobody);
    ({ state, effects } = step);
    keep(step);
    queue.push(...effects);
    steps += 1;
  }
  if (state.status !== "succeeded") throw new Error(`the workflow ended ${state.status}`);
  return steps;
}

function forget(): void {}

/** What the engine writes down so that nothing is lost: the entries of every step, and the whole state every 200 steps. */
function serialised(): (step: Advance) => void {
  let steps = 0;
  return ({ entries, state }) => {
    steps += 1;
    written += JSON.stringify(entries).length;
    if (steps % 200 === 0) written += JSON.stringify(snapshot(state)).length;
  };
}
let written = 0;

/** Milliseconds of processor that this process used so far, its garbage collection included: other programs on the machine cost nothing. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Microseconds of processor per step over at least so many steps. */
function perStep(
  workflow: CompiledWorkflow,
  atLeast: number,
  keep: (step: Advance) => void = forget,
): number {
  let steps = 0;
  const start = processorTime();
  while (steps < atLeast) steps += run(workflow, keep);
  return ((processorTime() - start) * 1_000) / steps;
}

export interface ShapeCost {
  /** Microseconds per step, in the least disturbed round, by number of tasks. */
  readonly perStep: Readonly<Record<number, number>>;
  /** A step among 1,000 and among 10,000 tasks ÷ a step among 100. */
  readonly ratio1k: number;
  readonly ratio10k: number;
}

export interface ConductorBench {
  readonly shapes: Readonly<Record<Shape, ShapeCost>>;
  /** Steps per second on a chain of 100 tasks, in memory, and with what the engine writes down as JSON at every step. */
  readonly chain100: number;
  readonly chain100Serialised: number;
  readonly fan100: number;
  /** Milliseconds to compile a definition of 10,000 tasks. */
  readonly compile10k: number;
}

/** Measures every size of a shape in turn. */
function costOf(shape: Shape, rounds: number): ShapeCost {
  const workflows = sizes.map((size) => compiled(shape, size));
  for (const workflow of workflows) perStep(workflow, 10_000);
  const measured = Array.from({ length: rounds }, () =>
    workflows.map((workflow) => perStep(workflow, 10_000)),
  );
  const at = (index: number): number => best(measured.map((round) => round[index] ?? Number.NaN));
  const ratio = (index: number): number => at(index) / at(0);
  return {
    perStep: Object.fromEntries(sizes.map((size, index) => [size, at(index)])),
    ratio1k: ratio(1),
    ratio10k: ratio(2),
  };
}

export function benchConductor(rounds = 9): ConductorBench {
  const found = {
    chain: costOf("chain", rounds),
    fan: costOf("fan", rounds),
    when: costOf("when", rounds),
    publish: costOf("publish", rounds),
    read: costOf("read", rounds),
    diamonds: costOf("diamonds", rounds),
    items: costOf("items", rounds),
  };
  const hundred = compiled("chain", 100);
  perStep(hundred, 5_000, serialised());
  const durable = best(Array.from({ length: rounds }, () => perStep(hundred, 5_000, serialised())));
  if (written === 0) throw new Error("nothing was written");
  const compiling = Array.from({ length: Math.min(rounds, 5) }, () => {
    const start = processorTime();
    compiled("publish", 10_000);
    return processorTime() - start;
  });
  const second = (shape: Shape): number => 1e6 / (found[shape].perStep[100] ?? Number.NaN);
  return {
    shapes: found,
    chain100: second("chain"),
    chain100Serialised: 1e6 / durable,
    fan100: second("fan"),
    compile10k: best(compiling),
  };
}

if (import.meta.main) {
  const result = benchConductor();
  for (const shape of shapeNames) {
    const { perStep: cost, ratio1k, ratio10k } = result.shapes[shape];
    const each = sizes.map((size) => (cost[size] ?? 0).toFixed(2).padStart(7)).join("");
    process.stdout.write(
      `${shape.padEnd(9)} µs per step at 100, 1,000, 10,000 tasks:${each}   ratios ${ratio1k.toFixed(2)} ${ratio10k.toFixed(2)}\n`,
    );
  }
  process.stdout.write(
    `chain of 100: ${Math.round(result.chain100)} steps/s (÷ 285 = ${Math.round(result.chain100 / 285)}), with the journal as JSON ` +
      `${Math.round(result.chain100Serialised)} (÷ 19 = ${Math.round(result.chain100Serialised / 19)}); fan of 100: ${Math.round(result.fan100)}\n` +
      `compiling 10,000 tasks: ${Math.round(result.compile10k)} ms\n`,
  );
}
