/** What a task sees of the workflow's variables: a chain of published deltas, joined where branches meet. A task holds one node
 * of it, so passing a context on costs nothing, and only a task that evaluates an expression pays for its variables. */
import type { JsonObject } from "../model/json.ts";

/** One published context (or the initial one) and what lay under it. `tail` stands for a join: everything of `parent`, then
 * everything of `tail` again except the initial context. */
export interface ContextNode {
  readonly parent: ContextNode | undefined;
  readonly tail: ContextNode | undefined;
  /** Place in the list of contexts; -1 in a join. */
  readonly context: number;
  readonly delta: JsonObject;
  /** What everything lies on. */
  readonly initial: JsonObject;
  /** The merged variables, once somebody asked. */
  cache: Merged | undefined;
  /** The same without the initial context, kept where branches met. */
  published: Merged | undefined;
}

/** Variables that were merged. A large one is handed on to the next node and grows in place, so that a long chain of published
 * names costs nothing per step; then it is asked for again only by a fork, which merges it anew. */
interface Merged {
  readonly variables: Record<string, unknown>;
  names: number;
  /** Somebody may hold these variables: never change them. */
  shared: boolean;
  /** A dict took the place of something else: merging is then no longer the same in another grouping. */
  tangled: boolean;
}

/** Up to so many names are simply copied. */
const copied = 64;

export function rootNode(initial: JsonObject): ContextNode {
  const names = Object.keys(initial).length;
  const cache = { variables: initial, names, shared: true, tangled: false };
  const published = { variables: {}, names: 0, shared: true, tangled: false };
  return {
    parent: undefined,
    tail: undefined,
    context: 0,
    delta: initial,
    initial,
    cache,
    published,
  };
}

export function extendNode(parent: ContextNode, context: number, delta: JsonObject): ContextNode {
  const facts = { parent, tail: undefined, context, delta, initial: parent.initial };
  return { ...facts, cache: undefined, published: undefined };
}

export function joinNodes(left: ContextNode, right: ContextNode): ContextNode {
  if (right.parent === undefined) return left;
  if (left.parent === undefined) return right;
  const facts = { parent: left, tail: right, context: -1, delta: {}, initial: left.initial };
  return { ...facts, cache: undefined, published: undefined };
}

/** The numbers of the contexts in the order in which they are merged, as Orquesta lists them (`ctxs.in`). */
export function contextNumbers(node: ContextNode): number[] {
  const numbers: number[] = [];
  const collect = (end: ContextNode, withInitial: boolean) => {
    const extended: number[] = [];
    let at: ContextNode | undefined = end;
    while (at !== undefined && at.tail === undefined) {
      if (withInitial || at.parent !== undefined) extended.push(at.context);
      at = at.parent;
    }
    if (at?.parent !== undefined && at.tail !== undefined) {
      collect(at.parent, withInitial);
      collect(at.tail, false);
    }
    numbers.push(...extended.toReversed());
  };
  collect(node, true);
  return numbers;
}

/** All variables that the node sees; nobody but this module may change them. */
export function variablesOf(node: ContextNode): JsonObject {
  node.cache ??= mergeChain(node, "cache");
  return node.cache.variables;
}

/** The value was made of the node's variables: are they part of it? Then they stay as they are. */
export function keepShared(node: ContextNode, value: unknown): void {
  const { cache } = node;
  if (cache === undefined || cache.shared || cache.names <= copied) return;
  if (mayHold(value, cache.variables)) cache.shared = true;
}

/** Looks through a small value; a large one may hold anything. */
function mayHold(value: unknown, wanted: object): boolean {
  const waiting: unknown[] = [value];
  for (let seen = 0; waiting.length > 0; seen += 1) {
    const next = waiting.pop();
    if (next === wanted || seen > 200) return true;
    if (typeof next === "object" && next !== null) waiting.push(...Object.values(next));
  }
  return false;
}

function mergeChain(node: ContextNode, kind: "cache" | "published"): Merged {
  const above: ContextNode[] = [];
  let base: ContextNode = node;
  while (base[kind] === undefined && base.tail === undefined && base.parent !== undefined) {
    above.push(base);
    base = base.parent;
  }
  const merged = takeOver(base, base[kind] ?? mergeJoin(base, kind), kind);
  for (const { delta } of above.toReversed()) grow(merged, delta);
  return merged;
}

