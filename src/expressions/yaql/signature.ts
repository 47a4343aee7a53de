/** How functions of the library declare themselves: parameters with types, which decide between the overloads of a name. */
import type { Scope } from "./scope.ts";
import type { Type } from "./types.ts";

export interface Parameter<T> {
  readonly name: string;
  readonly type: Type<T>;
  /** Undefined: required. */
  readonly fallback: { readonly value: unknown } | undefined;
  /** Of a rest parameter: the type of each argument. */
  readonly each: Type<unknown> | undefined;
}

export interface Call {
  /** A scope of this call's own. */
  readonly scope: Scope;
  readonly receiver: unknown;
  /** Named arguments beyond the declared ones; empty unless the function takes any. */
  readonly named: ReadonlyMap<string, unknown>;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly method: boolean;
  readonly function: boolean;
  /** Rules `a => b` stay arguments instead of naming parameters. */
  readonly rules: boolean;
  /** Accepts any named argument. */
  readonly anyNamed: boolean;
  readonly positional: ReadonlyArray<Parameter<unknown>>;
  /** Type of the arguments after the positional ones. */
  readonly rest: Type<unknown> | undefined;
  readonly body: (call: Call, args: readonly unknown[]) => unknown;
}

type Values<P extends ReadonlyArray<Parameter<unknown>>> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};
type Body<P extends ReadonlyArray<Parameter<unknown>>> = (
  call: Call,
  ...args: Values<P>
) => unknown;
/** `convert` of each parameter has made its value what its type says; a method's parameters may be that special. */
interface Runnable {
  run(call: Call, ...args: readonly unknown[]): unknown;
}

interface Traits {
  readonly rules?: boolean;
  readonly anyNamed?: boolean;
}

function define(
  name: string,
  parameters: ReadonlyArray<Parameter<unknown>>,
  runnable: Runnable,
  traits: Traits & { readonly method: boolean; readonly function: boolean },
): FunctionDefinition {
  return {
    name,
    method: traits.method,
    function: traits.function,
    rules: traits.rules ?? false,
    anyNamed: traits.anyNamed ?? false,
    positional: parameters.filter(({ each }) => each === undefined),
    rest: parameters.find(({ each }) => each !== undefined)?.each,
    body: (call, args) => runnable.run(call, ...args),
  };
}

/** A function called as `name(…)`. */
export function func<const P extends ReadonlyArray<Parameter<unknown>>>(
  name: string,
  parameters: P,
  run: Body<P>,
  traits: Traits = {},
): FunctionDefinition {
  return define(name, parameters, { run }, { ...traits, method: false, function: true });
}

/** A function called as `receiver.name(…)`. */
export function method<const P extends ReadonlyArray<Parameter<unknown>>>(
  name: string,
  parameters: P,
  run: Body<P>,
  traits: Traits = {},
): FunctionDefinition {
  return define(name, parameters, { run }, { ...traits, method: true, function: false });
}

/** A function called either way. */
export function both<const P extends ReadonlyArray<Parameter<unknown>>>(
  name: string,
  parameters: P,
  run: Body<P>,
  traits: Traits = {},
): FunctionDefinition {
  return define(name, parameters, { run }, { ...traits, method: true, function: true });
}

/** The same function under another name. */
export function alias(name: string, definition: FunctionDefinition): FunctionDefinition {
  return { ...definition, name };
}

export function required<T>(name: string, type: Type<T>): Parameter<T> {
  return { name, type, fallback: undefined, each: undefined };
}

/** A parameter that may be left out. The fallback is given as is when it is `absent`, else checked and converted like an argument. */
export function optional<T>(name: string, type: Type<T>, value: T): Parameter<T> {
  return { name, type, fallback: { value }, each: undefined };
}

/** All further positional arguments; the last parameter. */
export function rest<T>(name: string, each: Type<T>): Parameter<readonly T[]> {
  return { name, type: listOfArguments, fallback: undefined, each };
}

// Never asked: the dispatcher converts the arguments of a rest parameter one by one.
const listOfArguments: Type<never> = {
  nullable: false,
  lazy: false,
  python: undefined,
  accepts: () => false,
  convert: () => {
    throw new Error("a rest parameter is converted by its elements");
  },
};
