/** Drives a workflow through `advance` as an engine does, and checks after every step what must always hold. */
import { isDeepStrictEqual } from "node:util";

import type { Ask } from "../../src/expressions/context.ts";
import {
  advance,
  initialState,
  replay,
  restore,
  snapshot,
  type Effect,
  type WorkflowEvent,
} from "../../src/workflows/conductor.ts";
import type { JournalEntry } from "../../src/workflows/journal.ts";
import { compileWorkflow, type CompiledWorkflow } from "../../src/workflows/spec.ts";
import type { Snapshot } from "../../src/workflows/snapshot.ts";
import type { WorkflowState } from "../../src/workflows/state.ts";
import { fromStored } from "../../src/workflows/stored.ts";

export type Run = Extract<Effect, { kind: "run" }>;
type Finished = Extract<Effect, { kind: "finished" }>;

export const noAnswers: Ask = (question) => {
  throw new Error(`nobody answers ${JSON.stringify(question)}`);
};

export function compiled(document: unknown): CompiledWorkflow {
  const { workflow, errors } = compileWorkflow(document);
  if (workflow === undefined) throw new Error(JSON.stringify(errors));
  return workflow;
}

export class Driver {
  readonly workflow: CompiledWorkflow;
  readonly journal: JournalEntry[] = [];
  /** Everything that was ever offered, in order. */
  readonly offered: Run[] = [];
  /** What was offered and is not reported on. */
  readonly waiting: Run[] = [];
  readonly effects: Effect[] = [];
  readonly #ask: Ask;
  state: WorkflowState;

  constructor(document: unknown, ask: Ask = noAnswers) {
    this.workflow = compiled(document);
    this.#ask = ask;
    this.state = initialState();
  }

  send(event: WorkflowEvent): readonly Effect[] {
    const before = snapshot(this.state);
    const { state, entries, effects } = advance(this.workflow, this.state, event, this.#ask);
    if (!isDeepStrictEqual(snapshot(this.state), before)) throw new Error("a state was changed");
    const copied = fromStored(JSON.stringify(entries)) as JournalEntry[];
    this.journal.push(...copied);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.kind !== "run") continue;
      this.offered.push(effect);
      this.waiting.push(effect);
    }
    return effects;
  }

  start(input: Record<string, unknown> = {}, context: Record<string, unknown> = {}): this {
    this.send({ kind: "start", input, context });
    return this;
  }

  /** Reports on one that waits: by default the oldest. */
  finish(result: unknown = null, how: { status?: "succeeded" | "failed"; at?: number } = {}): Run {
    const [run] = this.waiting.splice(how.at ?? 0, 1);
    if (run === undefined) throw new Error("nothing waits");
    const { taskId, route } = run;
    const item = run.item === undefined ? {} : { item: run.item };
    const status = how.status ?? "succeeded";
    this.send({ kind: "task", taskId, route, ...item, status, result });
    return run;
  }

  /** Reports success until nothing waits. */
  drain(result: (run: Run) => unknown = () => null): this {
    for (let left = 100_000; this.waiting.length > 0 && left > 0; left -= 1) {
      const [next] = this.waiting;
      this.finish(next && result(next));
    }
    return this;
  }

  get tasks(): string[] {
    return this.offered.map((run) => run.taskId);
  }

  get finished(): Finished | undefined {
    return this.effects.findLast((effect) => effect.kind === "finished");
  }

  /** The state as the journal alone gives it. */
  replayed(): WorkflowState {
    return replay(this.workflow, initialState(), this.journal);
  }

  /** Through JSON and back. */
  reload(): void {
    this.state = restore(fromStored(JSON.stringify(snapshot(this.state))) as Snapshot);
  }
}

/** Runs to the end without looking at every step. */
export class Light {
  readonly #workflow: CompiledWorkflow;

  constructor(document: unknown) {
    this.#workflow = compiled(document);
  }

  run(): { status: string; steps: number } {
    const start = { kind: "start", input: {}, context: {} } as const;
    let { state, effects } = advance(this.#workflow, initialState(), start, noAnswers);
    const queue = [...effects];
    let steps = 0;
    for (const effect of queue) {
      if (effect.kind !== "run") continue;
      const { taskId, route } = effect;
      const item = effect.item === undefined ? {} : { item: effect.item };
      const event = { kind: "task", taskId, route, ...item, status: "succeeded", result: null } as const;
      ({ state, effects } = advance(this.#workflow, state, event, noAnswers));
      queue.push(...effects);
      steps += 1;
    }
    return { status: state.status, steps };
  }
}
