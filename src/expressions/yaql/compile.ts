/** YAQL expressions, compiled once and evaluated often. */
import type { CompiledExpression, EvaluationContext } from "../context.ts";
import { PythonError } from "../python/errors.ts";
import { contextReferences } from "../references.ts";
import type { Node } from "./ast.ts";
import { absent, type Code } from "./code.ts";
import { generate } from "./codegen.ts";
import { outgoing } from "./convert.ts";
import { expressionError, Fault } from "./faults.ts";
import { library } from "./library.ts";
import { parseYaql } from "./parser.ts";
import { quickReference } from "./reference.ts";
import { Run } from "./run.ts";
import { Scope } from "./scope.ts";

/** Compiles the text between `<%` and `%>`. Throws ExpressionError (YaqlGrammarException, YaqlLexicalException) with its offset. */
export function compileYaql(source: string): CompiledExpression {
  const { node, code } = worded(source, () => {
    const tree = parseYaql(source);
    return { node: tree, code: generate(tree) };
  });
  const quick = quickReference(node);
  return {
    language: "yaql",
    source,
    variables: contextReferences(source),
    evaluate(context) {
      const value = quick?.(context) ?? absent;
      return value === absent ? worded(source, () => evaluateCode(code, context)) : value;
    },
  };
}

/** What an evaluation may have besides its context. */
export interface YaqlOptions {
  /** Variables by name; `$` is the data. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Sets leave as lists, which may hold lists and dicts. */
  readonly setsAsLists?: boolean;
}

/** Evaluates once, with variables of its own: for tests and tools. Throws ExpressionError. */
export function evaluateYaql(
  source: string,
  context: EvaluationContext,
  options: YaqlOptions = {},
): unknown {
  return worded(source, () => evaluateCode(generate(parseYaql(source)), context, options));
}

/** The syntax tree of an expression. Throws ExpressionError. */
export function parseYaqlSource(source: string): Node {
  return worded(source, () => parseYaql(source));
}

function evaluateCode(
  code: Code,
  context: EvaluationContext,
  { variables = {}, setsAsLists = false }: YaqlOptions = {},
): unknown {
  const run = new Run(context, library, setsAsLists);
  const scope = new Scope(run);
  for (const [name, value] of Object.entries(variables)) scope.set(name, value);
  return outgoing(code.evaluate(scope, absent), run);
}

function worded<T>(source: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof Fault) throw expressionError(error, source);
    if (error instanceof PythonError) {
      throw expressionError(new Fault(error.type, error.message), source);
    }
    if (error instanceof RangeError) {
      throw expressionError(
        new Fault("RecursionError", "maximum recursion depth exceeded"),
        source,
      );
    }
    throw error;
  }
}
