/** A call in the source text: what its overloads have to do with its arguments as they are written is settled once. */
import { absent, type Evaluate } from "./code.ts";
import { type Candidates, candidatesOf, finish, fittingLayers } from "./dispatch.ts";
import { Fault } from "./faults.ts";
import type { Invocation } from "./invocation.ts";
import { callNamed, layersOf } from "./names.ts";

/** Undefined where every call has to be looked at anew. */
type Prepared = Candidates | undefined;

/** Evaluates a call of that name, with or without a receiver, as `callNamed` does. */
export function callSite(name: string, args: readonly unknown[]): Evaluate {
  let asFunction: { readonly prepared: Prepared } | undefined;
  let asMethod: { readonly prepared: Prepared } | undefined;
  return (scope, receiver) => {
    if (scope.run.redefined) return callNamed(scope, name, args, receiver);
    const invocation = { name, scope, receiver, args };
    if (receiver === absent) {
      asFunction ??= { prepared: prepare(invocation) };
      const { prepared } = asFunction;
      return prepared === undefined
        ? callNamed(scope, name, args)
        : finish(invocation, prepared, prepared.given);
    }
    asMethod ??= { prepared: prepare({ ...invocation, receiver: null }) };
    const { prepared } = asMethod;
    if (prepared === undefined || !someTakes(prepared, receiver)) {
      return callNamed(scope, name, args, receiver);
    }
    const { positional, named } = prepared.given;
    return finish(invocation, prepared, { positional: positional.with(0, receiver), named });
  };
}

/** The overloads that the arguments as written allow. A receiver is not known yet; it is asked for at each call. */
function prepare(invocation: Invocation): Prepared {
  const layers = fittingLayers(invocation, layersOf(invocation.scope, invocation.name));
  if (layers.length === 0) return undefined;
  try {
    const prepared = candidatesOf(invocation, layers, invocation.receiver === null);
    return prepared.candidates.length === 0 ? undefined : prepared;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function someTakes({ candidates }: Candidates, receiver: unknown): boolean {
  return candidates.some((level) =>
    level.some(({ types }) => types[0]?.accepts(receiver) === true),
  );
}
