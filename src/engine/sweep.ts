/** The safety net: finds what a lost bell, job or process left behind. One process at a time sweeps.
 *
 * 1. An execution of a lost process runs again or is abandoned, as its action declares; workflows always go on.
 * 2. Ringing again is harmless: a job that still waits is not doubled, and only one claim succeeds.
 * 3. Silence counts only while the sweeping process itself could say all the time that it lives: after an outage, or while the disk was full and the
 *    ledger took no writes, everybody is silent and nobody is lost.
 * 4. Pending instances are matched again by the rules of now; the unit that records it succeeds once. */
import { passing } from "../model/crash-points.ts";
import { type FinishedStatus, isWorkflow } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { busyGates } from "../store/admission.ts";
import { foldCounts } from "../store/execution-counts.ts";
import { overrideExecution } from "../store/executions.ts";
import { forgetSilentProcesses } from "../store/processes.ts";
import {
  expiredInquiries,
  holdSweep,
  type OrphanedExecution,
  orphans,
  pendingInstances,
  returnExecution,
  returnWorkflow,
  type Unheard,
  unheard,
} from "../store/sweep.ts";
import type { Db } from "../store/schema.ts";
import { tellIn } from "./announce.ts";
import type { Core } from "./core.ts";
import { knock } from "./gates.ts";
import { matchLater } from "./ingest.ts";
import { lossPolicy } from "./run.ts";

/** A process without a beat for that long is lost. */
export const silenceSeconds = 6;
const unheardSeconds = 3;
const pendingSeconds = 5;

interface Ended {
  readonly parent: string | null;
  /** Rules and whoever is to be notified hear of it as of every end. */
  readonly told: () => void;
}

interface Swept {
  readonly rings: readonly Unheard[];
  readonly parents: readonly string[];
  readonly ended: readonly Ended[];
}

/** Since when this process has said without a gap that it lives, and when it did last; milliseconds of the monotonic clock. */
const heard = new WeakMap<Core, { readonly since: number; readonly last: number }>();
const gapMs = 4_000;

/** The ledger took the word of this process that it lives. */
export function saidAlive(core: Core): void {
  const now = performance.now();
  const before = heard.get(core);
  const since = before === undefined || now - before.last > gapMs ? now : before.since;
  heard.set(core, { since, last: now });
}

/** True when others could have said for long enough that they live: this process could. */
function canJudgeSilence(core: Core): boolean {
  const own = heard.get(core);
  if (own === undefined) return false;
  const now = performance.now();
  return now - own.last <= gapMs && now - own.since > silenceSeconds * 1_000;
}

/** Sweeps once; does nothing while another process sweeps. Rejects when the database is away. */
export async function sweep(core: Core): Promise<void> {
  const swept = await core.database.transaction(async (tx): Promise<Swept | undefined> => {
    if (!(await holdSweep(tx))) return undefined;
    passing("sweep.begun");
    const lost = canJudgeSilence(core) ? await forgetSilentProcesses(tx, silenceSeconds) : [];
    for (const process of lost)
      core.log("warn", "a process gave no sign of life; its work is taken over", { process });
    const found = await orphans(tx);
    const ended: Ended[] = [];
    if (found.length > 0) passing("sweep.take-over");
    for (const execution of found) ended.push(...(await takeOver(core, tx, execution)));
    for (const inquiry of await expiredInquiries(tx)) ended.push(await expire(core, tx, inquiry));
    const parents = ended.flatMap(({ parent }) => (parent === null ? [] : [parent]));
    await foldCounts(tx);
    return { rings: await unheard(tx, found.length > 0 ? 0 : unheardSeconds), parents, ended };
  });
  if (swept === undefined) return;
  passing("sweep.after-commit");
  knock(core, { gates: await busyGates(core.database.db) });
  for (const id of swept.parents) core.bells.ring({ kind: "advance", id });
  for (const { told } of swept.ended) told();
  await core.queue.ring(
    swept.rings.map(({ id, attempt, pool, due }) => ({
      name: "run",
      execution: id,
      attempt: attempt + 1,
      pool,
      due,
    })),
  );
  passing("sweep.after-ring");
  for (const { id, trace_tag, trace, cause, parameters, ...event } of await pendingInstances(
    core.database.db,
    pendingSeconds,
  ))
    void matchLater(core, id, {
      ...event,
      ...(isObject(parameters) ? { parameters } : {}),
      ...(trace_tag === null ? {} : { traceTag: trace_tag }),
      ...(trace === null ? {} : { trace }),
      ...(isObject(cause) ? { cause } : {}),
    });
}

/** Nobody answered in time. */
async function expire(core: Core, tx: Db, execution: OrphanedExecution): Promise<Ended> {
  const asked = isObject(execution.result) ? execution.result : {};
  const result = { ...asked, error: "Nobody answered within the time to live." };
  return endIn(core, tx, execution, { status: "timeout", result });
}

interface Outcome {
  readonly status: FinishedStatus;
  readonly result: JsonObject;
}

/** Its end, and what is to be told of it: on disk together. */
async function endIn(
  core: Core,
  tx: Db,
  execution: OrphanedExecution,
  outcome: Outcome,
): Promise<Ended> {
  const { id, parent } = execution;
  await overrideExecution(tx, id, {
    ...outcome,
    ended: true,
    raiseFence: true,
    delivered: parent === null,
  });
  const claim = { ...execution, context: execution.context ?? {} };
  return { parent, told: await tellIn(core, tx, claim, outcome) };
}

async function takeOver(
  core: Core,
  tx: Db,
  execution: OrphanedExecution,
): Promise<readonly Ended[]> {
  const { id, action, runner, status } = execution;
  if (isWorkflow(runner)) {
    await returnWorkflow(tx, id);
    return [];
  }
  if (status !== "canceling" && lossPolicy(core, action, runner) === "rerun") {
    core.log("info", "an execution of a lost process runs again", { execution: id, action });
    await returnExecution(tx, id);
    return [];
  }
  const ended = status === "canceling" ? "canceled" : "abandoned";
  const result = {
    error:
      ended === "canceled"
        ? "Action canceled by user."
        : "The worker that ran this action was lost; whether the action took effect is not known.",
  };
  return [await endIn(core, tx, execution, { status: ended, result })];
}

/** Gives up an execution that this process claimed and does not carry out. */
export async function forsake(core: Core, execution: OrphanedExecution): Promise<void> {
  const ended = await core.database.transaction((tx) => takeOver(core, tx, execution));
  for (const { parent, told } of ended) {
    if (parent !== null) core.bells.ring({ kind: "advance", id: parent });
    told();
  }
}