/** A copy to change, or the thing itself where it is large and nobody else's. */
function takeOver(base: ContextNode, from: Merged, kind: "cache" | "published"): Merged {
  if (kind === "published" || from.shared || from.names <= copied) {
    return { ...from, variables: { ...from.variables }, shared: false };
  }
  base.cache = undefined;
  return from;
}

function grow(merged: Merged, delta: JsonObject): void {
  for (const [name, value] of Object.entries(delta)) {
    const { variables } = merged;
    const known = Object.hasOwn(variables, name);
    const old = known ? variables[name] : undefined;
    if (!known) merged.names += 1;
    if (!isDict(value)) setVariable(variables, name, value);
    else if (isDict(old)) setVariable(variables, name, mergeInto({ ...old }, value));
    else setVariable(variables, name, value);
    // Nested dicts may replace other values too: anything but a first dict may tangle.
    if (known && isDict(value)) merged.tangled = true;
  }
}

/** The branches of a join, and of the joins under it, innermost first: no recursion, chains of joins are long. */
function mergeJoin(node: ContextNode, kind: "cache" | "published"): Merged {
  const waiting: ContextNode[] = [node];
  for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
    const sides = [top.parent, top.tail].map((side) => openJoin(side));
    const missing = sides.find((side) => side !== undefined);
    if (missing !== undefined) {
      waiting.push(missing);
      continue;
    }
    waiting.pop();
    top.published ??= mergeSides(top);
  }
  const published = node.published ?? mergeSides(node);
  const { initial } = node;
  if (kind === "published") return published;
  if (published.tangled) return mergeInOrder(node);
  const names = Object.keys(initial).length;
  const merged = { variables: { ...initial }, names, shared: false, tangled: false };
  grow(merged, published.variables);
  return merged;
}

/** The nearest join below that is not merged yet. */
function openJoin(side: ContextNode | undefined): ContextNode | undefined {
  let at = side;
  while (at !== undefined && at.published === undefined && at.tail === undefined) at = at.parent;
  return at?.tail === undefined || at.published !== undefined ? undefined : at;
}

function mergeSides(node: ContextNode): Merged {
  const [left, right] = [publishedOf(node.parent), publishedOf(node.tail)];
  const merged = { ...left, variables: { ...left.variables }, shared: false };
  grow(merged, right.variables);
  merged.tangled ||= right.tangled;
  return merged;
}

function publishedOf(node: ContextNode | undefined): Merged {
  if (node === undefined) return { variables: {}, names: 0, shared: false, tangled: false };
  // What lies under a branch is often under others too: it is kept there, where the branches began.
  if (node.parent !== undefined) node.parent.published ??= mergeChain(node.parent, "published");
  return node.published ?? mergeChain(node, "published");
}

/** One context after the other. A later occurrence of a context wins over an earlier one, so each counts where it stands last. */
function mergeInOrder(node: ContextNode): Merged {
  const seen = new Set<ContextNode>();
  const order: ContextNode[] = [];
  const stack: ContextNode[] = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (at.parent === undefined) continue;
    stack.push(at.parent);
    if (at.tail === undefined) order.push(at);
    else stack.push(at.tail);
  }
  const merged = { variables: { ...node.initial }, names: 0, shared: false, tangled: false };
  for (const { delta } of order.toReversed()) grow(merged, delta);
  merged.names = Object.keys(merged.variables).length;
  return merged;
}

/** Changes `target`: dicts are merged into dicts, anything else is replaced. Values are shared, never changed. */
export function mergeInto(
  target: Record<string, unknown>,
  delta: JsonObject,
): Record<string, unknown> {
  for (const [name, value] of Object.entries(delta)) {
    const old = Object.hasOwn(target, name) ? target[name] : undefined;
    const merged = isDict(old) && isDict(value) ? mergeInto({ ...old }, value) : value;
    setVariable(target, name, merged);
  }
  return target;
}

/** Assigns without reaching a prototype: variables may have any name. */
export function setVariable(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") target[name] = value;
  else
    Object.defineProperty(target, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/** A dict of Python: a plain object, not one of the classes that stand for Python's other values. */
export function isDict(value: unknown): value is JsonObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
