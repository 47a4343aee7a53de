/** What an evaluation carries along, and the values that only templates have. */
import { bounds } from "../context.ts";
import type { EvaluationContext } from "../context.ts";
import type { Keywords } from "../python/arguments.ts";
import { isPlainDict, PyTuple } from "../python/collections.ts";
import { PythonError } from "../python/errors.ts";
import { pyRepr } from "../python/text.ts";

/** Whose environment a template runs in: their names, filters and ways differ. */
export type Dialect = "orquesta" | "stackstorm";

/** How fields of `str.format` reach into values. */
export interface Reach {
  readonly getAttribute: (object: unknown, name: string) => unknown;
  readonly getItem: (object: unknown, key: unknown) => unknown;
}

/** What is the same for all evaluations of one template. */
export interface RunWay {
  readonly dialect: Dialect;
  readonly reach: Reach;
  /** The template calls methods that change a list or dict in place. */
  readonly changes: boolean;
  /** Names that are not variables (`st2kv`). */
  readonly special: (name: string, run: Run) => unknown;
  /** What is not there is an empty text, as in Jinja2's usual environment. */
  readonly lenient: boolean;
}

function deepCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepCopy);
  if (!isPlainDict(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deepCopy(item)]));
}

/** One evaluation: the context, and what it has used up of its bounds. */
export class Run {
  readonly context: EvaluationContext;
  readonly dialect: Dialect;
  readonly reach: Reach;
  #steps = 0;
  #output = 0;
  randoms = 0;
  depth = 0;
  /** Copies of the context's values, for templates that change lists or dicts in place. */
  readonly #copies: Map<string, unknown> | undefined;
  readonly #special: (name: string, run: Run) => unknown;
  readonly #lenient: boolean;

  constructor(context: EvaluationContext, way: RunWay) {
    this.context = context;
    this.dialect = way.dialect;
    this.reach = way.reach;
    this.#special = way.special;
    this.#lenient = way.lenient;
    this.#copies = way.changes ? new Map<string, unknown>() : undefined;
  }

