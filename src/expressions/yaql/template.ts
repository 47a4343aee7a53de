/** Orquesta's YAQL evaluator over a text with `<% … %>` blocks. Unlike the original it never evaluates what an expression gave. */
import { type CompiledExpression, type EvaluationContext, ExpressionError } from "../context.ts";
import { splitText } from "../delimiters.ts";
import { pyStr } from "../python/text.ts";
import { compileYaql } from "./compile.ts";

/** A syntax error in a text: the expression with its delimiters and the original's message. */
export interface YaqlTextFault {
  readonly expression: string;
  readonly message: string;
}

/** True when the text holds an expression. */
export function hasYaql(text: string): boolean {
  return splitText(text, "yaql").some((part) => part.expression);
}

/** The syntax errors of all expressions of a text, in order. */
export function validateYaqlText(text: string): YaqlTextFault[] {
  const faults: YaqlTextFault[] = [];
  for (const part of splitText(text, "yaql")) {
    if (!part.expression) continue;
    const compiled = attempt(part.source);
    if (compiled instanceof ExpressionError) {
      faults.push({ expression: part.text, message: compiled.message });
    }
  }
  return faults;
}

/** Evaluates a text: a single expression keeps the type of its value, in mixed text values become text. Throws ExpressionError
 * (`YaqlEvaluationException`) or Unanswered. */
export function evaluateYaqlText(text: string, context: EvaluationContext): unknown {
  const parts = splitText(text, "yaql");
  let result = "";
  for (const part of parts) {
    if (!part.expression) {
      result += part.text;
      continue;
    }
    const value = evaluatePart(part.source, part.text, context);
    if (parts.length === 1) return value;
    result += yaqlText(value);
  }
  return result;
}

/** What a value becomes inside text: Python's `str`. */
export function yaqlText(value: unknown): string {
  return pyStr(value);
}

/** The error of an expression in Orquesta's words: its class, and a message that shows the expression with its delimiters. */
export function wordYaqlError(error: ExpressionError, expression: string): ExpressionError {
  const { original, message } = error;
  const words =
    original === "KeyError"
      ? `Unable to resolve key '${unquoted(message)}' in expression '${expression}' from context.`
      : `Unable to evaluate expression '${expression}'. ${original}: ${
          stripped.test(original) ? unquoted(message) : message
        }`;
  return new ExpressionError(words, {
    language: "yaql",
    source: expression,
    original: "YaqlEvaluationException",
    offset: error.offset,
  });
}

// Orquesta strips quotes from the messages of YAQL's own exceptions, ValueErrors and TypeErrors.
const stripped =
  /^(?:No(?:Function|Method)Registered|NoMatching(?:Function|Method)|Ambiguous(?:Function|Method)|Argument|MappingTranslation|Yaql\w+|CollectionTooLarge|MemoryQuotaExceeded)Exception$|^(?:ValueError|TypeError|UnicodeDecodeError|JSONDecodeError|ParserError)$/;

function unquoted(message: string): string {
  return message.replaceAll(/^'+|'+$/g, "");
}

function attempt(source: string): CompiledExpression | ExpressionError {
  try {
    return compileYaql(source);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function evaluatePart(source: string, expression: string, context: EvaluationContext): unknown {
  try {
    const compiled = attempt(source);
    if (compiled instanceof ExpressionError) throw compiled;
    return compiled.evaluate(context);
  } catch (error) {
    throw error instanceof ExpressionError ? wordYaqlError(error, expression) : error;
  }
}

const referenceStart = /(?<![\p{L}\p{N}_])ctx\(/gu;
const referencePart = /[\][a-zA-Z0-9_'".()]*/y;

/** The references to variables in a text (`ctx().a.b[0]`, `ctx(a)`), sorted, each once, as Orquesta finds them: by pattern. */
export function yaqlReferences(text: string): readonly string[] {
  const found = new Set<string>();
  for (const part of splitText(text, "yaql")) {
    if (!part.expression) continue;
    let end = 0;
    for (const { index, 0: start } of part.source.matchAll(referenceStart)) {
      if (index < end) continue;
      referencePart.lastIndex = index + start.length;
      const rest = referencePart.exec(part.source)?.[0] ?? "";
      end = index + start.length + rest.length;
      if (rest.includes(")")) found.add(start + rest);
    }
  }
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}
