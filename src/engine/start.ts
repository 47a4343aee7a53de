/** What follows a commit: rows that this process claimed start, the others are rung for. */
import { passing } from "../model/crash-points.ts";
import { isWorkflow } from "../model/execution.ts";
import { poolOf } from "../model/pools.ts";
import type { Core } from "./core.ts";
import { knock } from "./gates.ts";
import type { Launch } from "./launch.ts";

/** Starts committed launches. Never throws and never waits. */
export function start(core: Core, launches: readonly Launch[]): void {
  const rings = [];
  for (const launch of launches) {
    if (launch.how === "inline") {
      tellFinished(core, launch);
      continue;
    }
    if (launch.how === "held") {
      knock(core, { gates: launch.gates.map(({ gate }) => gate) });
      continue;
    }
    const { row, how } = launch;
    if (how === "queue")
      rings.push({
        name: "run",
        execution: row.id,
        attempt: row.attempt + 1,
        pool: poolOf(row),
        delayMs: (row.delay ?? 0) * 1_000,
      } as const);
    else if (isWorkflow(row.runner))
      void core.carry.conduct(core, { ...row, parent: row.parent ?? null }, "new");
    else void core.carry.run(core, row);
  }
  if (rings.length > 0) void ringLater(core, rings);
}

/** Rules, and whoever is to be notified, hear of one that was born finished as of every other end. */
export function tellFinished(
  core: Core,
  { row, context }: Extract<Launch, { how: "inline" }>,
): void {
  const { i: id, action, runner, p: parameters = {}, z: result } = row;
  const claim = { id, action, runner, parameters, context, fence: 1, attempt: 1 };
  core.carry.tell(core, claim, { status: "succeeded", result });
}

/** Gives back what a launch had reserved when its commit failed. */
export function release(core: Core, launches: readonly Launch[]): void {
  for (const launch of launches)
    if (launch.how === "here" && !isWorkflow(launch.row.runner)) core.slots.give();
}

/** A ring that fails is made up for by the sweep. */
async function ringLater(core: Core, rings: Parameters<Core["queue"]["ring"]>[0]): Promise<void> {
  try {
    passing("ring.before-add");
    await core.queue.ring(rings);
    passing("ring.after-add");
  } catch (error) {
    core.log("warn", "the queue did not take a ring; the sweep will ring again", {
      reason: error instanceof Error ? error.message : String(error),
      rings: rings.length,
    });
  }
}
