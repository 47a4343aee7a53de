/** Turns expressions into closures, once; evaluating then walks no tree. */
import { arithmetic, isNumber, negate, positive } from "../python/arithmetic.ts";
import { noMore } from "../python/arguments.ts";
import type { Keywords } from "../python/arguments.ts";
import { hashKey, makeDict, PyTuple } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { stringRepr } from "../python/text.ts";
import { getAttribute, getItem, iterate, Slice, text, truth } from "./access.ts";
import type { Definition, Environment } from "./environment.ts";
import { percentFormat } from "./format.ts";
import type { Argument, Expression } from "./nodes.ts";
import { JinjaUndefined, need } from "./runtime.ts";
import type { Evaluate, Frame, Run } from "./runtime.ts";
import { call, contextVariable, isWholeContext, resolve } from "./names.ts";
import { compared, spread } from "./operators.ts";

type Of<Kind extends Expression["kind"]> = Extract<Expression, { readonly kind: Kind }>;

type Collection = Of<"list" | "tuple" | "dict" | "concat">;
type Operation = Of<"condition" | "and" | "or" | "compare" | "unary" | "binary">;

const collections: ReadonlySet<string> = new Set(["list", "tuple", "dict", "concat"]);
const operations: ReadonlySet<string> = new Set([
  "condition",
  "and",
  "or",
  "compare",
  "unary",
  "binary",
]);

function isCollection(node: Expression): node is Collection {
  return collections.has(node.kind);
}

function isOperation(node: Expression): node is Operation {
  return operations.has(node.kind);
}

export class ExpressionCompiler {
  readonly #environment: Environment;
  constructor(environment: Environment) {
    this.#environment = environment;
  }

  compile(node: Expression): Evaluate {
    if (isOperation(node)) return this.#operation(node);
    if (isCollection(node)) return this.#collection(node);
    switch (node.kind) {
      case "constant":
        return constant(node.value);
      case "name":
        return named(node.name);
      case "attribute":
        return this.#attribute(node);
      case "index":
        return this.#index(node);
      case "slice":
        return this.#slice(node);
      case "call":
        return this.#call(node);
      case "filter":
        return this.filter(node, node.value === undefined ? undefined : this.compile(node.value));
      case "test":
        return this.#test(node);
    }
  }

