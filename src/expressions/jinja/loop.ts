import { pyEquals } from "../python/compare.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { JinjaObject, JinjaUndefined, PyFunction } from "./runtime.ts";

/** `loop` inside of a `for`. */
export class LoopContext extends JinjaObject {
  readonly pythonType = "LoopContext";
  readonly description = "jinja2.runtime.LoopContext object";
  at = 0;
  readonly #items: readonly unknown[];
  readonly #depth: number;
  #last: readonly unknown[] | undefined;
  /** Runs the loop's body on other items; only in a recursive loop. */
  readonly recurse: ((items: unknown) => unknown) | undefined;

  constructor(
    items: readonly unknown[],
    depth: number,
    recurse: ((items: unknown) => unknown) | undefined,
  ) {
    super();
    this.#items = items;
    this.#depth = depth;
    this.recurse = recurse;
  }

  override attribute(name: string): unknown {
    const { at } = this;
    const { length } = this.#items;
    switch (name) {
      case "index":
        return at + 1;
      case "index0":
        return at;
      case "revindex":
        return length - at;
      case "revindex0":
        return length - at - 1;
      case "first":
        return at === 0;
      case "last":
        return at === length - 1;
      case "length":
        return length;
      case "depth":
        return this.#depth + 1;
      case "depth0":
        return this.#depth;
      default:
        return this.#neighbours(name);
    }
  }

  #neighbours(name: string): unknown {
    if (name === "previtem") {
      return this.at === 0
        ? new JinjaUndefined("there is no previous item")
        : this.#items[this.at - 1];
    }
    if (name === "nextitem") {
      return this.at + 1 >= this.#items.length
        ? new JinjaUndefined("there is no next item")
        : this.#items[this.at + 1];
    }
    if (name === "cycle")
      return new PyFunction((args) => this.#cycle(args), "<bound method cycle>", "method");
    if (name === "changed")
      return new PyFunction((args) => this.#changed(args), "<bound method changed>", "method");
    return undefined;
  }

  #cycle(args: readonly unknown[]): unknown {
    if (args.length === 0) throw typeError("no items for cycling given");
    return args[this.at % args.length];
  }

  #changed(args: readonly unknown[]): boolean {
    const before = this.#last;
    this.#last = args;
    return (
      before === undefined ||
      before.length !== args.length ||
      !before.every((value, at) => pyEquals(value, args[at]))
    );
  }

  /** `loop(items)`. Throws TypeError outside of a recursive loop. */
  call(args: readonly unknown[]): unknown {
    if (this.recurse === undefined) {
      throw new PythonError(
        "TypeError",
        "The loop must have the 'recursive' marker to be called recursively.",
      );
    }
    return this.recurse(args[0]);
  }

  override pythonRepr(): string {
    return `<LoopContext ${this.at + 1}/${this.#items.length}>`;
  }
}
