/** The three languages behind one door. */
import {
  ExpressionError,
  type CompiledExpression,
  type EvaluationContext,
  type Language,
} from "./context.ts";
import { compileJinjaExpression, compileJinjaTemplate, JinjaSyntaxError } from "./jinja/compile.ts";
import { compileJsonata } from "./jsonata/compile.ts";
import { text as jsonataString } from "./jsonata/values.ts";
import { compileYaql } from "./yaql/compile.ts";
import { wordYaqlError, yaqlText } from "./yaql/template.ts";

/** Compiles one expression without delimiters. Throws ExpressionError when it cannot be parsed. */
export function compileSource(language: Language, source: string): CompiledExpression {
  switch (language) {
    case "jinja":
      return compileJinjaExpression(source);
    case "yaql":
      return compileYaql(source);
    case "jsonata":
      return compileJsonata(source);
  }
}

/** Compiles text with Jinja's block tags, in Orquesta's dialect. Throws ExpressionError when it cannot be parsed. */
export function compileBlockText(text: string): CompiledExpression {
  return compileJinjaTemplate(text);
}

/** One expression of a text. Both ways throw ExpressionError, worded with the delimiters, or Unanswered. */
export interface Part {
  value(context: EvaluationContext): unknown;
  /** The value as it stands inside other text. */
  text(context: EvaluationContext): string;
}

/** Expressions that were compiled lately: the same ones stand at many places of a definition. */
const recent = new Map<string, Part>();
const mostRecent = 1_000;
const longestKept = 500;

/** Compiles an expression; a syntax error is thrown when it is evaluated. `written` is the expression with its delimiters. */
export function compilePart(language: Language, source: string, written: string): Part {
  if (written.length > longestKept) return freshPart(language, source, written);
  const key = language + written;
  const known = recent.get(key);
  if (known !== undefined) return known;
  if (recent.size >= mostRecent) recent.clear();
  const part = freshPart(language, source, written);
  recent.set(key, part);
  return part;
}

function freshPart(language: Language, source: string, written: string): Part {
  try {
    const part = partOf(language, source);
    return {
      value: (context) => worded(written, () => part.value(context)),
      text: (context) => worded(written, () => part.text(context)),
    };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const fault = wordError(error, written);
    const fail = (): never => {
      throw fault;
    };
    return { value: fail, text: fail };
  }
}

function partOf(language: Language, source: string): Part {
  switch (language) {
    case "jinja": {
      const compiled = compileJinjaExpression(source);
      return {
        value: (context) => compiled.evaluate(context),
        text: (context) => compiled.evaluateText(context),
      };
    }
    case "yaql": {
      const compiled = compileYaql(source);
      return {
        value: (context) => compiled.evaluate(context),
        text: (context) => yaqlText(compiled.evaluate(context)),
      };
    }
    case "jsonata": {
      const compiled = compileJsonata(source);
      return {
        value: (context) => compiled.evaluate(context) ?? null,
        text: (context) => jsonataText(compiled.evaluate(context)),
      };
    }
  }
}

/** Nothing is empty, and what is no text is JSON as JSONata's `$string` writes it. */
function jsonataText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : jsonataString(value);
}

function worded<T>(written: string, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    throw error instanceof ExpressionError ? wordError(error, written) : error;
  }
}

/** The same error in the original's words: the expression with its delimiters, the class, the message. */
export function wordError(error: ExpressionError, written: string): ExpressionError {
  if (error.language === "yaql") return wordYaqlError(error, written);
  if (error.language === "jsonata" || error.original === "JinjaEvaluationException") return error;
  const line = error instanceof JinjaSyntaxError && error.atStart ? `\n  line ${error.line}` : "";
  const message = `Unable to evaluate expression '${written}'. ${error.original}: ${error.message}${line}`;
  return new ExpressionError(message, {
    language: "jinja",
    source: written,
    original: "JinjaEvaluationException",
    offset: error.offset,
  });
}
