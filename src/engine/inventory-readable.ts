/** Whether somebody may read the text of a query that somebody else wrote: it names types, attributes, entries and values. */
import { isFact } from "../inventory/access.ts";
import { InventoryError } from "../inventory/problem.ts";
import { compileCondition, type Access } from "../inventory/query.ts";
import { readCondition, type Condition } from "../inventory/query-condition.ts";
import { requestKey, type ReferenceRequest } from "../inventory/references.ts";
import type { FilterQuery } from "../inventory/saved-filter.ts";
import type { Inventory } from "./inventory.ts";
import { resolveReferences } from "./inventory-resolve.ts";
import { contextOf, searchedTypes } from "./inventory-search.ts";

/** `values`: true where a value is told also if there are entries on which the attribute may not be read. */
export async function mayReadQuery(
  { ground }: Pick<Inventory, "ground">,
  { types, where }: FilterQuery,
  { values }: { readonly values: boolean },
): Promise<boolean> {
  const { db, eyes } = ground;
  if (eyes.unlimited) return true;
  const requests: ReferenceRequest[] = [];
  const watched = watching(eyes.access);
  try {
    const here = searchedTypes(
      eyes.known,
      values ? types?.filter((name) => eyes.known.byName.has(name)) : types,
    );
    const context = { ...contextOf(ground), access: watched.access };
    for (const test of testsIn(readCondition(where)))
      compileCondition(test, here, {
        ...context,
        named: nothing,
        resolve: (request) => void requests.push(request),
      });
  } catch (error) {
    if (error instanceof InventoryError) return false;
    throw error;
  }
  if (!values && watched.limited()) return false;
  const answers = await resolveReferences(db, requests, { eyes, hold: false });
  return requests.every((request) => {
    const answer = answers.get(requestKey(request));
    return answer !== undefined && "id" in answer;
  });
}

/** What is named is told of by itself. */
function nothing(): { readonly name: string; readonly parts: readonly [] } {
  return { name: "", parts: [] };
}

/** Notices whether anything that is asked may be read on some entries only. */
function watching(access: Access): { readonly access: Access; limited(): boolean } {
  let limited = false;
  const noticed = <Value>(value: Value | undefined): Value | undefined => {
    limited ||= value !== undefined;
    return value;
  };
  return {
    limited: () => limited,
    access: {
      rows: (type, past) => noticed(access.rows(type, past)),
      guard: (type, attribute, past) => noticed(access.guard(type, attribute, past)),
    },
  };
}

/** The tests of a condition; where the value is a fact about the caller, only the path is asked about. */
function testsIn(condition: Condition): readonly Condition[] {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.flatMap(testsIn);
    case "not":
      return testsIn(condition.of);
    case "text":
    case "named":
      return [condition];
    case "test": {
      const given: readonly unknown[] = Array.isArray(condition.value)
        ? condition.value
        : [condition.value];
      const plain = given.filter((one) => !isFact(one));
      if (plain.length === given.length) return [condition];
      const path: Condition = { ...condition, op: "exists", value: true };
      return plain.length === 0 ? [path] : [path, { ...condition, op: "in", value: plain }];
    }
  }
}
