/** A call in the making, and what can be wrong with it. */
import { absent } from "./code.ts";
import { Fault } from "./faults.ts";
import type { Scope } from "./scope.ts";
import { plainText } from "./text.ts";

export interface Invocation {
  readonly name: string;
  readonly scope: Scope;
  /** `absent` for a function; a method's receiver otherwise. */
  readonly receiver: unknown;
  /** Code or values. */
  readonly args: readonly unknown[];
  readonly named?: ReadonlyMap<string, unknown>;
}

export function unknownName({ name, receiver }: Invocation): Fault {
  return receiver === absent
    ? new Fault("NoFunctionRegisteredException", `Unknown function "${name}"`)
    : new Fault(
        "NoMethodRegisteredException",
        `Unknown method "${name}" for receiver ${plainText(receiver)}`,
      );
}

export function noMatch({ name, receiver }: Invocation): Fault {
  return receiver === absent
    ? new Fault("NoMatchingFunctionException", `No function "${name}" matches supplied arguments`)
    : new Fault(
        "NoMatchingMethodException",
        `No method "${name}" for receiver ${plainText(receiver)} matches supplied arguments`,
      );
}

export function ambiguous({ name, receiver }: Invocation): Fault {
  return receiver === absent
    ? new Fault("AmbiguousFunctionException", `Ambiguous function "${name}"`)
    : new Fault(
        "AmbiguousMethodException",
        `Ambiguous method "${name}" for receiver ${plainText(receiver)}`,
      );
}
