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
  /** The merged variables, once somebody asked. Never changed after it was made. */
  cache: JsonObject | undefined;
}

export function rootNode(initial: JsonObject): ContextNode {
  return { parent: undefined, tail: undefined, context: 0, delta: initial, cache: initial };
}

export function extendNode(parent: ContextNode, context: number, delta: JsonObject): ContextNode {
  return { parent, tail: undefined, context, delta, cache: undefined };
}

export function joinNodes(left: ContextNode, right: ContextNode): ContextNode {
  if (right.parent === undefined) return left;
  if (left.parent === undefined) return right;
  return { parent: left, tail: right, context: -1, delta: {}, cache: undefined };
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

/** All variables that the node sees. The same object every time; nobody may change it. */
export function variablesOf(node: ContextNode): JsonObject {
  if (node.cache !== undefined) return node.cache;
  const above: ContextNode[] = [];
  let base: ContextNode = node;
  while (base.cache === undefined && base.tail === undefined && base.parent !== undefined) {
    above.push(base);
    base = base.parent;
  }
  let merged: Record<string, unknown> = { ...(base.cache ?? mergeJoin(base)) };
  for (const { delta } of above.toReversed()) merged = mergeInto(merged, delta);
  node.cache = merged;
  return merged;
}

/** A later occurrence of a context wins over an earlier one, so each needs merging only where it stands last. */
function mergeJoin(node: ContextNode): JsonObject {
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
  let root = node;
  while (root.parent !== undefined) root = root.parent;
  let merged: Record<string, unknown> = { ...root.delta };
  for (const { delta } of order.toReversed()) merged = mergeInto(merged, delta);
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
