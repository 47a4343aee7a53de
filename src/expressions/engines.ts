/** The three languages behind one door. */
import type { CompiledExpression, ExpressionError, Language } from "./context.ts";
import { compileJsonata } from "./jsonata/compile.ts";
import { pyStr } from "./python/text.ts";
import { compileYaql } from "./yaql/compile.ts";
import { wordYaqlError } from "./yaql/template.ts";

interface Jinja {
  compileJinjaExpression?: (source: string) => CompiledExpression;
  compileJinjaTemplate?: (text: string) => CompiledExpression;
}

const loaded: Jinja = {};
const path = "./jinja/compile.ts";
try {
  Object.assign(loaded, await import(path));
} catch {}

function missing(language: Language): never {
  throw new Error(`${language} is not there yet`);
}

/** Compiles one expression without delimiters. Throws ExpressionError when it cannot be parsed. */
export function compileSource(language: Language, source: string): CompiledExpression {
  switch (language) {
    case "jinja":
      return (loaded.compileJinjaExpression ?? (() => missing(language)))(source);
    case "yaql":
      return compileYaql(source);
    case "jsonata":
      return compileJsonata(source);
  }
}

/** Compiles text with Jinja's block tags. Throws ExpressionError when it cannot be parsed. */
export function compileBlockText(text: string): CompiledExpression {
  return (loaded.compileJinjaTemplate ?? (() => missing("jinja")))(text);
}

/** What a value becomes inside text: Python's `str`; for JSONata nothing is empty, and what is no text is JSON. */
export function stringify(value: unknown, language: Language): string {
  if (typeof value === "string") return value;
  if (language === "jsonata") return value === undefined ? "" : JSON.stringify(value);
  return pyStr(value);
}

/** The same error in the original's words: the expression with its delimiters, the class, the message. */
export function wordError(error: ExpressionError, text: string): ExpressionError {
  return error.language === "yaql" ? wordYaqlError(error, text) : error;
}