  /** A variable of the context that exists. */
  variable(name: string): unknown {
    const value = this.context.variables[name] ?? null;
    if (this.#copies === undefined) return value;
    if (!this.#copies.has(name)) this.#copies.set(name, deepCopy(value));
    return this.#copies.get(name);
  }

  /** A top-level name of StackStorm's templates, or undefined. */
  name(name: string): unknown {
    if (Object.hasOwn(this.context.variables, name)) return this.variable(name);
    return this.#special(name, this);
  }

  /** The value; one that is not there may be used as an empty text where the template is a lenient one. */
  found(value: unknown): unknown {
    return this.#lenient && value instanceof JinjaUndefined ? value.softened() : value;
  }

  /** Counts work. Throws when one evaluation does too much. */
  tick(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > bounds.steps) {
      throw new PythonError("RuntimeError", `the template takes more than ${bounds.steps} steps`);
    }
  }

  /** Counts work on a value: large ones cost more. */
  handle(value: unknown): void {
    const size = typeof value === "string" || Array.isArray(value) ? value.length : 0;
    this.tick(1 + Math.floor(size / 500));
  }

  /** Counts characters written. Throws when one evaluation writes too much. */
  wrote(length: number): void {
    this.#output += length;
    if (this.#output > bounds.output) {
      throw new PythonError(
        "RuntimeError",
        `the template writes more than ${bounds.output} characters`,
      );
    }
  }
}

/** Variables of a scope; a name that is not here is looked for further out. */
export class Frame {
  readonly #values = new Map<string, unknown>();
  readonly #parent: Frame | undefined;
  constructor(parent: Frame | undefined) {
    this.#parent = parent;
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  /** The frame that knows the name, or undefined. */
  owner(name: string): Frame | undefined {
    if (this.#values.has(name)) return this;
    return this.#parent?.owner(name);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }
}

export type Evaluate = (run: Run, frame: Frame | undefined) => unknown;

/** A value that is not there. The strict one (every missing name, key, attribute) may only be asked whether it is defined. */
export class JinjaUndefined {
  readonly pythonType: string;
  readonly strict: boolean;
  readonly #message: string;
  readonly #type: string;
  constructor(message: string, type = "UndefinedError", strict = true) {
    this.#message = message;
    this.#type = type;
    this.strict = strict;
    this.pythonType = strict ? "StrictUndefined" : "Undefined";
  }
  error(): PythonError {
    return new PythonError(this.#type, this.#message);
  }
  /** The same, not strict; what may not be looked at stays so. */
  softened(): JinjaUndefined {
    const soft = this.strict && this.#type === "UndefinedError";
    return soft ? new JinjaUndefined(this.#message, this.#type, false) : this;
  }
  pythonStr(): string {
    if (this.strict) throw this.error();
    return "";
  }
  pythonRepr(): string {
    return "Undefined";
  }
}

/** Whether that is a value which is not there, in a template that may use it as an empty text. */
export function isSoft(value: unknown): boolean {
  return value instanceof JinjaUndefined && !value.strict;
}

/** The value, or its error when it is undefined. */
export function need(value: unknown): unknown {
  if (value instanceof JinjaUndefined) throw value.error();
  return value;
}

/** Something that can be called: a method of a value, a global function, a macro. */
export class PyFunction {
  readonly pythonType: string;
  readonly #text: string;
  readonly call: (args: readonly unknown[], keywords: Keywords, run: Run) => unknown;
  /** What a template may read of it. */
  readonly attributes: ReadonlyMap<string, unknown>;
  constructor(
    call: (args: readonly unknown[], keywords: Keywords, run: Run) => unknown,
    text: string,
    pythonType = "builtin_function_or_method",
    attributes: ReadonlyMap<string, unknown> = new Map(),
  ) {
    this.attributes = attributes;
    this.call = call;
    this.#text = text;
    this.pythonType = pythonType;
  }
  pythonStr(): string {
    return this.#text;
  }
  pythonRepr(): string {
    return this.#text;
  }
}

/** An object with attributes (and items) of its own making: a loop, a namespace, a datastore lookup. */
export abstract class JinjaObject {
  abstract readonly pythonType: string;
  /** As Jinja2 names it in messages: `jinja2.runtime.LoopContext object`. */
  abstract readonly description: string;
  /** undefined = there is no such attribute. */
  abstract attribute(name: string): unknown;
  item(_key: unknown): unknown {
    return undefined;
  }
  pythonStr(): string {
    return this.pythonRepr();
  }
  pythonRepr(): string {
    return `<${this.description} at 0x>`;
  }
}

/** What Python gives lazily: generators and views. Read once (generators) or again and again (views). */
export class PyIterator {
  readonly pythonType: string;
  readonly #name: string;
  readonly #make: () => readonly unknown[];
  #used = false;
  /** `make` runs when somebody reads; `name` is the generator's function. */
  constructor(make: () => readonly unknown[], pythonType = "generator", name = "") {
    this.#make = make;
    this.pythonType = pythonType;
    this.#name = name;
  }
  get isView(): boolean {
    return /^dict_(?:keys|values|items)$/.test(this.pythonType);
  }
  get isGenerator(): boolean {
    return !this.isView;
  }
  /** All items; a generator has none the second time. */
  take(): readonly unknown[] {
    if (this.isView) return this.#make();
    const items = this.#used ? [] : this.#make();
    this.#used = true;
    return items;
  }
  toJSON(): readonly unknown[] {
    return this.take();
  }
  pythonStr(): string {
    return this.pythonRepr();
  }
  pythonRepr(): string {
    if (this.isView) return `${this.pythonType}(${pyRepr(this.take())})`;
    const name = this.#name === "" ? "" : ` ${this.#name}`;
    return `<${this.pythonType} object${name} at 0x>`;
  }
}

/** range(): its numbers are only made when somebody walks over them. */
export class PyRange {
  readonly pythonType = "range";
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
  items(): number[] {
    return Array.from({ length: this.length }, (_, at) => this.start + at * this.step);
  }
  toJSON(): number[] {
    return this.items();
  }
  pythonStr(): string {
    return this.pythonRepr();
  }
  pythonRepr(): string {
    const step = this.step === 1 ? "" : `, ${this.step}`;
    return `range(${this.start}, ${this.stop}${step})`;
  }
}

/** What `groupby` gives: a pair whose halves also have names. */
export class GroupTuple extends PyTuple {
  attribute(name: string): unknown {
    if (name === "grouper") return this.items[0] ?? null;
    return name === "list" ? this.items[1] : undefined;
  }
}
