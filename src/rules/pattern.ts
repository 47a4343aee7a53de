/** Patterns of criteria: literals, or Jinja text rendered against the event. */
import type { EvaluationContext } from "../expressions/context.ts";
import { compileBlockText } from "../expressions/engines.ts";
import { loads } from "../expressions/python/json.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { pyStr } from "../expressions/python/text.ts";

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
  const plain = compileBlockText(value);
  const typed = keepingType(value);
  const complex = typed === undefined ? undefined : compileBlockText(typed);
  return {
    literal: false,
    value: undefined,
    evaluate(context) {
      // The last expression is rendered as JSON first, so that a number stays one; text that is no JSON then is text.
      if (complex !== undefined) {
        const found = fromJson(pyStr(complex.evaluate(context)));
        if (found !== undefined) return found.value;
      }
      return plain.evaluate(context);
    },
  };
}

function literal(value: unknown): Pattern {
  return { literal: true, value, evaluate: () => value };
}

/** The text with its last expression piped to `to_complex`; undefined when there is none. */
function keepingType(text: string): string | undefined {
  const end = text.lastIndexOf("}}");
  return end < 0 ? undefined : `${text.slice(0, end)} | to_complex ${text.slice(end)}`;
}

function fromJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: loads(text) };
  } catch (error) {
    if (error instanceof PythonError) return undefined;
    throw error;
  }
}
