/** The facade of the three languages: any YAML value, its strings holding expressions, compiled once and evaluated often.
 * What an expression gives is data and is never rendered again, whatever it looks like. */
import {
  ExpressionError,
  type CompiledExpression,
  type EvaluationContext,
  type Language,
} from "./context.ts";
import { hasBlock, languagesOf, splitText } from "./delimiters.ts";
import { compileBlockText, compilePart, compileSource, wordError, type Part } from "./engines.ts";
import { PythonError } from "./python/errors.ts";
import { keyText as jsonKey } from "./python/json.ts";
import { contextReferences } from "./references.ts";

export { languageOf } from "./delimiters.ts";

/** Keys and indexes from the outer value to the string; a fault in a key of a dict names that key. */
export type ValuePath = ReadonlyArray<string | number>;

/** A context variable that a template reads. */
export interface TemplateVariable {
  readonly language: Language;
  /** The whole string that reads it. */
  readonly expression: string;
  readonly name: string;
  readonly path: ValuePath;
  /** Offset of the name inside `expression`. */
  readonly offset: number;
}

/** An expression that cannot be parsed. */
export interface TemplateFault {
  /** Undefined where expressions of several languages meet in one string. */
  readonly language: Language | undefined;
  /** With its delimiters, as Orquesta reports it. */
  readonly expression: string;
  readonly message: string;
  readonly path: ValuePath;
  /** Offset of the fault inside the string. */
  readonly offset: number;
}

export interface CompiledTemplate {
  /** True when the value holds no expression; `evaluate` then returns the very value that was compiled. */
  readonly literal: boolean;
  /** In the order of their appearance. */
  readonly variables: readonly TemplateVariable[];
  readonly languages: readonly Language[];
  /** A string that is exactly one expression gives the expression's value; other text gives text. Parts without
   * expressions are shared with the source. Throws ExpressionError (also for a syntax error) or Unanswered. */
  evaluate(context: EvaluationContext): unknown;
}

export interface TemplateOptions {
  /** Languages to look for; all three by default. */
  readonly languages?: readonly Language[];
}

type Evaluate = (context: EvaluationContext) => unknown;
interface Node {
  readonly literal: boolean;
  readonly evaluate: Evaluate;
}
interface Collected {
  readonly allowed: readonly Language[] | undefined;
  readonly variables: TemplateVariable[];
  readonly languages: Set<Language>;
}

/** Compiles any YAML value. Never throws: an expression with a syntax error fails when it is evaluated (see `checkTemplate`). */
export function compileTemplate(value: unknown, options: TemplateOptions = {}): CompiledTemplate {
  const collected: Collected = {
    allowed: options.languages,
    variables: [],
    languages: new Set(),
  };
  const node = compileValue(value, [], collected);
  return {
    literal: node.literal,
    variables: collected.variables,
    languages: [...collected.languages],
    evaluate: node.evaluate,
  };
}

function constant(value: unknown): Node {
  return { literal: true, evaluate: () => value };
}

