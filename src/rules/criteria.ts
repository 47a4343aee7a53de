/** Criteria of rules: where the value stands in the event, the operator, the pattern. */
import type { Ask } from "../expressions/context.ts";
import { compileJsonPath } from "../expressions/jsonpath.ts";
import { isObject } from "../model/json.ts";
import type { Criterion } from "../model/definitions.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { attempt, CriterionFailure, guarded } from "./failure.ts";
import { isOperatorName, operators, type Operator } from "./operators.ts";

/** What criteria are evaluated against. */
export interface CriteriaScope {
  /** `{trigger: payload}` for a rule, `{item}` inside a search. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly ask: Ask;
}

/** One criterion, ready to be evaluated. */
export interface CompiledCriterion {
  readonly key: string;
  readonly type: string;
  /** Names from `trigger` on when the key is a plain path, for the index. */
  readonly path: readonly string[] | undefined;
  readonly pattern: Pattern | undefined;
  /** True when it holds. Throws CriterionFailure or Unanswered. */
  test(scope: CriteriaScope): boolean;
  /** The value that the event holds there, for explanations; null when there is none. */
  value(scope: CriteriaScope): unknown;
}

const plainKey = /^[A-Za-z_@][\w@-]*(?:\.[A-Za-z_@][\w@-]*)*$/;
// Words that mean something else in a JSONPath.
const reserved = new Set(["where", "parent"]);

/** Compiles one criterion. Never throws: what is wrong with it becomes a failure whenever it is evaluated. */
export function compileCriterion(
  key: string,
  criterion: Criterion,
  rule: string,
): CompiledCriterion {
  const source = key.replace(/#[^]*$/, "");
  const names = plainKey.test(source) ? source.split(".") : undefined;
  const path = names?.some((name) => reserved.has(name)) === true ? undefined : names;
  const lookup = guard(
    () => compileLookup(source, path),
    (reason) => `Failed transforming criteria key ${key}: ${reason}`,
  );
  const type = criterion.type.toLowerCase();
  if (type === "search") return compileSearch({ key, path, lookup, criterion, rule });
  const pattern = attempt(() => compilePattern(criterion.pattern));
  const render = rendering(pattern, key, criterion.pattern);
  const operator: Operator | undefined = isOperatorName(type) ? operators[type] : undefined;
  return {
    key,
    type,
    path,
    pattern: pattern instanceof CriterionFailure ? undefined : pattern,
    value: (scope) => lookup(scope.document),
    test(scope) {
      const wanted = render(scope);
      const value = lookup(scope.document);
      if (operator === undefined) throw new CriterionFailure(`Invalid operator: ${type}`);
      return guarded(() => operator(value, wanted, scope.ask), problem(rule));
    },
  };
}

type Lookup = (document: Readonly<Record<string, unknown>>) => unknown;

/** The first match of the path; null when there is none. */
function compileLookup(source: string, path: readonly string[] | undefined): Lookup {
  if (path !== undefined) return (document) => valueAt(document, path) ?? null;
  const find = compileJsonPath(source);
  return (document) => find(document)[0] ?? null;
}

/** The value under plain names; undefined where there is none. Lists have no names. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function problem(rule: string): (reason: string) => string {
  return (reason) => `There might be a problem with the criteria in rule ${rule}: ${reason}`;
}

/** Renders the pattern; its syntax error is a failure of every evaluation. */
function rendering(
  pattern: Pattern | CriterionFailure,
  key: string,
  written: unknown,
): (scope: CriteriaScope) => unknown {
  const say = (reason: string): string =>
    `Failed to render pattern value "${String(written)}" for key "${key}": ${reason}`;
  if (pattern instanceof CriterionFailure) {
    return () => {
      throw new CriterionFailure(say(pattern.message));
    };
  }
  if (pattern.literal) return () => pattern.value;
  return ({ document, ask }) => guarded(() => pattern.evaluate({ variables: document, ask }), say);
}

/** Compiles now, fails later. */
function guard(compile: () => Lookup, say: (reason: string) => string): Lookup {
  const lookup = attempt(compile);
  if (lookup instanceof CriterionFailure) {
    return () => {
      throw new CriterionFailure(say(lookup.message));
    };
  }
  return (document) => guarded(() => lookup(document), say);
}

interface SearchParts {
  readonly key: string;
  readonly path: readonly string[] | undefined;
  readonly lookup: Lookup;
  readonly criterion: Criterion;
  readonly rule: string;
}

/** Quantifiers of a search: over the items of the list, over the criteria of one item. */
const conditions: Readonly<
  Record<string, readonly [items: "some" | "every", each: "some" | "every"]>
> = {
  any: ["some", "every"],
  all: ["every", "every"],
  any2any: ["some", "some"],
  all2any: ["every", "some"],
};

function compileSearch({ key, path, lookup, criterion, rule }: SearchParts): CompiledCriterion {
  const { condition } = criterion;
  const known = condition !== undefined && Object.hasOwn(conditions, condition);
  const [items, each] = (known ? conditions[condition] : undefined) ?? [];
  const children = childCriteria(criterion.pattern, rule);
  const fail = (reason: string): CriterionFailure => new CriterionFailure(problem(rule)(reason));
  return {
    key,
    type: "search",
    path,
    pattern: undefined,
    value: (scope) => lookup(scope.document),
    test(scope) {
      const value = lookup(scope.document);
      if (items === undefined || each === undefined) {
        const name = condition ?? "None";
        throw fail(
          `The '${name}' condition is not recognized for type search, 'any', 'all', 'any2any' and 'all2any' are allowed`,
        );
      }
      if (children instanceof Error) throw fail(children.message);
      const verdicts = itemsOf(value, fail).map((item) => {
        const inner: CriteriaScope = { document: { item }, ask: scope.ask };
        return children[each]((child) => holds(child, inner));
      });
      return verdicts[items](Boolean);
    },
  };
}

/** A criterion of an item that cannot be evaluated does not hold. */
function holds(child: CompiledCriterion, scope: CriteriaScope): boolean {
  try {
    return child.test(scope);
  } catch (error) {
    if (error instanceof CriterionFailure) return false;
    throw error;
  }
}

function itemsOf(value: unknown, fail: (reason: string) => Error): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (isObject(value)) return [value];
  throw fail(`'${value === null ? "NoneType" : typeof value}' object is not iterable`);
}

function childCriteria(pattern: unknown, rule: string): readonly CompiledCriterion[] | Error {
  if (!isObject(pattern)) return new Error("The pattern of a search must be a dict of criteria");
  const children: CompiledCriterion[] = [];
  for (const [key, child] of Object.entries(pattern)) {
    if (!isObject(child) || typeof child["type"] !== "string") {
      return new Error(`The criterion ${key} of a search needs a type`);
    }
    const { type, condition } = child;
    const criterion: Criterion = {
      type,
      pattern: child["pattern"],
      ...(typeof condition === "string" ? { condition } : {}),
    };
    children.push(compileCriterion(key, criterion, rule));
  }
  return children;
}
