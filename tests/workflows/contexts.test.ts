import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { JsonObject } from "../../src/model/json.ts";
import {
  contextNumbers,
  extendNode,
  joinNodes,
  keepShared,
  mergeInto,
  rootNode,
  variablesOf,
  type ContextNode,
} from "../../src/workflows/contexts.ts";

const value = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.dictionary(fc.constantFrom("a", "b"), fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant({ c: 1 })), {
    maxKeys: 2,
  }),
);
const delta = fc.dictionary(fc.constantFrom("x", "y", "z"), value, { minKeys: 1, maxKeys: 3 });
const build = fc.array(
  fc.record({ join: fc.boolean(), left: fc.nat(), right: fc.nat(), delta, ask: fc.boolean() }),
  { minLength: 1, maxLength: 25 },
);

/** What Orquesta does: one context after the other. */
function inOrder(node: ContextNode, contexts: readonly JsonObject[]): JsonObject {
  const merged: Record<string, unknown> = {};
  for (const number of contextNumbers(node)) mergeInto(merged, structuredClone(contexts[number] ?? {}));
  return merged;
}

function grow(initial: JsonObject, steps: ReadonlyArray<{ join: boolean; left: number; right: number; delta: JsonObject; ask: boolean }>) {
  const contexts: JsonObject[] = [initial];
  const nodes: ContextNode[] = [rootNode(initial)];
  const pick = (at: number) => nodes[at % nodes.length] ?? nodes[0];
  for (const step of steps) {
    const [left, right] = [pick(step.left), pick(step.right)];
    if (left === undefined || right === undefined) continue;
    if (step.join) nodes.push(joinNodes(left, right));
    else {
      nodes.push(extendNode(left, contexts.length, step.delta));
      contexts.push(step.delta);
    }
    const last = nodes.at(-1);
    if (step.ask && last !== undefined) variablesOf(last);
  }
  return { contexts, nodes };
}

describe("the context of a task", () => {
  it("is what merging one context after the other gives", () => {
    fc.assert(
      fc.property(delta, build, (initial, steps) => {
        const { contexts, nodes } = grow(initial, steps);
        const before = JSON.stringify(contexts);
        for (const node of nodes) expect(variablesOf(node)).toEqual(inOrder(node, contexts));
        expect(JSON.stringify(contexts)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it("stays right where many names are handed on from node to node", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, index]));
    fc.assert(
      fc.property(build, (steps) => {
        const { contexts, nodes } = grow(many, steps);
        for (const node of [...nodes, ...nodes.toReversed()]) {
          expect(variablesOf(node)).toEqual(inOrder(node, contexts));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("does not change under those who hold it", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, index]));
    const node = extendNode(rootNode(many), 1, { x: 1 });
    const held = { all: variablesOf(node) };
    keepShared(node, held);
    variablesOf(extendNode(node, 2, { x: 2 }));
    expect(held.all).toMatchObject({ x: 1 });
  });

  it("lists a doubling chain of joins without growing with it", () => {
    let node = rootNode({ x: 0 });
    for (let index = 0; index < 2000; index += 1) {
      const left = extendNode(node, 2 * index + 1, { x: index });
      const right = extendNode(node, 2 * index + 2, { y: { [`k${index % 3}`]: index } });
      node = joinNodes(left, right);
    }
    // As in Orquesta what was published before a fork comes again with every branch: the oldest `x` wins.
    expect(variablesOf(node)).toEqual({ x: 0, y: { k0: 1998, k1: 1999, k2: 1997 } });
  });
});