  #collection(node: Collection): Evaluate {
    if (node.kind === "dict") return this.#dict(node);
    return node.kind === "concat" ? this.#concat(node) : this.#sequence(node);
  }

  #operation(node: Operation): Evaluate {
    switch (node.kind) {
      case "condition":
        return this.#condition(node);
      case "and":
      case "or":
        return this.#logic(node);
      case "compare":
        return this.#compare(node);
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#binary(node);
    }
  }

  #attribute(node: Of<"attribute">): Evaluate {
    const attribute = node.name;
    if (isWholeContext(node.object)) return contextVariable(attribute);
    const object = this.compile(node.object);
    return (run, frame) => run.found(getAttribute(object(run, frame), attribute));
  }

  #index(node: Of<"index">): Evaluate {
    const object = this.compile(node.object);
    const index = this.compile(node.index);
    return (run, frame) => {
      const owner = object(run, frame);
      if (typeof owner === "string") run.handle(owner);
      return run.found(getItem(owner, index(run, frame)));
    };
  }

  #sequence(node: Of<"list" | "tuple">): Evaluate {
    const items = node.items.map((item) => this.compile(item));
    const isTuple = node.kind === "tuple";
    return (run, frame) => {
      const values = items.map((item) => item(run, frame));
      return isTuple ? new PyTuple(values) : values;
    };
  }

  #dict(node: Of<"dict">): Evaluate {
    const entries = node.entries.map(
      ([key, value]) => [this.compile(key), this.compile(value)] as const,
    );
    return (run, frame) => {
      const pairs = entries.map(([key, value]) => {
        const wanted = need(key(run, frame));
        if (hashKey(wanted) === undefined) {
          throw typeError(`unhashable type: '${typeName(wanted)}'`);
        }
        return [wanted, value(run, frame)] as const;
      });
      return makeDict(pairs);
    };
  }

  #slice(node: Of<"slice">): Evaluate {
    const parts = node.parts.map((part) => (part === undefined ? undefined : this.compile(part)));
    return (run, frame) =>
      new Slice(parts.map((part) => (part === undefined ? null : need(part(run, frame)))));
  }

  #logic(node: Of<"and" | "or">): Evaluate {
    const left = this.compile(node.left);
    const right = this.compile(node.right);
    const stop = node.kind === "or";
    return (run, frame) => {
      const value = left(run, frame);
      return truth(value) === stop ? value : right(run, frame);
    };
  }

  #compare(node: Of<"compare">): Evaluate {
    const first = this.compile(node.first);
    const rest = node.rest.map(([operator, value]) => [operator, this.compile(value)] as const);
    return (run, frame) => {
      let left = first(run, frame);
      for (const [operator, value] of rest) {
        const right = value(run, frame);
        run.handle(right);
        if (!compared(operator, left, right)) return false;
        left = right;
      }
      return true;
    };
  }

  #concat(node: Of<"concat">): Evaluate {
    const items = node.items.map((item) => this.compile(item));
    return (run, frame) => {
      const joined = items.map((item) => text(item(run, frame))).join("");
      run.wrote(joined.length);
      return joined;
    };
  }

  #condition(node: Of<"condition">): Evaluate {
    const test = this.compile(node.test);
    const value = this.compile(node.value);
    if (node.otherwise !== undefined) {
      const otherwise = this.compile(node.otherwise);
      return (run, frame) => (truth(test(run, frame)) ? value(run, frame) : otherwise(run, frame));
    }
    const message = `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`;
    return (run, frame) =>
      truth(test(run, frame))
        ? value(run, frame)
        : new JinjaUndefined(message, "UndefinedError", false);
  }

  #unary(node: Of<"unary">): Evaluate {
    const value = this.compile(node.value);
    if (node.operator === "not") return (run, frame) => !truth(value(run, frame));
    const apply = node.operator === "-" ? negate : positive;
    return (run, frame) => apply(need(value(run, frame)));
  }

  #binary(node: Of<"binary">): Evaluate {
    const left = this.compile(node.left);
    const right = this.compile(node.right);
    const { operator } = node;
    if (operator === "**" && node.right.kind !== "constant" && isNegative(node.left)) {
      // Jinja2 folds `-3` to a constant and then writes `-3 ** x` for Python, which reads it as -(3 ** x).
      const positiveBase = this.compile(node.left.value);
      return (run, frame) =>
        negate(arithmetic("**", positiveBase(run, frame), need(right(run, frame))));
    }
    return (run, frame) => {
      const a = need(left(run, frame));
      const b = need(right(run, frame));
      run.tick();
      if (operator === "%" && typeof a === "string") return percentFormat(a, b);
      const result = arithmetic(operator, a, b);
      if (!isNumber(result)) run.wrote(sizeOf(result));
      return result;
    };
  }

  #call(node: Of<"call">): Evaluate {
    const callee = this.compile(node.callee);
    const args = this.#arguments(node.args);
    return (run, frame) => {
      const target = callee(run, frame);
      const [values, keywords] = args(run, frame);
      return call(target, values, keywords, run);
    };
  }

  #arguments(
    args: readonly Argument[],
  ): (run: Run, frame: Frame | undefined) => readonly [readonly unknown[], Keywords] {
    const compiled = args.map((arg) => ({ name: arg.name, value: this.compile(arg.value) }));
    if (compiled.every((arg) => arg.name === undefined)) {
      return (run, frame) => [compiled.map((arg) => arg.value(run, frame)), noMore];
    }
    return (run, frame) => {
      const values: unknown[] = [];
      const keywords = new Map<string, unknown>();
      for (const arg of compiled) {
        const value = arg.value(run, frame);
        if (arg.name === undefined) values.push(value);
        else if (arg.name === "*") values.push(...iterate(value));
        else if (arg.name === "**") spread(value, keywords);
        else keywords.set(arg.name, value);
      }
      return [values, keywords];
    };
  }

  /** A filter on a value that is already compiled; without one the value stands in the frame's name `""` (filter blocks). */
  filter(node: Of<"filter">, value: Evaluate | undefined): Evaluate {
    const input = value ?? ((_run: Run, frame: Frame | undefined) => frame?.get(""));
    const definition = this.#environment.filter(node.name);
    return this.#apply(definition, input, { kind: "filter", ...pick(node) });
  }

  #test(node: Of<"test">): Evaluate {
    const value = this.compile(node.value);
    const definition = this.#environment.test(node.name);
    return this.#apply(definition, value, { kind: "test", ...pick(node) });
  }

  #apply(
    definition: Definition | undefined,
    input: Evaluate,
    node: { readonly kind: string; readonly name: string; readonly args: readonly Argument[] },
  ): Evaluate {
    if (definition === undefined) {
      const message = `No ${node.kind} named ${stringRepr(node.name)}.`;
      return () => {
        throw new PythonError("TemplateAssertionError", message);
      };
    }
    const args = this.#arguments(node.args);
    return (run, frame) => {
      const value = input(run, frame);
      const [values, keywords] = args(run, frame);
      return this.#environment.apply(definition, [value, ...values], keywords, run);
    };
  }
}

function isNegative(node: Expression): node is Of<"unary"> & { readonly value: Of<"constant"> } {
  return node.kind === "unary" && node.operator === "-" && node.value.kind === "constant";
}

function pick(node: Of<"filter" | "test">): { name: string; args: readonly Argument[] } {
  return { name: node.name, args: node.args };
}

function sizeOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return value instanceof PyTuple ? value.items.length : 1;
}

function constant(value: unknown): Evaluate {
  return () => value;
}

function named(wanted: string): Evaluate {
  return (run, frame) => resolve(wanted, run, frame);
}