function compileValue(value: unknown, path: ValuePath, collected: Collected): Node {
  if (typeof value === "string") return compileText(value, path, collected);
  if (Array.isArray(value)) return compileList(value, path, collected);
  if (isPlainObject(value)) return compileDict(value, path, collected);
  return constant(value);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function compileList(list: readonly unknown[], path: ValuePath, collected: Collected): Node {
  const nodes = list.map((item, index) => compileValue(item, [...path, index], collected));
  if (nodes.every((node) => node.literal)) return constant(list);
  return { literal: false, evaluate: (context) => nodes.map((node) => node.evaluate(context)) };
}

function compileDict(
  dict: Readonly<Record<string, unknown>>,
  path: ValuePath,
  collected: Collected,
): Node {
  const entries = Object.entries(dict).map(([key, value]) => ({
    written: key,
    key: compileText(key, [...path, key], collected),
    value: compileValue(value, [...path, key], collected),
  }));
  if (entries.every(({ key, value }) => key.literal && value.literal)) return constant(dict);
  return {
    literal: false,
    evaluate(context) {
      const result: Record<string, unknown> = {};
      for (const { written, key, value } of entries) {
        setOwn(result, keyText(key.evaluate(context), written), value.evaluate(context));
      }
      return result;
    },
  };
}

/** Assigns without ever reaching a prototype. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") {
    target[key] = value;
    return;
  }
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** JSON's keys are strings: other values become what Python's json module makes of them. */
function keyText(key: unknown, written: string): string {
  try {
    return jsonKey(key);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const { message, type } = error;
    const language = languagesOf(written)[0] ?? "jinja";
    throw new ExpressionError(message, { language, source: written, original: type });
  }
}

function compileText(text: string, path: ValuePath, collected: Collected): Node {
  const { allowed } = collected;
  const found = languagesOf(text);
  const languages =
    allowed === undefined ? found : found.filter((language) => allowed.includes(language));
  const language = languages[0];
  if (language === undefined) return constant(text);
  for (const each of languages) {
    collected.languages.add(each);
    for (const { name, offset } of variablesIn(text, each)) {
      collected.variables.push({ language: each, expression: text, name, path, offset });
    }
  }
  return { literal: false, evaluate: compileTextOf(text, language) };
}

function variablesIn(text: string, language: Language): Array<{ name: string; offset: number }> {
  return splitText(text, language)
    .filter((part) => part.expression)
    .flatMap((part) =>
      referencesIn(part.source, language).map(({ name, offset }) => ({
        name,
        offset: part.sourceOffset + offset,
      })),
    );
}

function referencesIn(source: string, language: Language): CompiledExpression["variables"] {
  if (language !== "jsonata") return contextReferences(source);
  const compiled = attempt(() => compileSource(language, source));
  return compiled instanceof ExpressionError ? [] : compiled.variables;
}

/** The value, or the syntax error that was thrown instead. */
function attempt<T>(compile: () => T): T | ExpressionError {
  try {
    return compile();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function compileTextOf(text: string, language: Language): Evaluate {
  if (language === "jinja" && hasBlock(text)) return compileBlocks(text);
  const parts = splitText(text, language).map(({ expression, source, text: written }) =>
    expression ? compilePart(language, source, written) : written,
  );
  const [only] = parts;
  if (parts.length === 1 && typeof only === "object") return (context) => only.value(context);
  return (context) => {
    let result = "";
    const unresolved: string[] = [];
    for (const part of parts) {
      result += typeof part === "string" ? part : partText(part, context, unresolved);
    }
    if (unresolved.length > 0) throw unresolvedError(unresolved, text);
    return result;
  };
}

const unresolvedWords = "There are unresolved variables: ";

/** Orquesta goes on after an undefined variable, to name all of them at once. */
function partText(part: Part, context: EvaluationContext, unresolved: string[]): string {
  try {
    return part.text(context);
  } catch (error) {
    if (!(error instanceof ExpressionError) || !error.message.startsWith(unresolvedWords))
      throw error;
    unresolved.push(error.message.slice(unresolvedWords.length));
    return "";
  }
}

function unresolvedError(names: readonly string[], source: string): ExpressionError {
  return new ExpressionError(unresolvedWords + names.join(", "), {
    language: "jinja",
    source,
    original: "JinjaEvaluationException",
  });
}

/** A block tag makes Jinja render the whole text. */
function compileBlocks(text: string): Evaluate {
  const compiled = attempt(() => compileBlockText(text));
  return (context) => {
    try {
      if (compiled instanceof ExpressionError) throw compiled;
      return compiled.evaluate(context);
    } catch (error) {
      throw error instanceof ExpressionError ? wordError(error, text) : error;
    }
  };
}

/** Every syntax error in the value, dict keys before their values, in the order of the value. */
export function checkTemplate(value: unknown): TemplateFault[] {
  const faults: TemplateFault[] = [];
  checkValue(value, [], faults);
  return faults;
}

function checkValue(value: unknown, path: ValuePath, faults: TemplateFault[]): void {
  if (typeof value === "string") {
    faults.push(...checkText(value).map((fault) => ({ ...fault, path })));
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkValue(item, [...path, index], faults);
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      checkValue(key, [...path, key], faults);
      checkValue(item, [...path, key], faults);
    }
  }
}

type TextFault = Omit<TemplateFault, "path">;

function checkText(text: string): TextFault[] {
  const [language, ...others] = languagesOf(text);
  if (language === undefined) return [];
  if (others.length > 0) {
    const message = "Expression with multiple types is not supported.";
    return [{ language: undefined, expression: text, message, offset: 0 }];
  }
  const faults: TextFault[] = [];
  if (language === "jinja") {
    const whole = attempt(() => compileBlockText(text));
    if (whole instanceof ExpressionError) {
      const { message, offset = 0 } = whole;
      faults.push({ language, expression: text, message, offset });
    }
  }
  for (const part of splitText(text, language)) {
    if (!part.expression || faults.some((fault) => fault.expression === part.text)) continue;
    const compiled = attempt(() => compileSource(language, part.source));
    if (!(compiled instanceof ExpressionError)) continue;
    const { message, offset = 0 } = compiled;
    faults.push({ language, expression: part.text, message, offset: part.sourceOffset + offset });
  }
  return faults;
}
