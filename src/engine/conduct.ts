/** Conducts workflows: feeds events to the pure conductor, writes what it decided, brings its effects about.
 *
 * 1. One process conducts a workflow: the one that holds its claim. Journal entries carry rising numbers; a second conductor's entry is refused by
 *    the ledger, and the one who lost drops what it thought.
 * 2. What was decided is one unit: journal entry, new children, ends of children that led to it. Units of a workflow are written one after the other.
 * 3. Pure steps run ahead of the disk; an effect that leaves the process (a runner, a ring, an announcement) waits until its unit is on disk.
 * 4. State = snapshot + journal: dropping a conductor at any moment loses nothing. Ends that nobody took in are found by `delivered = false`. */
import { passing } from "../model/crash-points.ts";
import type { ChainSurroundings } from "../workflows/action-chain.ts";
import { isFinished } from "../model/execution.ts";
import { undeliveredChildren } from "../store/executions.ts";
import type { ExecutionChange } from "../store/unit.ts";
import { courseOf, type Plan, type PlanFaults } from "../workflows/course.ts";
import { tellParent, telling } from "./announce.ts";
import { reasonOf } from "./children.ts";
import type { Core } from "./core.ts";
import { loadWorkflow, type LoadedWorkflow } from "./load-workflow.ts";
import { rerunIn } from "./rerun.ts";
import type { Claim } from "./run.ts";
import { startContext, surroundingsOf, workflowInput } from "./workflow-context.ts";
import { pin, pinnedNow } from "./workflow-definitions.ts";
import { WorkflowRun } from "./workflow-run.ts";

/** Takes a claimed workflow in hand. Resolves when it is in memory (or has ended); it goes on by itself. Never rejects. */
export async function conduct(core: Core, claim: Claim, how: "new" | "known"): Promise<void> {
  try {
    const again = rerunIn(claim.context) !== undefined;
    const known = how === "new" && !again ? pinnedNow(core, claim.action) : undefined;
    if (known?.plan.kind === "orquesta") return begin(core, claim, known);
    if (how === "known" || again) {
      const loaded = await loadWorkflow(core, claim);
      if (loaded !== undefined) return await resume(core, claim, loaded);
    }
    const pinned = await pin(core, claim.action);
    if ("errors" in pinned) return await refuse(core, claim, pinned);
    return begin(core, claim, pinned, await surroundingsOf(core, claim));
  } catch (error) {
    core.conducted.delete(claim.id);
    core.log("error", "a workflow could not be conducted; it is tried again", {
      execution: claim.id,
      reason: reasonOf(error),
    });
    return undefined;
  }
}

function begin(
  core: Core,
  claim: Claim,
  { plan, hash }: { plan: Plan; hash: string },
  surroundings?: ChainSurroundings,
): void {
  const run = new WorkflowRun(core, claim, {
    course: courseOf(plan, surroundings),
    seq: 0,
    secrets: [],
  });
  run.open({ execution_id: claim.id, definition: hash });
  run.feed({
    kind: "start",
    input: workflowInput(core, claim),
    context: startContext(core, claim),
  });
}

async function resume(core: Core, claim: Claim, loaded: LoadedWorkflow): Promise<void> {
  passing("workflow.loaded");
  const run = new WorkflowRun(core, claim, loaded);
  run.open();
  const again = rerunIn(claim.context);
  if (again !== undefined && isFinished(loaded.course.status)) run.feed(again);
  if (loaded.seq === 0)
    run.feed({
      kind: "start",
      input: workflowInput(core, claim),
      context: startContext(core, claim),
    });
  for (const child of await undeliveredChildren(core.database.db, [claim.id])) run.deliver(child);
  run.look();
  await run.settled();
}

/** A workflow that cannot be inspected without faults fails with them. */
async function refuse(core: Core, claim: Claim, { result }: PlanFaults): Promise<void> {
  const child = claim.parent !== undefined && claim.parent !== null;
  const change: ExecutionChange = {
    id: claim.id,
    fence: claim.fence,
    status: "failed",
    result,
    ended: true,
    delivered: !child,
    released: true,
  };
  const { instances, after } = telling(core, claim, { status: "failed", result });
  await core.pump.commit({ changes: [change], instances }, { persistent: true });
  after();
  tellParent(core, claim, { status: "failed", result });
}
