/** Jinja2's global functions and the objects they make. */
import { bounds } from "../context.ts";
import { isInt } from "../python/arithmetic.ts";
import type { Keywords } from "../python/arguments.ts";
import { dictEntries, isDict, makeDict, PyDict } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { PythonError, typeError, valueError } from "../python/errors.ts";
import { iterate, text } from "./access.ts";
import { JinjaObject, need, PyFunction, PyRange } from "./runtime.ts";

/** namespace(): attributes that `set` may change from an inner scope. */
export class Namespace extends JinjaObject {
  readonly pythonType = "Namespace";
  readonly description = "jinja2.utils.Namespace object";
  readonly #values: Map<string, unknown>;
  constructor(values: Iterable<readonly [string, unknown]>) {
    super();
    this.#values = new Map(values);
  }
  override attribute(name: string): unknown {
    return this.#values.get(name);
  }
  override item(key: unknown): unknown {
    return typeof key === "string" ? this.#values.get(key) : undefined;
  }
  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }
  override pythonRepr(): string {
    const pairs = [...this.#values];
    return `<Namespace ${text(makeDict(pairs))}>`;
  }
}

class Cycler extends JinjaObject {
  readonly pythonType = "Cycler";
  readonly description = "jinja2.utils.Cycler object";
  readonly #items: readonly unknown[];
  #at = 0;
  constructor(items: readonly unknown[]) {
    super();
    if (items.length === 0)
      throw new PythonError("RuntimeError", "at least one item has to be provided");
    this.#items = items;
  }
  override attribute(name: string): unknown {
    if (name === "current") return this.#items[this.#at];
    if (name === "reset") {
      return method("reset", () => {
        this.#at = 0;
        return null;
      });
    }
    if (name !== "next") return undefined;
    return method("next", () => {
      const item = this.#items[this.#at];
      this.#at = (this.#at + 1) % this.#items.length;
      return item;
    });
  }
}

function method(name: string, call: PyFunction["call"]): PyFunction {
  return new PyFunction(call, `<bound method ${name}>`, "method");
}

function range(args: readonly unknown[]): PyRange {
  if (args.length === 0) throw typeError("range expected at least 1 argument, got 0");
  if (args.length > 3) {
    throw typeError(`range expected at most 3 arguments, got ${args.length}`);
  }
  const numbers = args.map((arg) => {
    if (isInt(need(arg))) return Number(arg);
    throw typeError(`'${typeName(arg)}' object cannot be interpreted as an integer`);
  });
  const [first = 0, second, step = 1] = numbers;
  if (step === 0) throw valueError("range() arg 3 must not be zero");
  const made = second === undefined ? new PyRange(0, first, 1) : new PyRange(first, second, step);
  if (made.length > bounds.range) {
    throw new PythonError(
      "OverflowError",
      `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${bounds.range}).`,
    );
  }
  return made;
}

function dict(args: readonly unknown[], keywords: Keywords): unknown {
  const [source] = args;
  const pairs: (readonly [unknown, unknown])[] = [];
  if (isDict(source)) pairs.push(...dictEntries(source));
  else if (source !== undefined) {
    for (const pair of iterate(source)) {
      const items = iterate(pair);
      pairs.push([items[0], items[1]]);
    }
  }
  const made = makeDict([...pairs, ...keywords]);
  return made instanceof PyDict ? made : { ...made };
}

function joiner(args: readonly unknown[], keywords: Keywords): PyFunction {
  const separator = args[0] ?? keywords.get("sep") ?? ", ";
  let used = false;
  return new PyFunction(
    () => {
      if (used) return separator;
      used = true;
      return "";
    },
    "<jinja2.utils.Joiner object at 0x>",
    "Joiner",
  );
}

const words =
  "lorem ipsum dolor sit amet consectetuer adipiscing elit sed diam nonummy nibh euismod tincidunt ut laoreet magna aliquam erat volutpat".split(
    " ",
  );

/** Placeholder text; always the same. */
function lipsum(args: readonly unknown[], keywords: Keywords): string {
  const count = args[0] ?? keywords.get("n") ?? 5;
  const html = args[1] ?? keywords.get("html") ?? true;
  const many = isInt(count) ? Math.min(Math.max(Number(count), 0), 100) : 5;
  const sentence = `${words.join(" ").replace(/^l/, "L")}.`;
  const paragraphs = Array.from({ length: many }, () =>
    html === true ? `<p>${sentence}</p>` : sentence,
  );
  return paragraphs.join(html === true ? "\n" : "\n\n");
}

function global(name: string, python: string, call: PyFunction["call"]): [string, PyFunction] {
  const isFunction = python.startsWith("<function");
  return [name, new PyFunction(call, python, isFunction ? "function" : "type")];
}

export const globals: ReadonlyMap<string, PyFunction> = new Map([
  global("range", "<function safe_range at 0x>", range),
  global("dict", "<class 'dict'>", dict),
  global("lipsum", "<function generate_lorem_ipsum at 0x>", lipsum),
  global("cycler", "<class 'jinja2.utils.Cycler'>", (args) => new Cycler(args.map(need))),
  global("joiner", "<class 'jinja2.utils.Joiner'>", joiner),
  global("namespace", "<class 'jinja2.utils.Namespace'>", (args, keywords) => {
    const made = dict(args, keywords);
    const pairs = isDict(made) ? dictEntries(made) : [];
    return new Namespace(pairs.map(([key, value]) => [text(key), value] as const));
  }),
]);
