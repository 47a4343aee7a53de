/** Jinja2 as StackStorm and Orquesta use it. Compiled once, immutable, evaluated often. */
import {
  type CompiledExpression,
  type EvaluationContext,
  ExpressionError,
  Unanswered,
  type VariableReference,
} from "../context.ts";
import { templateNames } from "./free-names.ts";
import { Budget } from "../python/budget.ts";
import { dictEntries, isDict, PyTuple } from "../python/collections.ts";
import { PythonError } from "../python/errors.ts";
import { keyText } from "../python/json.ts";
import { pyStr } from "../python/text.ts";
import { contextReferences } from "../references.ts";
import { getAttribute, getItem } from "./access.ts";
import { ExpressionCompiler } from "./compile-expression.ts";
import { StatementCompiler } from "./compile-statement.ts";
import { DatastoreRoot } from "./datastore.ts";
import { environmentOf } from "./dialects.ts";
import type { Expression } from "./nodes.ts";
import { mentions } from "./mentions.ts";
import { parseExpression, parseTemplate } from "./parse-template.ts";
import {
  Frame,
  JinjaObject,
  JinjaUndefined,
  PyFunction,
  PyIterator,
  PyRange,
  Run,
} from "./runtime.ts";
import type { Dialect, RunWay } from "./runtime.ts";
import { JinjaSyntaxError } from "./syntax-error.ts";

export { JinjaSyntaxError } from "./syntax-error.ts";
export { DatastoreLookup } from "./datastore.ts";
export type { Dialect } from "./runtime.ts";

const changing = new Set(
  "append extend insert pop remove reverse sort clear update setdefault popitem".split(" "),
);

function wayOf(dialect: Dialect, tree: unknown, lenient = false): RunWay {
  const changes = [...mentions(tree)].some((name) => changing.has(name));
  return {
    dialect,
    reach: { getAttribute, getItem },
    changes,
    lenient,
    special: (name, run) => (name === "st2kv" ? new DatastoreRoot(run.context.ask) : undefined),
  };
}

/** Parses or compiles; what is too deep for the stack is a syntax error. */
function parsed<Value>(source: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = "the template is nested too deeply";
    throw new JinjaSyntaxError(message, { source, offset: 0, line: 1 });
  }
}

/** Runs a part of an evaluation; Python's exceptions become ExpressionErrors. */
function guarded<Value>(source: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof Unanswered || error instanceof ExpressionError) throw error;
    if (error instanceof PythonError) {
      throw new ExpressionError(error.message, { language: "jinja", source, original: error.type });
    }
    if (error instanceof RangeError) {
      throw new ExpressionError("maximum recursion depth exceeded", {
        language: "jinja",
        source,
        original: "RecursionError",
      });
    }
    throw error;
  }
}

/** The value as the rest of the program knows values: generators and tuples are lists, undefined is null, functions are their text. */
export function toResult(value: unknown): unknown {
  return converted(value, new Budget());
}

function converted(value: unknown, budget: Budget): unknown {
  if (typeof value !== "object" || value === null) return value ?? null;
  const items = listed(value);
  if (items !== undefined) {
    budget.spend(items.length);
    return budget.deeper(() => items.map((item) => converted(item, budget)));
  }
  if (value instanceof JinjaUndefined) return null;
  if (value instanceof JinjaObject || value instanceof PyFunction) return value.pythonStr();
  if (!isDict(value)) return value;
  const entries = dictEntries(value);
  budget.spend(entries.length);
  return budget.deeper(() =>
    Object.fromEntries(entries.map(([key, item]) => [keyText(key), converted(item, budget)])),
  );
}

function listed(value: object): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  return value instanceof PyIterator || value instanceof PyRange ? value.toJSON() : undefined;
}

/** True when the value comes straight out of the context, which holds plain data. */
function isReference(node: Expression): boolean {
  if (node.kind === "attribute") return isReference(node.object);
  if (node.kind === "index") return isReference(node.object) && node.index.kind === "constant";
  return (
    node.kind === "name" ||
    (node.kind === "call" && node.args.length === 0 && isReference(node.callee))
  );
}

export interface JinjaExpression extends CompiledExpression {
  /** The value as it stands inside of other text: Python's str(). Throws as `evaluate` does. */
  evaluateText(context: EvaluationContext): string;
}

