/** Types of parameters. */
import type { Float } from "../python/values.ts";
import { absent, Code, Lambda, RuleCode } from "./code.ts";
import { PyDateTime, PyTimeDelta } from "../python/collections.ts";
import { typeError } from "./faults.ts";
import { typeName } from "./library/type-name.ts";
import {
  entriesOf,
  hashKey,
  isInteger,
  isIterable,
  isIterator,
  isMapping,
  isNumber,
  isSequence,
  isSet,
  type Mapping,
  MappingRule,
  type YaqlIterator,
  YaqlList,
  type YaqlMemory,
  YaqlOrdering,
  type YaqlSet,
  type YaqlView,
} from "./values.ts";
import { YaqlRegex } from "./regex.ts";
import { Scope } from "./scope.ts";

/** Python classes that decide which of two matching overloads is the more special one. */
const ancestors = {
  object: [],
  Iterable: ["object"],
  Sequence: ["Iterable", "object"],
  Set: ["Iterable", "object"],
  Mapping: ["Iterable", "object"],
  Iterator: ["Iterable", "object"],
  str: ["Sequence", "Iterable", "object"],
  int: ["object"],
  bool: ["int", "object"],
  none: ["object"],
  other: ["object"],
} as const satisfies Record<string, readonly string[]>;
type PythonClass = keyof typeof ancestors;

/** A parameter's type. `accepts` sees a value, or code that was not evaluated yet. */
export interface Type<T> {
  readonly nullable: boolean;
  /** True when the argument is handed over unevaluated. */
  readonly lazy: boolean;
  readonly python: PythonClass | undefined;
  accepts(argument: unknown): boolean;
  /** Called with an accepted argument and the scope of the call. */
  convert(argument: unknown, scope: Scope): T;
}

/** True when `special` is a proper subclass of `general`, as far as both are single classes. */
export function isMoreSpecial(special: Type<unknown>, general: Type<unknown>): boolean {
  if (special.python === undefined || general.python === undefined) return false;
  const above: readonly string[] = ancestors[special.python];
  return above.includes(general.python);
}

/** A value of a class: constants are looked into, other code is accepted until it is evaluated. */
function ofClass<T>(
  python: PythonClass | undefined,
  guard: (value: unknown) => value is T,
): Type<T> {
  return {
    nullable: false,
    lazy: false,
    python,
    accepts(argument) {
      if (!(argument instanceof Code)) return argument !== null && guard(argument);
      return argument.isConstant ? argument.value !== null && guard(argument.value) : true;
    },
    convert(argument) {
      const value = argument instanceof Code ? argument.value : argument;
      if (!guard(value)) throw new TypeError("an argument was converted unchecked");
      return value;
    },
  };
}

/** The same type, or null. */
export function nullable<T>(type: Type<T>): Type<T | null> {
  return {
    ...type,
    nullable: true,
    accepts: (argument) => isNull(argument) || type.accepts(argument),
    convert: (argument, scope) => (isNull(argument) ? null : type.convert(argument, scope)),
  };
}

/** The same type, or nothing at all (a default that cannot be written). */
export function omissible<T>(type: Type<T>): Type<T | typeof absent> {
  return {
    ...type,
    accepts: (argument) => argument === absent || type.accepts(argument),
    convert: (argument, scope) => (argument === absent ? absent : type.convert(argument, scope)),
  };
}

function isNull(argument: unknown): argument is null {
  return (
    argument === null ||
    (argument instanceof Code && argument.isConstant && argument.value === null)
  );
}

