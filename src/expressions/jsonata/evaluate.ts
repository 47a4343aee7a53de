/** The original JSONata, for expressions that are not compiled. Runs inside an evaluator child, which is killed at a deadline. */
import jsonata from "jsonata";
import { isObject } from "../../model/json.ts";
import { Unanswered, type Ask } from "../context.ts";
import { stackstormFunctions } from "../functions.ts";
import { runRegexHere, type RegexCall } from "../python/regex.ts";
import { boundNames, callShared } from "./bindings.ts";

/** What an expression is evaluated with; JSON. */
export interface JsonataInput {
  readonly root: unknown;
  /** Values of Raicho's own functions for the arguments that stand in the expression. */
  readonly calls: ReadonlyArray<{
    readonly name: string;
    readonly args: readonly unknown[];
    readonly value: unknown;
  }>;
  /** Time of the decision, ISO 8601, when the expression asks for it. */
  readonly now?: string;
}

export type JsonataAnswer =
  | { readonly value: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

const guards = { timeout: 2000, stack: 500, sequence: 100_000 };

/** Evaluates with the original package; answers JSON only: functions vanish, `__proto__` keys are dropped. */
export async function evaluateJsonata(source: string, input: JsonataInput): Promise<JsonataAnswer> {
  try {
    const expression = jsonata(source, guards);
    for (const name of boundNames) {
      expression.registerFunction(name, (...args: unknown[]) => answerCall(name, args, input));
    }
    for (const shared of stackstormFunctions.values()) {
      expression.registerFunction(shared.name, (...args: unknown[]) =>
        callShared(shared, args, here),
      );
    }
    if (input.now !== undefined) bindClock(expression, input.now);
    return { value: plainJson(await expression.evaluate(input.root)) };
  } catch (error) {
    return { error: described(error) };
  }
}

export function isRegexCall(input: unknown): input is RegexCall {
  return (
    isObject(input) &&
    typeof input["operation"] === "string" &&
    typeof input["subject"] === "string"
  );
}

/** Shared functions only ask for regular expressions to be run; here is where they are. */
const here: Ask = (question) => {
  if (question.kind !== "evaluate" || !isRegexCall(question.input)) throw new Unanswered(question);
  return { value: runRegexHere(question.source, question.input) };
};

function answerCall(name: string, args: readonly unknown[], input: JsonataInput): unknown {
  const key = JSON.stringify(args.filter((arg) => arg !== undefined));
  const call = input.calls.find((each) => each.name === name && JSON.stringify(each.args) === key);
  if (call !== undefined) return call.value;
  throw new Error(`$${name} needs literal arguments in this expression, got ${key}`);
}

function bindClock(expression: jsonata.Expression, now: string): void {
  const millis = Date.parse(now);
  const format = jsonata("$fromMillis(millis, picture, timezone)");
  expression.registerFunction("millis", () => millis, "<:n>");
  expression.registerFunction(
    "now",
    (picture?: string, timezone?: string) => format.evaluate({ millis, picture, timezone }),
    "<s?s?:s>",
  );
}

function plainJson(value: unknown): unknown {
  const text = JSON.stringify(value, (key, item: unknown) =>
    key === "__proto__" || isInternal(item) ? undefined : item,
  );
  return text === undefined ? undefined : JSON.parse(text);
}

// Functions of the package are objects with a mark of their own.
function isInternal(value: unknown): boolean {
  if (typeof value === "function") return true;
  return (
    isObject(value) && (value["_jsonata_lambda"] === true || value["_jsonata_function"] === true)
  );
}

function described(error: unknown): { code: string; message: string } {
  if (!isObject(error)) return { code: "Error", message: String(error) };
  const { code, message } = error;
  return {
    code: typeof code === "string" ? code : error instanceof Error ? error.name : "Error",
    message: typeof message === "string" ? message : "JSONata could not evaluate the expression",
  };
}
