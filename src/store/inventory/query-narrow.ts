/** What is asked of the entries that a reference leads to, asked of them first: where they are few, the rest is a matter of their ids, and the
 * planner knows how many there are. Left to itself it expects one, and looks at each rack again for each machine in it. */
import type { Predicate } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { isAlways } from "./predicate-sql.ts";
import { queryIds } from "./query.ts";

/** More are not named one by one. */
const mostTargets = 1_000;

/** The same condition, with the targets of references by id where they are few and quickly found. */
export async function narrowed(db: Db, predicate: Predicate): Promise<Predicate> {
  if (predicate.kind === "all" || predicate.kind === "any")
    return { ...predicate, of: await Promise.all(predicate.of.map((one) => narrowed(db, one))) };
  if (predicate.kind === "not") return { ...predicate, of: await narrowed(db, predicate.of) };
  if (predicate.kind !== "step" || !isSought(predicate)) return predicate;
  const { attribute, rest } = predicate;
  const ids = await queryIds(db, await narrowed(db, rest), mostTargets + 1);
  return ids.length > mostTargets ? predicate : { kind: "edge", attribute, ids };
}

function isOfTypes(predicate: Predicate): boolean {
  return predicate.kind === "types" || isAlways(predicate);
}

const sought: ReadonlySet<Predicate["kind"]> = new Set(["ids", "edge", "contains"]);

/** Whether indexes find what fulfils it. */
function isSought(predicate: Predicate): boolean {
  if (predicate.kind === "all")
    return predicate.of.every((one) => isOfTypes(one) || isSought(one)) && !isOfTypes(predicate);
  if (predicate.kind === "step") return predicate.direction === "out" && isSought(predicate.rest);
  if (predicate.kind === "compare" || predicate.kind === "network") return predicate.indexed;
  if (predicate.kind === "name") return !predicate.like;
  return sought.has(predicate.kind);
}
