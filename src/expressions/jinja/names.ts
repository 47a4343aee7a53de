/** What names stand for, and calling what they give. */
import { noMore } from "../python/arguments.ts";
import type { Keywords } from "../python/arguments.ts";
import { typeName } from "../python/compare.ts";
import { typeError } from "../python/errors.ts";
import { stringRepr } from "../python/text.ts";
import { getAttribute } from "./access.ts";
import { globals } from "./globals.ts";
import { LoopContext } from "./loop.ts";
import type { Expression } from "./nodes.ts";
import { orquestaFunctions } from "./orquesta.ts";
import { JinjaUndefined, need, PyFunction } from "./runtime.ts";
import type { Evaluate, Frame, Run } from "./runtime.ts";

/** Calls what a template may call. Throws TypeError `'str' object is not callable`. */
export function call(
  callee: unknown,
  args: readonly unknown[],
  keywords: Keywords,
  run: Run,
): unknown {
  if (callee instanceof PyFunction) return callee.call(args, keywords, run);
  if (callee instanceof LoopContext) return callee.call(args);
  need(callee);
  throw typeError(`'${typeName(callee)}' object is not callable`);
}

/** The value of a name: locals, then the dialect's names, then Jinja's globals. */
export function resolve(name: string, run: Run, frame: Frame | undefined): unknown {
  const owner = frame?.owner(name);
  if (owner !== undefined) return owner.get(name);
  const found = run.dialect === "orquesta" ? orquestaFunctions.get(name) : run.name(name);
  if (found !== undefined) return found;
  return globals.get(name) ?? run.found(new JinjaUndefined(`${stringRepr(name)} is undefined`));
}

/** `ctx()` without arguments, whose attributes need no copy of the whole context. */
export function isWholeContext(node: Expression): boolean {
  return (
    node.kind === "call" &&
    node.args.length === 0 &&
    node.callee.kind === "name" &&
    node.callee.name === "ctx"
  );
}

/** `ctx().name` without building what `ctx()` is. */
export function contextVariable(attribute: string): Evaluate {
  return (run, frame) => {
    const local = frame?.owner("ctx");
    if (run.dialect !== "orquesta" || local !== undefined) {
      return getAttribute(call(resolve("ctx", run, frame), [], noMore, run), attribute);
    }
    const { variables } = run.context;
    if (isOrdinary(attribute) && Object.hasOwn(variables, attribute))
      return run.variable(attribute);
    return getAttribute(call(orquestaFunctions.get("ctx"), [], noMore, run), attribute);
  };
}

const dictMethodNames = new Set(
  "get keys values items copy pop popitem setdefault clear fromkeys update".split(" "),
);

function isOrdinary(attribute: string): boolean {
  return !attribute.startsWith("__") && !dictMethodNames.has(attribute);
}
