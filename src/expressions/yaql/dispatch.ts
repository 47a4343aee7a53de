/** Chooses among the overloads of a name and calls the one that fits, as YAQL does:
 * 1. candidates by number, names and constant values of the arguments; all must agree on which arguments stay unevaluated;
 * 2. the other arguments are evaluated once, in order;
 * 3. in the nearest layer where one fits, the only one, or the one with the more special types. */
import { ambiguous, type Invocation, noMatch, unknownName } from "./invocation.ts";
import { absent, Code, RuleCode } from "./code.ts";
import { Fault } from "./faults.ts";
import type { FunctionDefinition, Parameter } from "./signature.ts";
import type { Scope } from "./scope.ts";
import { isMoreSpecial, type Type } from "./types.ts";
import { isSubset } from "./equality.ts";

interface Arguments {
  readonly positional: readonly unknown[];
  readonly named: ReadonlyMap<string, unknown>;
}

interface Candidate {
  readonly definition: FunctionDefinition;
  /** Types of the positional arguments as given, then of the named ones. */
  readonly types: ReadonlyArray<Type<unknown>>;
  readonly namedTypes: ReadonlyMap<string, Type<unknown>>;
  /** Which arguments stay unevaluated: positions and names. */
  readonly lazy: ReadonlySet<number | string>;
}

type Layers = ReadonlyArray<readonly FunctionDefinition[]>;

/** Overloads that the arguments as written allow, nearest layer first, and these arguments. */
export interface Candidates {
  readonly candidates: ReadonlyArray<readonly Candidate[]>;
  readonly given: Arguments;
}

/** Calls `name` with the layers of overloads that exist for it. */
export function invoke(invocation: Invocation, layers: Layers): unknown {
  const fitting = fittingLayers(invocation, layers);
  if (fitting.length === 0) throw unknownName(invocation);
  const found = candidatesOf(invocation, fitting);
  return finish(invocation, found, found.given);
}

/** The overloads for a call with (or without) a receiver. */
export function fittingLayers({ receiver }: Invocation, layers: Layers): Layers {
  const isMethod = receiver !== absent;
  return layers
    .map((layer) => layer.filter((each) => (isMethod ? each.method : each.function)))
    .filter((layer) => layer.length > 0);
}

/** Evaluates the arguments and calls the overload that fits them best. */
export function finish(
  invocation: Invocation,
  { candidates }: Candidates,
  given: Arguments,
): unknown {
  const lazy = candidates[0]?.[0]?.lazy;
  if (lazy === undefined) throw noMatch(invocation);
  const { scope } = invocation;
  const args = evaluateArguments(given, lazy, scope);
  const chosen = choose(invocation, candidates, args);
  if (chosen === undefined) throw noMatch(invocation);
  scope.run.step();
  scope.run.enter();
  try {
    return call(chosen, invocation, args);
  } finally {
    scope.run.leave();
  }
}

/** With `anyReceiver` the first argument counts as accepted. */
export function candidatesOf(
  invocation: Invocation,
  layers: Layers,
  anyReceiver = false,
): Candidates {
  const rules = layers[0]?.[0]?.rules ?? false;
  const given = translate(invocation, rules);
  const candidates: Candidate[][] = [];
  let lazy: ReadonlySet<number | string> | undefined;
  for (const layer of layers) {
    const level: Candidate[] = [];
    for (const definition of layer) {
      if (definition.rules !== rules) throw ambiguous(invocation);
      const candidate = candidateOf(definition, given, anyReceiver);
      if (candidate === undefined) continue;
      lazy ??= candidate.lazy;
      if (!sameMembers(lazy, candidate.lazy)) throw ambiguous(invocation);
      level.push(candidate);
    }
    if (level.length > 0) candidates.push(level);
  }
  return { candidates, given };
}

/** Separates `name => value` from the positional arguments, unless rules are arguments of their own. */
function translate({ args, named, receiver }: Invocation, rules: boolean): Arguments {
  const all = receiver === absent ? args : [receiver, ...args];
  const names = new Map(named);
  if (rules) {
    for (const name of names.keys())
      throw new Fault("ArgumentException", `Invalid argument ${name}`);
    return { positional: all, named: names };
  }
  const positional: unknown[] = [];
  for (const arg of all) {
    if (!(arg instanceof RuleCode)) {
      positional.push(arg);
      continue;
    }
    const name = arg.source.kind === "keyword" ? String(arg.source.value) : undefined;
    if (name === undefined) throw untranslatable();
    if (named?.has(name) === true) throw untranslatable();
    names.set(name, arg.destination);
  }
  return { positional, named: names };
}

function untranslatable(): Fault {
  return new Fault("MappingTranslationException", "Cannot convert mapping to keyword argument");
}

