/** JSONata: compiled to closures where cost and meaning are plain, otherwise evaluated by the original in a child with a deadline. */
import { ExpressionError, type CompiledExpression, type EvaluationContext } from "../context.ts";
import { isObject } from "../../model/json.ts";
import { boundNames, workflowFunctions } from "./bindings.ts";
import { compileTree } from "./compile-node.ts";
import type { JsonataInput } from "./evaluate.ts";
import { parse, rootNames, trees, walk, type Tree } from "./parse.ts";
import { doubt, JsonataFault, type Scope } from "./values.ts";

/** Compiles one expression without delimiters. Its root is `context.variables`.
 * Throws ExpressionError with JSONata's message when it cannot be parsed. */
export function compileJsonata(source: string): CompiledExpression {
  const parsed = parse(source);
  const compiled = compileTree(parsed);
  const original = leaveToOriginal(source, parsed);
  return {
    language: "jsonata",
    source,
    variables: rootNames(parsed),
    evaluate(context) {
      if (compiled === undefined) return original(context);
      const scope: Scope = {
        root: context.variables,
        context,
        slots: compiled.slots === 0 ? noSlots : [],
        steps: 0,
      };
      try {
        return compiled.run(context.variables, scope);
      } catch (error) {
        if (error === doubt) return original(context);
        throw worded(error, source);
      }
    },
  };
}

const noSlots: unknown[] = [];

/** True when the expression runs in process for every ordinary value. */
export function isCompiled(source: string): boolean {
  return compileTree(parse(source)) !== undefined;
}

function worded(error: unknown, source: string): unknown {
  if (error instanceof RangeError) {
    const message = "The value is nested too deeply for this expression";
    return new ExpressionError(message, { language: "jsonata", source, original: "RangeError" });
  }
  if (!(error instanceof JsonataFault)) return error;
  return new ExpressionError(error.message, { language: "jsonata", source, original: error.code });
}

/** Evaluation elsewhere: what the child cannot ask for is asked here and sent along. */
function leaveToOriginal(source: string, parsed: Tree): (context: EvaluationContext) => unknown {
  const calls = workflowCalls(parsed);
  let timed = false;
  walk(parsed, (node) => {
    if (node.type === "variable" && (node["value"] === "now" || node["value"] === "millis")) {
      timed = true;
    }
  });
  return (context) => {
    const input: JsonataInput = {
      root: context.variables,
      calls: calls.map(({ name, args }) => ({
        name,
        args,
        value: workflowFunctions[name]?.(args, context),
      })),
      ...(timed ? { now: String(context.ask({ kind: "now" })) } : {}),
    };
    return answered(context.ask({ kind: "evaluate", language: "jsonata", source, input }), source);
  };
}

function answered(answer: unknown, source: string): unknown {
  if (!isObject(answer)) throw new TypeError("jsonata: an answer must be {value} or {error}");
  const error = answer["error"];
  if (!isObject(error)) return answer["value"];
  const { message, code } = error;
  throw new ExpressionError(String(message), {
    language: "jsonata",
    source,
    original: typeof code === "string" ? code : "Error",
  });
}

interface WorkflowCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Calls of our own functions whose arguments are literals: their values are known before the child is asked. */
function workflowCalls(parsed: Tree): readonly WorkflowCall[] {
  const calls = new Map<string, WorkflowCall>();
  walk(parsed, (node) => {
    const procedure = node["procedure"];
    if (node.type !== "function" || !isObject(procedure)) return;
    const name = procedure["value"];
    if (typeof name !== "string" || !boundNames.has(name)) return;
    const given = trees(node["arguments"]);
    if (!given.every(({ type }) => type === "string" || type === "number" || type === "value")) {
      return;
    }
    const args = given.map((argument) => argument["value"]);
    calls.set(JSON.stringify([name, args]), { name, args });
  });
  return [...calls.values()];
}
