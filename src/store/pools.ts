import { sql } from "kysely";
import type { Db } from "./schema.ts";

export interface PoolState {
  readonly pool: string;
  /** Executions that could run now. */
  readonly waiting: number;
  /** Since when the oldest of them could. */
  readonly since: Date | null;
  /** Live processes that serve it. */
  readonly workers: readonly string[];
}

/** Every pool for which something waits or that somebody serves, and the default one. */
export async function poolStates(db: Db): Promise<readonly PoolState[]> {
  const { rows } = await sql<PoolState>`
    with waits as (
      select case when runner in ('orquesta', 'action-chain') then 'default' else coalesce(context ->> 'pool', 'default') end as pool,
        count(*) as waiting, min(coalesce(run_at, created_at)) as since
      from execution where status in ('requested', 'scheduled', 'delayed') and coalesce(run_at, created_at) <= clock_timestamp() group by 1),
    serves as (
      select pool, array_agg(id order by id) as workers from process, unnest(pools) as pool
      where beat_at > clock_timestamp() - interval '10 seconds' group by 1)
    select pool, coalesce(w.waiting, 0) as waiting, w.since, coalesce(s.workers, '{}') as workers
    from (select pool from waits union select pool from serves union select 'default') p
    left join waits w using (pool) left join serves s using (pool) order by pool`.execute(db);
  return rows;
}
