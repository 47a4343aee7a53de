import { passing } from "../model/crash-points.ts";
import { isWorkflow } from "../model/execution.ts";
import type { Ring } from "../queue/queue.ts";
import type { Bell } from "../store/bells.ts";
import { controlledOf, findExecution, ownedBy, undeliveredChildren } from "../store/executions.ts";
import { beat } from "../store/processes.ts";
import { hostname } from "node:os";
import { conduct } from "./conduct.ts";
import { announceEnd, tellIn } from "./announce.ts";
import type { Carry, Core } from "./core.ts";
import { knock } from "./gates.ts";
import { Interrupted, runHere } from "./run.ts";
import { forsake, saidAlive, sweep } from "./sweep.ts";
import { claimInTurn } from "./turns.ts";

/** How committed executions are carried out in this process. */
export const carry: Carry = { run: runHere, conduct, tell: announceEnd, tellIn };

/** A ring of the queue: claims what it names, or whose turn it is where many wait, and carries it out; resolves when that has ended. Rings for what
 * is taken already do nothing. */
export async function hear(core: Core, ring: Ring): Promise<void> {
  if (ring.name !== "run") return sweep(core);
  passing("claim.before");
  const claim = await claimInTurn(core, ring.execution);
  passing("claim.after");
  if (claim === undefined) {
    // It may be held by a policy whose knock was lost.
    if (core.definitions().policies.rules.size > 0) knock(core, { executions: [ring.execution] });
    return undefined;
  }
  if (isWorkflow(claim.runner)) return conduct(core, claim, claim.fence === 1 ? "new" : "known");
  core.slots.take();
  return runHere(core, claim);
}

/** A bell from another process. */
export function hearBell(core: Core, { kind, id }: Bell): void {
  if (kind === "advance") core.conducted.get(id)?.look();
  else if (kind === "control") void control(core, id);
  // The heartbeat looks as well.
  else if (kind === "breaker") core.breaker.refresh().catch(() => undefined);
}

async function control(core: Core, id: string): Promise<void> {
  core.conducted.get(id)?.look();
  const running = core.running.get(id);
  if (running === undefined) return;
  const row = await findExecution(core.database.db, id).catch(() => undefined);
  if (row?.status === "canceling") running.abort(new Interrupted("canceled", row.result));
}

/** Says that this process lives, and looks for bells it may have missed. Rejects when the database is away. */
export async function heartbeat(core: Core, role: string): Promise<void> {
  await sayAlive(core, role);
  passing("heartbeat.after");
  for (const child of await undeliveredChildren(core.database.db, [...core.conducted.keys()])) {
    if (child.parent !== null) core.conducted.get(child.parent)?.deliver(child);
  }
  for (const { id, status } of await controlledOf(core.database.db, core.process)) {
    core.conducted.get(id)?.look();
    if (status === "canceling") await control(core, id);
  }
  await lookAfterOwn(core);
}

/** The answer tells the database's time. */
async function sayAlive(core: Core, role: string): Promise<void> {
  const { process: id, pools, clock } = core;
  const before = performance.now();
  const at = await beat(core.database.db, { id, role, host: hostname(), pid: process.pid, pools });
  saidAlive(core);
  clock.heard(at, { before, after: performance.now() });
  const ahead = clock.news();
  if (ahead !== undefined)
    core.log("warn", "the clock of this machine and the database's differ; the database's counts", {
      seconds: ahead,
    });
}

/** What was ours and idle at the last heartbeat. */
const idleBefore = new WeakMap<Core, ReadonlySet<string>>();

/** What the ledger says is ours and nobody here works at (an outage at a bad moment) is taken up again once it was idle for two heartbeats. */
async function lookAfterOwn(core: Core): Promise<void> {
  // What a broken flight started is ours in the ledger, and begins here once the pump has found out that it was committed.
  if (!core.pump.knowsAll()) {
    idleBefore.delete(core);
    return;
  }
  const { db } = core.database;
  const idle = (await ownedBy(db, core.process)).filter(
    ({ id }) => !core.conducted.has(id) && !core.running.has(id),
  );
  const before = idleBefore.get(core);
  idleBefore.set(core, new Set(idle.map(({ id }) => id)));
  for (const execution of idle) {
    if (before?.has(execution.id) !== true) continue;
    core.log("warn", "an execution of this process is taken up again", { execution: execution.id });
    if (isWorkflow(execution.runner)) await conduct(core, execution, "known");
    else await forsake(core, execution);
  }
}
