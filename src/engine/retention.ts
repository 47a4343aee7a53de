/** Garbage collection: what is older than it has to be kept is forgotten, by one process at a time, in batches of their own transactions. */
import { pruneFeed } from "../store/inventory/feed.ts";
import {
  type Batch,
  feedBefore,
  holdRetention,
  idBefore,
  removeExecutions,
  removeExpired,
  removeOld,
  removeOutput,
} from "../store/retention.ts";
import type { Db } from "../store/schema.ts";
import { forgetSpans } from "../store/execution-counts.ts";
import type { Core } from "./core.ts";
import { feedCursorName } from "./inventory-feed.ts";

/** Days that things are kept after their end; 0 = forever. */
export interface Retention {
  readonly executions: number;
  readonly output: number;
  readonly events: number;
  readonly feed: number;
}

/** What one round removed. */
export interface Collected {
  readonly executions: number;
  readonly output: number;
  readonly instances: number;
  readonly enforcements: number;
  readonly feed: number;
}

/** One round. Does little when another process is at it. Rejects when the database is away; the next round goes on. */
export async function collectGarbage(
  core: Pick<Core, "database">,
  { executions, output, events, feed }: Retention,
): Promise<Collected> {
  const { db } = core.database;
  await alone(core, (tx) => removeExpired(tx));
  if (executions > 0) await alone(core, (tx) => forgetSpans(tx));
  return {
    executions:
      executions === 0
        ? 0
        : await byId(core, await idBefore(db, executions), (tx, range) =>
            removeExecutions(tx, { ...range, days: executions }),
          ),
    output: output === 0 ? 0 : await byId(core, await idBefore(db, output), removeOutput),
    instances: events === 0 ? 0 : await old(core, "trigger_instance", await idBefore(db, events)),
    enforcements: events === 0 ? 0 : await old(core, "enforcement", await idBefore(db, events)),
    feed: feed === 0 ? 0 : await feedEvents(core, feed),
  };
}

/** Undefined when another process collects now. */
function alone<Result>(
  { database }: Pick<Core, "database">,
  work: (tx: Db) => Promise<Result>,
): Promise<Result | undefined> {
  return database.transaction(async (tx) => ((await holdRetention(tx)) ? work(tx) : undefined));
}

async function byId(
  core: Pick<Core, "database">,
  before: string,
  remove: (tx: Db, range: { from: string; before: string }) => Promise<Batch>,
): Promise<number> {
  const next = (from: string): Promise<Batch | undefined> =>
    alone(core, (tx) => remove(tx, { from, before }));
  let removed = 0;
  let batch = await next("");
  while (batch !== undefined) {
    removed += batch.removed;
    batch = batch.next === undefined ? undefined : await next(batch.next);
  }
  return removed;
}

async function old(
  core: Pick<Core, "database">,
  table: "trigger_instance" | "enforcement",
  before: string,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const some = (await alone(core, (tx) => removeOld(tx, table, before))) ?? 0;
    if (some === 0) return removed;
    removed += some;
  }
}

async function feedEvents(core: Pick<Core, "database">, days: number): Promise<number> {
  const removed = await alone(core, async (tx) => {
    const last = await feedBefore(tx, { cursor: feedCursorName, days });
    return last === undefined ? 0 : pruneFeed(tx, last);
  });
  return removed ?? 0;
}
