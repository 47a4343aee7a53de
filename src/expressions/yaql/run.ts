/** One evaluation: its context, and the counters that bound it. */
import { bounds, type EvaluationContext } from "../context.ts";
import { Fault } from "./faults.ts";
import type { Library } from "./names.ts";

/** Calls inside calls; the original's stack ends at about a tenth of this. */
const maximumCalls = 250;

export class Run {
  readonly context: EvaluationContext;
  readonly library: Library;
  /** Sets leave as lists. */
  readonly setsAsLists: boolean;
  /** True once `def` was used: from then on any name, operators included, may mean something else. */
  redefined = false;
  #steps = 0;
  #output = 0;
  #calls = 0;
  #randoms = 0;
  constructor(context: EvaluationContext, library: Library, setsAsLists = false) {
    this.setsAsLists = setsAsLists;
    this.context = context;
    this.library = library;
  }

  /** Counts work. Throws when the evaluation is over its bound. */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > bounds.steps) {
      throw new Fault("RuntimeError", `evaluation took more than ${bounds.steps} steps`);
    }
  }

  /** Counts characters or elements that are about to be produced. */
  produce(count: number): void {
    this.#output += count;
    if (this.#output > bounds.output) {
      throw new Fault("MemoryQuotaExceededException", "Expression consumed too much memory");
    }
  }

  /** Counts reading that many characters or bytes. */
  scan(length: number): void {
    this.step(length >>> 8);
  }

  /** Enters a call; `leave` must follow. */
  enter(): void {
    if (this.#calls >= maximumCalls) {
      throw new Fault("RecursionError", "maximum recursion depth exceeded");
    }
    this.#calls++;
  }

  leave(): void {
    this.#calls--;
  }

  /** A number in [0, 1). */
  random(): number {
    const answer = this.context.ask({ kind: "random", n: this.#randoms++ });
    return typeof answer === "number" ? answer : 0;
  }
}
