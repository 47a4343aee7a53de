/** What an evaluator child runs: expressions and regular expressions that could take for ever. */
import { evaluateJsonata, type JsonataInput } from "../expressions/jsonata/evaluate.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { runRegexHere, type RegexCall } from "../expressions/python/regex.ts";
import type { EvaluatorRequest } from "./ask.ts";

/** Answers {value} or {error}; never rejects for a fault of the expression. */
export async function evaluate(request: EvaluatorRequest): Promise<unknown> {
  const { language, source, input } = request;
  return language === "jsonata"
    ? await evaluateJsonata(source, sent<JsonataInput>(input))
    : searched(source, sent<RegexCall>(input));
}

/** The other side of the channel is our own process: what it sends has the shape of the question. */
function sent<T>(input: unknown): T {
  return input as T;
}

function searched(pattern: string, call: RegexCall): unknown {
  try {
    return { value: runRegexHere(pattern, call) };
  } catch (error) {
    if (error instanceof PythonError) return { error: error.message };
    throw error;
  }
}