function candidateOf(
  definition: FunctionDefinition,
  given: Arguments,
  anyReceiver: boolean,
): Candidate | undefined {
  const { positional, rest, anyNamed } = definition;
  const types: Array<Type<unknown> | undefined> = given.positional.map(() => rest);
  const namedTypes = new Map<string, Type<unknown>>();
  const unused = new Set(given.named.keys());
  for (const [index, parameter] of positional.entries()) {
    const place = placeOf(parameter, index, given);
    if (place === "nowhere") return undefined;
    if (place === "position") types[index] = parameter.type;
    if (place === "name") {
      unused.delete(parameter.name);
      namedTypes.set(parameter.name, parameter.type);
    }
  }
  if (unused.size > 0 && !anyNamed) return undefined;
  const defined = types.filter((type) => type !== undefined);
  if (defined.length < types.length) return undefined;
  const accepted = defined.every((type, index) => {
    if (index === 0 && anyReceiver) return true;
    const argument = given.positional[index];
    const fallback = positional[index]?.fallback;
    return type.accepts(argument === absent && fallback !== undefined ? fallback.value : argument);
  });
  if (!accepted) return undefined;
  return { definition, types: defined, namedTypes, lazy: lazyOf(defined, namedTypes) };
}

function sameMembers(left: ReadonlySet<unknown>, right: ReadonlySet<unknown>): boolean {
  return left.size === right.size && isSubset(left, right);
}

function lazyOf(
  types: ReadonlyArray<Type<unknown>>,
  named: ReadonlyMap<string, Type<unknown>>,
): ReadonlySet<number | string> {
  const lazy = new Set<number | string>();
  for (const [index, type] of types.entries()) if (type.lazy) lazy.add(index);
  for (const [name, type] of named) if (type.lazy) lazy.add(name);
  return lazy;
}

/** Where a parameter takes its argument from; `nowhere` when the call cannot be meant. */
function placeOf(
  { name, fallback }: Parameter<unknown>,
  index: number,
  { positional, named }: Arguments,
): "position" | "name" | "fallback" | "nowhere" {
  const inRange = index < positional.length;
  if (inRange && positional[index] !== absent) return named.has(name) ? "nowhere" : "position";
  if (named.has(name)) return "name";
  if (fallback === undefined) return "nowhere";
  return inRange ? "position" : "fallback";
}

function evaluateArguments(
  { positional, named }: Arguments,
  lazy: ReadonlySet<number | string>,
  scope: Scope,
): Arguments {
  const evaluate = (argument: unknown, place: number | string): unknown =>
    argument instanceof Code && !argument.isConstant && !lazy.has(place)
      ? argument.evaluate(scope, absent)
      : argument;
  const values = positional.length === 0 ? positional : positional.map(evaluate);
  if (named.size === 0) return { positional: values, named };
  return {
    positional: values,
    named: new Map([...named].map(([name, value]) => [name, evaluate(value, name)])),
  };
}

function choose(
  invocation: Invocation,
  candidates: ReadonlyArray<readonly Candidate[]>,
  args: Arguments,
): FunctionDefinition | undefined {
  for (const level of candidates) {
    let best: Candidate | undefined;
    for (const candidate of level) {
      if (!fits(candidate.definition, args)) continue;
      if (best === undefined || isSpecialization(candidate, best)) best = candidate;
      else if (!isSpecialization(best, candidate)) throw ambiguous(invocation);
    }
    if (best !== undefined) return best.definition;
  }
  return undefined;
}

function fits({ positional, rest }: FunctionDefinition, args: Arguments): boolean {
  let index = 0;
  for (const parameter of positional) {
    const argument = argumentOf(parameter, index, args);
    if (argument === absent && parameter.fallback === undefined) return false;
    if (!parameter.type.accepts(argument)) return false;
    index += 1;
  }
  for (; index < args.positional.length; index += 1) {
    if (rest === undefined || !rest.accepts(args.positional[index])) return false;
  }
  return true;
}

function argumentOf(parameter: Parameter<unknown>, index: number, args: Arguments): unknown {
  const argument = args.positional[index];
  if (index < args.positional.length && argument !== absent) return argument;
  if (args.named.size > 0 && args.named.has(parameter.name)) return args.named.get(parameter.name);
  return parameter.fallback === undefined ? absent : parameter.fallback.value;
}

/** True when `special` fits more closely than `general` in at least one argument and less closely in none. */
function isSpecialization(special: Candidate, general: Candidate): boolean {
  let closer = false;
  for (const [index, type] of special.types.entries()) {
    const other = general.types[index];
    if (other === undefined) break;
    if (isMoreSpecial(other, type)) return false;
    closer ||= isMoreSpecial(type, other);
  }
  return closer;
}

function call(definition: FunctionDefinition, invocation: Invocation, args: Arguments): unknown {
  const scope = invocation.scope.child();
  const values: unknown[] = [];
  let index = 0;
  for (const parameter of definition.positional) {
    values.push(parameter.type.convert(argumentOf(parameter, index, args), scope));
    index += 1;
  }
  const { rest } = definition;
  if (rest !== undefined) {
    values.push(args.positional.slice(index).map((each) => rest.convert(each, scope)));
  }
  const named = args.named.size === 0 ? noNames : unusedNames(definition, args);
  return definition.body({ scope, receiver: invocation.receiver, named }, values);
}

const noNames: ReadonlyMap<string, unknown> = new Map();

/** Named arguments beyond the declared ones. */
function unusedNames(
  { positional }: FunctionDefinition,
  args: Arguments,
): ReadonlyMap<string, unknown> {
  const unused = new Map<string, unknown>();
  for (const [name, value] of args.named) {
    if (positional.some((parameter) => parameter.name === name)) continue;
    unused.set(name, value instanceof Code ? value.value : value);
  }
  return unused;
}
