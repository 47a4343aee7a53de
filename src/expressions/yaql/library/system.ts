/** Variables, functions made by `def`, and the dots. */
import { absent } from "../code.ts";
import { Fault, typeError, valueError } from "../faults.ts";
import { callNamed, layersOf } from "../names.ts";
import { invoke } from "../dispatch.ts";
import { func, method, optional, required, rest, type FunctionDefinition } from "../signature.ts";
import type { Lambda } from "../code.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import { entriesOf, isIterator, itemsOf, type Mapping, YaqlMemory } from "../values.ts";
import { walk } from "../walk.ts";
import { typeName } from "./type-name.ts";

const receiver = required("receiver", type.anything);

/** The name under which `def` registers: `my_name` becomes `myName`, as all names of YAQL's library did. */
function registered(name: string): string {
  const stripped = name.replace(/_+$/, "");
  if (!/^\p{L}/u.test(stripped)) return stripped;
  return stripped.replaceAll(/(?<!^)_([\p{L}\p{N}_])/gu, (_, letter: string) =>
    letter.toUpperCase(),
  );
}

function userFunction(name: string, body: Lambda): FunctionDefinition {
  return func(
    registered(name),
    [rest("args", type.anything)],
    ({ named }, args) => body.apply(args, named),
    {
      anyNamed: true,
    },
  );
}

function keywordArguments(kwargs: Mapping): ReadonlyMap<string, unknown> {
  const named = new Map<string, unknown>();
  for (const [name, value] of entriesOf(kwargs)) {
    if (typeof name !== "string") {
      throw typeError(`expected string or bytes-like object, got '${typeName(name)}'`);
    }
    if (!/^(?!__)(?!\p{Nd})[\p{L}\p{N}_]/u.test(name)) {
      throw new Fault("RuntimeError", "dictionary changed size during iteration");
    }
    named.set(name, value);
  }
  return named;
}

export const systemFunctions = [
  func("#get_context_data", [required("name", type.text)], ({ scope }, name) => scope.get(name)),
  func("#operator_.", [receiver, required("expr", type.calling)], ({ scope }, object, expr) =>
    expr.evaluate(scope, object),
  ),
  func("#operator_?.", [receiver, required("expr", type.code)], ({ scope }, object, expr) =>
    object === null ? null : callNamed(scope, "#operator_.", [object, expr]),
  ),
  method(
    "unpack",
    [required("sequence", type.iterable), rest("args", type.text)],
    ({ scope }, items, names) => {
      const values: unknown[] = [];
      for (const item of walk(items, scope.run)) {
        if (names.length > 0 && values.length > names.length) break;
        values.push(item);
      }
      // The original has taken the first from a generator when it starts to number them.
      if (names.length === 0 && isIterator(items)) values.shift();
      if (names.length > 0 && values.length !== names.length) {
        throw valueError(`Cannot unpack ${values.length} elements into ${names.length}`);
      }
      for (const [index, value] of values.entries())
        scope.set(names[index] ?? String(index + 1), value);
      return scope;
    },
  ),
  func("with", [rest("args", type.anything)], ({ scope }, args) => {
    for (const [index, value] of args.entries()) scope.set(String(index + 1), value);
    return scope;
  }),
  func(
    "let",
    [rest("args", type.anything)],
    ({ scope, named }, args) => {
      for (const [index, value] of args.entries()) scope.set(String(index + 1), value);
      for (const [name, value] of named) scope.set(name, value);
      return scope;
    },
    { anyNamed: true },
  ),
  func(
    "def",
    [required("name", type.text), required("func", type.lambda)],
    ({ scope }, name, body) => {
      scope.define(userFunction(name, body));
      return scope;
    },
  ),
  func(
    "#operator_->",
    [required("left", type.context), required("right", type.lambda)],
    (_, left, right) => right.within(left),
  ),
  method(
    "assert",
    [
      required("obj", type.anything),
      required("condition", type.lambda),
      optional("message", type.text, "Assertion failed"),
    ],
    ({ scope }, value, condition, message) => {
      const object = isIterator(value) ? new YaqlMemory(walk(value, scope.run)) : value;
      if (!isTrue(condition.call(object))) throw new Fault("AssertionError", message);
      return object;
    },
  ),
  func(
    "call",
    [
      required("name", type.text),
      required("args", type.sequence),
      required("kwargs", type.mapping),
      optional("receiver", type.omissible(type.anything), absent),
    ],
    ({ scope }, name, args, ...[kwargs, object]) =>
      invoke(
        { name, scope, receiver: object, args: itemsOf(args), named: keywordArguments(kwargs) },
        layersOf(scope, name),
      ),
  ),
];

/** Asked when nothing else knows `object.name`. */
export const propertyAccess = func(
  "#operator_.",
  [required("obj", type.anything), required("name", type.keyword)],
  ({ scope }, object, name) => callNamed(scope, `#property#${name}`, [object]),
);
