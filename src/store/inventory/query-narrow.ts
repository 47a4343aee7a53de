/** What is asked of the entries that a reference leads to, asked of them first: where they are few, the rest is a matter of their ids, and the
 * planner knows how many there are. Left to itself it expects one, and looks at each rack again for each machine in it. */
import { isOfTypes, type Predicate } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { queryIds } from "./query.ts";

/** More are not named one by one. */
const mostTargets = 1_000;

/** The same condition, with the targets of references by id where they are few and quickly found. */
export async function narrowed(db: Db, predicate: Predicate): Promise<Predicate> {
  switch (predicate.kind) {
    case "all":
    case "any":
      return { ...predicate, of: await Promise.all(predicate.of.map((one) => narrowed(db, one))) };
    case "not":
      return { ...predicate, of: await narrowed(db, predicate.of) };
    case "step": {
      const { direction, attribute, rest } = predicate;
      if (direction === "in" || !isSought(rest)) return predicate;
      const ids = await queryIds(db, rest, mostTargets + 1);
      return ids.length > mostTargets ? predicate : { kind: "edge", attribute, ids };
    }
    default:
      return predicate;
  }
}

/** Whether indexes find what fulfils it. */
function isSought(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case "all":
      return predicate.of.every((one) => isOfTypes(one) || isSought(one)) && !isOfTypes(predicate);
    case "step":
      return predicate.direction === "out" && isSought(predicate.rest);
    case "compare":
    case "network":
      return predicate.indexed;
    case "name":
      return !predicate.like;
    default:
      return predicate.kind === "ids" || predicate.kind === "edge" || predicate.kind === "contains";
  }
}
