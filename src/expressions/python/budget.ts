/** How much work a walk over nested values may do: values can be shared many times over, so that a small one has no end of paths. */
import { bounds } from "../context.ts";
import { PythonError } from "./errors.ts";

const maxDepth = 500;

export class Budget {
  #left: number = bounds.output;
  #depth = 0;

  /** Counts characters or elements. Throws MemoryError when there are too many. */
  spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) {
      throw new PythonError("MemoryError", `the value would exceed ${bounds.output} elements`);
    }
  }

  /** Runs something one level deeper. Throws RecursionError when it gets too deep. */
  deeper<Value>(run: () => Value): Value {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      throw new PythonError("RecursionError", "maximum recursion depth exceeded");
    }
    const value = run();
    this.#depth -= 1;
    return value;
  }
}
