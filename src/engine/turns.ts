/** Fair sharing: what waits is claimed by turns of its rules, not in the order of arrival, so that ten thousand executions of one rule do not hold up
 * the one of another.
 *
 * 1. A ring says that something waits, not what is to run next. As many ring as wait, so each may claim another than the one it names.
 * 2. Nothing is asked while nothing waits for long: an execution that is claimed late tells that there is a backlog.
 * 3. Processes know nothing of each other's turns: whoever comes second takes the next one. What is passed over is rung for again by the sweep. */
import { claimExecution, claimFirst, type StoredExecution } from "../store/executions.ts";
import { inTurn } from "../store/turns.ts";
import type { Core } from "./core.ts";

/** Claimed so much later than it could have been: others wait as well. */
const lateMs = 1_000;
/** For how long after that. */
const busyMs = 5_000;
/** The order is asked for again after that, and no more often than one part in twenty of the time it takes. */
const freshMs = 1_000;
const costs = 20;
const mostAhead = 1_000;
const atOnce = 16;

interface Turns {
  busyUntil: number;
  freshUntil: number;
  order: readonly string[];
  asking: Promise<void> | undefined;
}

const all = new WeakMap<Core, Turns>();

function turnsOf(core: Core): Turns {
  const known = all.get(core);
  if (known !== undefined) return known;
  const turns: Turns = { busyUntil: 0, freshUntil: 0, order: [], asking: undefined };
  all.set(core, turns);
  return turns;
}

/** Claims the execution whose turn it is, or this one; undefined when there is nothing to claim. Rejects when the database is away. */
export async function claimInTurn(core: Core, id: string): Promise<StoredExecution | undefined> {
  const turns = turnsOf(core);
  const claim =
    (performance.now() < turns.busyUntil ? await claimNext(core, turns) : undefined) ??
    (await claimExecution(core.database.db, id, core));
  if (claim !== undefined && waitedMs(claim) > lateMs) turns.busyUntil = performance.now() + busyMs;
  return claim;
}

/** By the database's clock. */
function waitedMs({ attempt, created_at, run_at, started_at }: StoredExecution): number {
  if (attempt !== 1 || started_at === null) return 0;
  return started_at.getTime() - Math.max(created_at.getTime(), run_at?.getTime() ?? 0);
}

async function claimNext(core: Core, turns: Turns): Promise<StoredExecution | undefined> {
  if (turns.order.length === 0 || performance.now() > turns.freshUntil) {
    turns.asking ??= ask(core, turns).finally(() => (turns.asking = undefined));
    await turns.asking;
  }
  while (turns.order.length > 0) {
    const first = turns.order.slice(0, atOnce);
    const claim = await claimFirst(core.database.db, first, core);
    // Whoever stands before it is taken by others.
    const past = new Set(claim === undefined ? first : first.slice(0, first.indexOf(claim.id) + 1));
    turns.order = turns.order.filter((each) => !past.has(each));
    if (claim !== undefined) return claim;
  }
  return undefined;
}

async function ask({ database, pools }: Core, turns: Turns): Promise<void> {
  const since = performance.now();
  turns.order = await inTurn(database.db, { most: mostAhead, pools });
  const now = performance.now();
  turns.freshUntil = now + Math.max(freshMs, (now - since) * costs);
  if (turns.order.length === 0) turns.busyUntil = 0;
}
