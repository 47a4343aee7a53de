/** Which pool an execution goes to, and who hears that a pool has nobody.
 *
 * 1. Said for one execution (a rule, a request) counts before what the action says, this before the site's setting, this before the pool of the workflow it is a
 *    task of.
 * 2. A pool without a live worker loses nothing: its executions wait, and everybody who looks is told. */
import type { ActionDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { defaultPool, isPool } from "../model/pools.ts";
import { type PoolState, poolStates } from "../store/pools.ts";
import type { Core } from "./core.ts";

/** The context with its pool; the same one when it is the default pool's. */
export function placed(
  { poolFor }: Pick<Core, "poolFor">,
  { ref, pool: own }: Pick<ActionDefinition, "ref" | "pool">,
  { pool: said, context }: { readonly pool?: string | undefined; readonly context: JsonObject },
): JsonObject {
  const inherited = context["pool"];
  const pool = said ?? own ?? poolFor(ref) ?? inherited;
  if (pool === inherited) return context;
  if (isPool(pool) && pool !== defaultPool) return { ...context, pool };
  const { pool: _pool, ...rest } = context;
  return rest;
}

const told = new WeakMap<Core, ReadonlySet<string>>();

/** Logs which pools executions wait for without anybody to run them, when that has changed. Rejects when the database is away. */
export async function lookAtPools(core: Core): Promise<void> {
  const before = told.get(core) ?? new Set();
  const states = await poolStates(core.database.db);
  const deserted = states.filter(({ waiting, workers }) => waiting > 0 && workers.length === 0);
  told.set(core, new Set(deserted.map(({ pool }) => pool)));
  for (const { pool, waiting, since } of deserted)
    if (!before.has(pool)) core.log("warn", desertedSentence(pool), { waiting, since });
  const served = new Set(deserted.map(({ pool }) => pool));
  for (const pool of before)
    if (!served.has(pool))
      core.log("info", `pool ${pool} is served again, or nothing waits for it`);
}

function desertedSentence(pool: string): string {
  const how = pool === defaultPool ? "without a label" : `with --label ${pool}`;
  return `executions wait for pool ${pool}, and no live worker serves it: start a worker ${how}`;
}

/** A pool as clients see it. */
export function poolView({ pool, waiting, since, workers }: PoolState): JsonObject {
  const deserted = waiting > 0 && workers.length === 0;
  return {
    pool,
    waiting,
    since: since?.toISOString() ?? null,
    workers,
    status: deserted ? "no worker" : workers.length > 0 ? "served" : "idle",
    ...(deserted ? { problem: desertedSentence(pool) } : {}),
  };
}
