/** Pools of workers: an execution belongs to one, a worker serves those whose labels it was started with. */
import { isWorkflow } from "./execution.ts";
import type { JsonObject } from "./json.ts";

/** Whose executions nobody sent elsewhere; served by workers that were started without labels. */
export const defaultPool = "default";

/** A word or `name=value`, e.g. `dc1` or `zone=dc1`. */
export const poolPattern = /^[A-Za-z0-9][\w.=/-]{0,62}$/;
export const poolExpected = "a word or name=value, e.g. dc1 or zone=dc1";

export function isPool(text: unknown): text is string {
  return typeof text === "string" && poolPattern.test(text);
}

/** Which workers may carry it out. A workflow decides only, which can be done anywhere: its tasks are in its pool. */
export function poolOf({
  runner,
  context,
}: {
  readonly runner: string;
  readonly context: JsonObject | null | undefined;
}): string {
  const pool = context?.["pool"];
  return isPool(pool) && !isWorkflow(runner) ? pool : defaultPool;
}

/** Actions that a site sends to a pool: a ref in which `*` stands for any text. */
export interface PoolRule {
  readonly actions: string;
  readonly pool: string;
}

/** The pool of an action by the first rule that fits. */
export function poolFinder(rules: readonly PoolRule[]): (action: string) => string | undefined {
  if (rules.length === 0) return () => undefined;
  const patterns = rules.map(({ actions, pool }) => {
    const text = actions.split("*").map((part) => part.replaceAll(".", String.raw`\.`));
    return { pattern: new RegExp(`^${text.join(".*")}$`), pool };
  });
  return (action) => patterns.find(({ pattern }) => pattern.test(action))?.pool;
}