/**
 * Compiles the text between `{{` and `}}`. As Orquesta evaluates it (the default) its names are Orquesta's functions; as StackStorm does,
 * the context's variables. Throws JinjaSyntaxError.
 */
export function compileJinjaExpression(
  source: string,
  dialect: Dialect = "orquesta",
): JinjaExpression {
  const { evaluate, way, isPlain } = parsed(source, () => {
    const tree = parseExpression(source);
    return {
      evaluate: new ExpressionCompiler(environmentOf(dialect)).compile(tree),
      way: wayOf(dialect, tree),
      isPlain: isReference(tree),
    };
  });
  const raw = (context: EvaluationContext): unknown => {
    const value = evaluate(new Run(context, way), undefined);
    if (value instanceof JinjaUndefined && value.strict) {
      throw new ExpressionError(`There are unresolved variables: ${source}`, {
        language: "jinja",
        source,
        original: "JinjaEvaluationException",
      });
    }
    return value;
  };
  return {
    language: "jinja",
    source,
    variables: contextReferences(source),
    evaluate: (context) => guarded(source, () => result(raw(context), isPlain)),
    evaluateText: (context) => guarded(source, () => jinjaText(raw(context))),
  };
}

function result(value: unknown, isPlain: boolean): unknown {
  if (isPlain && !(value instanceof JinjaObject) && !(value instanceof PyFunction)) return value;
  return toResult(value);
}

/** Python's str() of a value inside of text; generators are written as lists, as Orquesta does. */
export function jinjaText(value: unknown): string {
  if (value instanceof PyIterator && value.isGenerator) return pyStr(value.take());
  return pyStr(value);
}

type Renderer = (context: EvaluationContext) => string;

export interface JinjaTemplate extends CompiledExpression {
  /** StackStorm's way: the context's variables are the names; the whole text becomes text. Throws ExpressionError or Unanswered. */
  render(context: EvaluationContext): string;
  /** The same, where what is not there is an empty text (results of aliases). */
  renderLeniently(context: EvaluationContext): string;
  /** Orquesta's way, for text with block tags: names are its functions. */
  evaluate(context: EvaluationContext): string;
}

/** Compiles a whole template, block tags and all. Throws JinjaSyntaxError. */
export function compileJinjaTemplate(text: string): JinjaTemplate {
  const tree = parsed(text, () => parseTemplate(text));
  const renderer = (dialect: Dialect, lenient = false): Renderer => {
    const { write, way } = parsed(text, () => ({
      write: new StatementCompiler(environmentOf(dialect)).body(tree),
      way: wayOf(dialect, tree, lenient),
    }));
    return (context) =>
      guarded(text, () => {
        const out: string[] = [];
        write(new Run(context, way), new Frame(undefined), out);
        return out.join("");
      });
  };
  let orquesta: Renderer | undefined;
  let stackstorm: Renderer | undefined;
  let lenient: Renderer | undefined;
  return {
    language: "jinja",
    source: text,
    variables: templateVariables(text),
    render: (context) => (stackstorm ??= renderer("stackstorm"))(context),
    renderLeniently: (context) => (lenient ??= renderer("stackstorm", true))(context),
    evaluate: (context) => (orquesta ??= renderer("orquesta"))(context),
  };
}

function templateVariables(text: string): readonly VariableReference[] {
  return contextReferences(text);
}

export interface JinjaFault {
  readonly message: string;
  readonly offset: number;
  readonly line: number;
}

/** The syntax errors of a whole template (Jinja2 stops at the first). Nothing is thrown. */
export function checkJinja(text: string): readonly JinjaFault[] {
  try {
    parseTemplate(text);
    return [];
  } catch (error) {
    if (!(error instanceof JinjaSyntaxError)) throw error;
    return [{ message: error.message, offset: error.offset ?? 0, line: error.line }];
  }
}

/** The names a StackStorm template reads from its context; undefined when it is no template after all (a syntax error, or a filter that
 * nobody knows), which StackStorm then leaves as it is. */
export function undeclaredNames(text: string): readonly string[] | undefined {
  try {
    const names = templateNames(parseTemplate(text), environmentOf("stackstorm"));
    return names.unknown === undefined ? names.free : undefined;
  } catch (error) {
    if (error instanceof JinjaSyntaxError) return undefined;
    throw error;
  }
}
