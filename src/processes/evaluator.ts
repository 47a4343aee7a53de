/** What an evaluator child runs: expressions and regular expressions that could take for ever. */
import {
  evaluateJsonata,
  isRegexCall,
  type JsonataInput,
} from "../expressions/jsonata/evaluate.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { runRegexHere, type RegexCall } from "../expressions/python/regex.ts";
import { isObject } from "../model/json.ts";
import type { EvaluatorRequest } from "./ask.ts";

/** Answers {value} or {error}; never rejects for a fault of the expression. */
export async function evaluate(request: EvaluatorRequest): Promise<unknown> {
  const { language, source, input } = request;
  if (language === "jsonata" && isJsonataInput(input)) return await evaluateJsonata(source, input);
  if (language === "regex" && isRegexCall(input)) return searched(source, input);
  throw new TypeError(`The evaluator cannot work on this ${language} input`);
}

function isJsonataInput(input: unknown): input is JsonataInput {
  return isObject(input) && Array.isArray(input["calls"]);
}

function searched(pattern: string, call: RegexCall): unknown {
  try {
    return { value: runRegexHere(pattern, call) };
  } catch (error) {
    if (error instanceof PythonError) return { error: error.message };
    throw error;
  }
}