export const text = ofClass("str", (value) => typeof value === "string");
export const int = ofClass(
  "int",
  (value): value is number | bigint | boolean => isInteger(value) || typeof value === "boolean",
);
/** An int that is no bool. */
export const integer = ofClass("int", isInteger);
/** An int or float that is no bool. */
export const number = ofClass(undefined, (value): value is number | bigint | Float =>
  isNumber(value),
);
export const bool = ofClass("bool", (value) => typeof value === "boolean");
export const none: Type<null> = {
  nullable: true,
  lazy: false,
  python: "none",
  accepts: (argument) => isNull(argument) || (argument instanceof Code && !argument.isConstant),
  convert: () => null,
};
/** Anything but null. */
export const something = ofClass("object", (_value): _value is unknown => true);
export const anything: Type<unknown> = { ...nullable(something), nullable: true };
export const mapping = ofClass("Mapping", (value): value is Mapping => isMapping(value));
export const set = ofClass("Set", (value): value is YaqlSet | YaqlView => isSet(value));
export const sequence = ofClass("Sequence", (value): value is readonly unknown[] | YaqlList =>
  isSequence(value),
);
export type Walkable =
  | readonly unknown[]
  | YaqlList
  | YaqlSet
  | YaqlView
  | YaqlOrdering
  | YaqlIterator
  | YaqlMemory;
export const iterable = ofClass("Iterable", (value): value is Walkable => isIterable(value));
export const iterableNoSet = ofClass(
  "Iterable",
  (value): value is Walkable => isIterable(value) && !isSet(value),
);
export const iterator = ofClass("Iterator", isIterator);
export const ordering = ofClass("other", (value) => value instanceof YaqlOrdering);
export const rule = ofClass("other", (value) => value instanceof MappingRule);
export const context = ofClass("other", (value): value is Scope => value instanceof Scope);
export const datetime = ofClass("other", (value) => value instanceof PyDateTime);
export const timespan = ofClass("other", (value) => value instanceof PyTimeDelta);
export const regex = ofClass("other", (value) => value instanceof YaqlRegex);

/** Code, evaluated by the function itself. */
export const lambda: Type<Lambda> = {
  nullable: true,
  lazy: true,
  python: undefined,
  accepts: () => true,
  convert: (argument, scope) => new Lambda(argument, scope),
};

/** A lambda that may be missing: null means none. */
export const lambdaOrNone: Type<Lambda | null> = {
  ...lambda,
  convert: (argument, scope) => (argument === null ? null : new Lambda(argument, scope)),
};

/** `condition => result`, both evaluated by the function itself. */
export const lazyRule: Type<{ readonly source: Lambda; readonly destination: Lambda }> = {
  nullable: false,
  lazy: true,
  python: undefined,
  accepts: (argument) => argument instanceof RuleCode,
  convert(argument, scope) {
    if (!(argument instanceof RuleCode)) throw new TypeError("an argument was converted unchecked");
    return {
      source: new Lambda(argument.source, scope),
      destination: new Lambda(argument.destination, scope),
    };
  },
};

/** Unevaluated code as it is. */
export const code: Type<Code> = {
  nullable: false,
  lazy: true,
  python: undefined,
  accepts: (argument) => argument instanceof Code,
  convert(argument) {
    if (!(argument instanceof Code)) throw new TypeError("an argument was converted unchecked");
    return argument;
  },
};

/** A bare word in the source text. */
export const keyword: Type<string> = {
  nullable: false,
  lazy: false,
  python: undefined,
  accepts: (argument) => argument instanceof Code && argument.kind === "keyword",
  convert: (argument) => (argument instanceof Code ? String(argument.value) : ""),
};

/** A call in the source text, evaluated with a receiver: the right side of a dot. */
export const calling: Type<Code> = {
  ...code,
  accepts: (argument) => argument instanceof Code && argument.kind === "call",
};

/** A bare word as code, for functions that hand it on. */
export const keywordCode: Type<Code> = {
  ...code,
  lazy: false,
  accepts: (argument) => argument instanceof Code && argument.kind === "keyword",
};

/** The hash of a value. Throws a TypeError fault for an unhashable one. */
export function hashOf(value: unknown): unknown {
  return hashKey(value);
}

/** The value if it can be walked. Throws Python's TypeError otherwise; text and dicts give their characters and keys. */
export function walkable(value: unknown): Walkable {
  if (isWalkableValue(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (isMapping(value)) return entriesOf(value).map(([key]) => key);
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

function isWalkableValue(value: unknown): value is Walkable {
  return isIterable(value);
}

export function listOf(items: readonly unknown[]): YaqlList {
  return new YaqlList(items);
}
