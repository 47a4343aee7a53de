/** Arguments of macros. */
import type { Keywords } from "../python/arguments.ts";
import { makeDict, PyTuple } from "../python/collections.ts";
import { typeError } from "../python/errors.ts";
import { stringRepr } from "../python/text.ts";
import { JinjaUndefined } from "./runtime.ts";
import type { Evaluate, Frame, Run } from "./runtime.ts";

export interface MacroCall {
  readonly name: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly fallback: Evaluate | undefined;
  }[];
  /** Which of varargs, kwargs and caller the body mentions. */
  readonly uses: ReadonlySet<string>;
  readonly args: readonly unknown[];
  readonly keywords: Keywords;
}

/** Sets a macro's parameters in its frame. Throws TypeError for arguments it does not take. */
export function bindMacro(macro: MacroCall, run: Run, frame: Frame): void {
  const rest = new Map(macro.keywords);
  for (const [at, { name, fallback }] of macro.parameters.entries()) {
    let value: unknown;
    if (at < macro.args.length) value = macro.args[at];
    else if (rest.has(name)) value = rest.get(name);
    else if (fallback !== undefined) value = fallback(run, frame);
    else value = new JinjaUndefined(`parameter ${stringRepr(name)} was not provided`);
    rest.delete(name);
    frame.set(name, value);
  }
  const caller = rest.get("caller");
  rest.delete("caller");
  if (macro.uses.has("caller")) {
    frame.set("caller", caller ?? new JinjaUndefined("No caller defined"));
  } else if (caller !== undefined) {
    throw typeError(
      `macro ${stringRepr(macro.name)} was invoked with two values for the special caller argument. This is most likely a bug.`,
    );
  }
  bindRest(macro, rest, frame);
}

function bindRest(macro: MacroCall, rest: ReadonlyMap<string, unknown>, frame: Frame): void {
  const shown = stringRepr(macro.name);
  if (macro.uses.has("kwargs")) frame.set("kwargs", makeDict([...rest]));
  else if (rest.size > 0) {
    const [first = ""] = rest.keys();
    throw typeError(`macro ${shown} takes no keyword argument ${stringRepr(first)}`);
  }
  const more = macro.args.slice(macro.parameters.length);
  if (macro.uses.has("varargs")) frame.set("varargs", new PyTuple(more));
  else if (more.length > 0) {
    throw typeError(`macro ${shown} takes not more than ${macro.parameters.length} argument(s)`);
  }
}
