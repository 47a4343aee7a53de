/** Turns templates into closures that write text. */
import { PyTuple } from "../python/collections.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { stringRepr } from "../python/text.ts";
import { iterate, text, truth, unpack } from "./access.ts";
import { ExpressionCompiler } from "./compile-expression.ts";
import { call as callValue, resolve } from "./names.ts";
import type { Environment } from "./environment.ts";
import { Namespace } from "./globals.ts";
import { LoopContext } from "./loop.ts";
import { bindMacro } from "./macro.ts";
import { mentions } from "./mentions.ts";
import type { Body, Parameter, Statement, Target } from "./nodes.ts";
import { Frame, JinjaUndefined, PyFunction } from "./runtime.ts";
import type { Evaluate, Run } from "./runtime.ts";

/** Writes to `out`. */
export type Write = (run: Run, frame: Frame, out: string[]) => void;

type Of<Kind extends Statement["kind"]> = Extract<Statement, { readonly kind: Kind }>;

const maxDepth = 50;

export class StatementCompiler {
  readonly #expressions: ExpressionCompiler;
  constructor(environment: Environment) {
    this.#expressions = new ExpressionCompiler(environment);
  }

  body(body: Body): Write {
    const writes = body.map((statement) => this.#statement(statement));
    return (run, frame, out) => {
      for (const write of writes) write(run, frame, out);
    };
  }

  #statement(node: Statement): Write {
    switch (node.kind) {
      case "output":
        return this.#output(node);
      case "if":
        return this.#if(node);
      case "for":
        return this.#for(node);
      case "set":
        return this.#set(node);
      case "setblock":
        return this.#setBlock(node);
      case "macro":
        return this.#macro(node);
      case "callblock":
        return this.#callBlock(node);
      case "filterblock":
        return this.#filterBlock(node);
      case "with":
        return this.#with(node);
      case "block":
        return this.#scoped(this.body(node.body));
      case "loader":
        return () => {
          throw typeError("no loader for this environment specified");
        };
    }
  }

