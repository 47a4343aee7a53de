/** Patterns of criteria: literals, or Jinja text rendered against the event. */
import { ExpressionError, type EvaluationContext } from "../expressions/context.ts";
import {
  compileJinjaExpression,
  compileJinjaTemplate,
  DatastoreLookup,
} from "../expressions/jinja/compile.ts";
import { loads } from "../expressions/python/json-read.ts";
import { PythonError } from "../expressions/python/errors.ts";

export interface Pattern {
  /** True when it is the same for every event; then `value` is it. */
  readonly literal: boolean;
  readonly value: unknown;
  evaluate(context: EvaluationContext): unknown;
}

/** Compiles a pattern as written in YAML. Throws ExpressionError when its Jinja cannot be parsed. */
export function compilePattern(written: unknown): Pattern {
  const value = written ?? null;
  if (typeof value !== "string") return literal(value);
  // Jinja drops one line end at the end of any text, also of text without expressions.
  if (!/\{[{%#]/.test(value)) return literal(value.replaceAll(/\r\n?/g, "\n").replace(/\n$/, ""));
  const typed = compileTyped(value);
  const plain = compileJinjaTemplate(value);
  return {
    literal: false,
    value: undefined,
    evaluate(event) {
      const context = withSystem(event);
      return (typed?.(context) ?? { value: plain.render(context) }).value;
    },
  };
}

type Typed = (context: EvaluationContext) => { readonly value: unknown } | undefined;

/** How a pattern keeps the type of what it refers to: a single expression is its value; other text, with its last expression written
 * as JSON, is what it means as JSON. Undefined when there is no expression, and for what is no JSON: that is text. */
function compileTyped(text: string): Typed | undefined {
  const single = /^\s*\{\{((?:(?!\{\{|\}\}|\{%)[^])*)\}\}\s*$/.exec(text)?.[1];
  if (single !== undefined && !/^[-+]|[-+]$/.test(single)) {
    const expression = compileJinjaExpression(single.trim(), "stackstorm");
    return (context) => ({ value: defined(() => expression.evaluate(context)) });
  }
  const end = text.lastIndexOf("}}");
  if (end < 0) return undefined;
  const template = compileJinjaTemplate(`${text.slice(0, end)} | to_complex ${text.slice(end)}`);
  return (context) => fromJson(() => template.render(context));
}

/** Runs `evaluate`; an undefined variable is reported as StackStorm does. */
function defined(evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof ExpressionError) || !error.message.startsWith("There are unresolved"))
      throw error;
    throw new PythonError("TypeError", "Object of type StrictUndefined is not JSON serializable");
  }
}

/** `system.key` is an older way to write `st2kv.system.key`. */
function withSystem({ variables, ask }: EvaluationContext): EvaluationContext {
  return { variables: { system: new DatastoreLookup(ask, "system"), ...variables }, ask };
}

function literal(value: unknown): Pattern {
  return { literal: true, value, evaluate: () => value };
}

function fromJson(render: () => string): { readonly value: unknown } | undefined {
  try {
    return { value: loads(render()) };
  } catch (error) {
    if (error instanceof PythonError || error instanceof ExpressionError) return undefined;
    throw error;
  }
}
