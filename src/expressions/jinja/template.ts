/** Orquesta's Jinja evaluator over a text. Unlike the original it never evaluates what an expression gave. */
import { type EvaluationContext, ExpressionError } from "../context.ts";
import { hasBlock, splitText } from "../delimiters.ts";
import { checkJinja, compileJinjaExpression, compileJinjaTemplate } from "./compile.ts";
import { JinjaSyntaxError } from "./syntax-error.ts";

/** A syntax error in a text: the expression with its delimiters and the original's message. */
export interface JinjaTextFault {
  readonly expression: string;
  readonly message: string;
  /** Inside of the text. */
  readonly offset: number;
}

/** True when the text holds an expression or a block tag. */
export function hasJinja(text: string): boolean {
  return hasBlock(text) || splitText(text, "jinja").some((part) => part.expression);
}

/** The syntax errors: of the text as a template, then of each of its expressions. */
export function validateJinjaText(text: string): JinjaTextFault[] {
  const faults: JinjaTextFault[] = checkJinja(text).map(({ message, offset }) => ({
    expression: text,
    message,
    offset,
  }));
  for (const part of splitText(text, "jinja")) {
    if (!part.expression || (faults.length > 0 && part.text === text)) continue;
    try {
      compileJinjaExpression(part.source);
    } catch (error) {
      if (!(error instanceof JinjaSyntaxError)) throw error;
      const offset = part.sourceOffset + (error.offset ?? 0);
      faults.push({ expression: part.text, message: error.message, offset });
    }
  }
  return faults;
}

/** The error in Orquesta's words: JinjaEvaluationException, with the expression as it stands in the text. */
export function wordJinjaError(error: ExpressionError, expression: string): ExpressionError {
  const { original, message } = error;
  if (original === "JinjaEvaluationException") return error;
  const place = error instanceof JinjaSyntaxError && error.atStart ? `\n  line ${error.line}` : "";
  return new ExpressionError(
    `Unable to evaluate expression '${expression}'. ${original}: ${message}${place}`,
    {
      language: "jinja",
      source: expression,
      original: "JinjaEvaluationException",
      offset: error.offset,
    },
  );
}

function worded<Value>(expression: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw error instanceof ExpressionError ? wordJinjaError(error, expression) : error;
  }
}

/**
 * Evaluates a text: with a block tag in it, it is rendered as one template; a single expression keeps the type of its value; in mixed
 * text values become text. Throws ExpressionError (`JinjaEvaluationException`) or Unanswered.
 */
export function evaluateJinjaText(text: string, context: EvaluationContext): unknown {
  if (hasBlock(text)) return worded(text, () => compileJinjaTemplate(text).evaluate(context));
  const parts = splitText(text, "jinja");
  const [only] = parts;
  if (parts.length === 1 && only?.expression === true) {
    return worded(only.text, () => compileJinjaExpression(only.source).evaluate(context));
  }
  return parts
    .map((part) =>
      part.expression
        ? worded(part.text, () => compileJinjaExpression(part.source).evaluateText(context))
        : part.text,
    )
    .join("");
}