  #scoped(write: Write): Write {
    return (run, frame, out) => write(run, new Frame(frame), out);
  }

  #output(node: Of<"output">): Write {
    const items = node.items.map((item) =>
      typeof item === "string" ? item : this.#expressions.compile(item),
    );
    return (run, frame, out) => {
      run.tick();
      for (const item of items) {
        const written = typeof item === "string" ? item : text(item(run, frame));
        run.wrote(written.length);
        out.push(written);
      }
    };
  }

  #if(node: Of<"if">): Write {
    const branches = node.branches.map((branch) => ({
      test: this.#expressions.compile(branch.test),
      write: this.body(branch.body),
    }));
    const otherwise = this.body(node.otherwise);
    return (run, frame, out) => {
      run.tick();
      const chosen = branches.find((branch) => truth(branch.test(run, frame)));
      (chosen?.write ?? otherwise)(run, frame, out);
    };
  }

  #for(node: Of<"for">): Write {
    const iterable = this.#expressions.compile(node.iterable);
    const test = node.test === undefined ? undefined : this.#expressions.compile(node.test);
    const assign = this.#assign(node.target);
    const write = this.body(node.body);
    const otherwise = this.body(node.otherwise);
    const walk = (
      { run, frame }: { run: Run; frame: Frame },
      out: string[],
      value: unknown,
      depth: number,
    ): void => {
      if (depth > maxDepth) {
        throw new PythonError("RecursionError", "maximum recursion depth exceeded");
      }
      const items = this.#filtered(iterate(value), { run, frame, assign, test });
      const recurse = node.recursive
        ? (inner: unknown): string => {
            const parts: string[] = [];
            walk({ run, frame }, parts, inner, depth + 1);
            return parts.join("");
          }
        : undefined;
      const loop = new LoopContext(items, depth, recurse);
      for (const item of items) {
        run.tick();
        const inner = new Frame(frame);
        inner.set("loop", loop);
        assign(run, inner, item);
        write(run, inner, out);
        loop.at += 1;
      }
      if (items.length === 0) otherwise(run, new Frame(frame), out);
    };
    return (run, frame, out) => walk({ run, frame }, out, iterable(run, frame), 0);
  }

  #filtered(
    items: readonly unknown[],
    how: {
      run: Run;
      frame: Frame;
      assign: (run: Run, frame: Frame, value: unknown) => void;
      test: Evaluate | undefined;
    },
  ): readonly unknown[] {
    const { run, frame, assign, test } = how;
    if (test === undefined) return items;
    return items.filter((item) => {
      run.tick();
      const inner = new Frame(frame);
      inner.set(
        "loop",
        new JinjaUndefined(
          "'loop' is undefined. the filter section of a loop as well as the else block don't have access to the special 'loop' variable of the current loop.  Because there is no parent loop it's undefined.",
        ),
      );
      assign(run, inner, item);
      return truth(test(run, inner));
    });
  }

  #assign(target: Target): (run: Run, frame: Frame, value: unknown) => void {
    if (target.kind === "name") return (_run, frame, value) => frame.set(target.name, value);
    if (target.kind === "attribute") {
      return (run, frame, value) => {
        const owner = resolve(target.namespace, run, frame);
        if (!(owner instanceof Namespace)) {
          throw new PythonError(
            "TemplateRuntimeError",
            "cannot assign attribute on non-namespace object",
          );
        }
        owner.set(target.name, value);
      };
    }
    const parts = target.items.map((item) => this.#assign(item));
    return (run, frame, value) => {
      const items = unpack(value, parts.length);
      for (const [at, part] of parts.entries()) part(run, frame, items[at]);
    };
  }

  #set(node: Of<"set">): Write {
    const assign = this.#assign(node.target);
    const value = this.#expressions.compile(node.value);
    return (run, frame) => {
      run.tick();
      assign(run, frame, value(run, frame));
    };
  }

  #setBlock(node: Of<"setblock">): Write {
    const assign = this.#assign(node.target);
    const write = this.body(node.body);
    const filter = node.filter === undefined ? undefined : this.#expressions.compile(node.filter);
    return (run, frame) =>
      assign(run, frame, filtered(captured(write, run, frame), { run, frame, filter }));
  }

  #filterBlock(node: Of<"filterblock">): Write {
    const write = this.body(node.body);
    const filter = this.#expressions.compile(node.filter);
    return (run, frame, out) => {
      const written = text(filtered(captured(write, run, frame), { run, frame, filter }));
      run.wrote(written.length);
      out.push(written);
    };
  }

  #with(node: Of<"with">): Write {
    const bindings = node.bindings.map(
      ([target, value]) => [this.#assign(target), this.#expressions.compile(value)] as const,
    );
    const write = this.body(node.body);
    return (run, frame, out) => {
      const values = bindings.map(([, value]) => value(run, frame));
      const inner = new Frame(frame);
      for (const [at, [assign]] of bindings.entries()) assign(run, inner, values[at]);
      write(run, inner, out);
    };
  }

  #macro(node: Of<"macro">): Write {
    const make = this.#callable(node);
    return (run, frame) => {
      run.tick();
      frame.set(node.name, make(frame));
    };
  }

  /** A macro or the body of a call block, as a function of its arguments. */
  #callable(node: {
    readonly name: string;
    readonly parameters: readonly Parameter[];
    readonly body: Body;
  }): (frame: Frame) => PyFunction {
    const parameters = node.parameters.map(({ name, fallback }) => ({
      name,
      fallback: fallback === undefined ? undefined : this.#expressions.compile(fallback),
    }));
    const write = this.body(node.body);
    const uses = mentions(node.body);
    return (outer) =>
      new PyFunction(
        (args, keywords, run) => {
          run.tick();
          run.depth += 1;
          if (run.depth > maxDepth) {
            throw new PythonError("RecursionError", "maximum recursion depth exceeded");
          }
          const frame = new Frame(outer);
          bindMacro({ name: node.name, parameters, uses, args, keywords }, run, frame);
          const written = captured(write, run, frame);
          run.depth -= 1;
          return written;
        },
        `<Macro ${stringRepr(node.name)}>`,
        "Macro",
        new Map<string, unknown>([
          ["name", node.name],
          ["arguments", new PyTuple(node.parameters.map(({ name }) => name))],
          ["caller", uses.has("caller")],
          ["catch_kwargs", uses.has("kwargs")],
          ["catch_varargs", uses.has("varargs")],
        ]),
      );
  }

  #callBlock(node: Of<"callblock">): Write {
    const { call, body, parameters } = node;
    const caller = this.#callable({ name: "caller", parameters, body });
    if (call.kind !== "call") throw new TypeError("a call block calls");
    const callee = this.#expressions.compile(call.callee);
    const collect = new PyFunction((args, keywords) => [args, keywords], "<arguments>");
    const args = this.#expressions.compile({
      kind: "call",
      callee: { kind: "constant", value: collect },
      args: call.args,
    });
    return (run, frame, out) => {
      const given = args(run, frame);
      const [values, keywords]: readonly unknown[] = Array.isArray(given) ? given : [];
      const named = new Map(keywords instanceof Map ? keywords : []);
      named.set("caller", caller(frame));
      const target = callee(run, frame);
      out.push(text(callValue(target, Array.isArray(values) ? values : [], named, run)));
    };
  }
}

function captured(write: Write, run: Run, frame: Frame): string {
  const parts: string[] = [];
  write(run, new Frame(frame), parts);
  return parts.join("");
}

function filtered(
  value: string,
  { run, frame, filter }: { run: Run; frame: Frame; filter: Evaluate | undefined },
): unknown {
  if (filter === undefined) return value;
  const inner = new Frame(frame);
  inner.set("", value);
  return filter(run, inner);
}
