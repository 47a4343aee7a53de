import type {
  ExecutionChange,
  ExecutionRow,
  FinishedRow,
  GateRow,
  InstanceRow,
  SnapshotRow,
  Unit,
  WorkflowRow,
} from "../store/unit.ts";
import { isFinished } from "../model/execution.ts";
import { findExecution } from "../store/executions.ts";
import type { Core } from "./core.ts";
import type { Launch } from "./launch.ts";
import type { Claim } from "./run.ts";
import type { Status } from "../workflows/statuses.ts";

/** What a workflow decided and has not written yet: the next unit, and what follows it. */
export interface Pending {
  entries: object[];
  executions: ExecutionRow[];
  finished: FinishedRow[];
  gates: GateRow[];
  instances: InstanceRow[];
  changes: ExecutionChange[];
  delivered: { id: string; status: string }[];
  workflows: WorkflowRow[];
  launches: Launch[];
  after: (() => void)[];
}

/** What a workflow's own workflow has to know: that it rests, and that it goes on. */
export const restsOrGoesOn: ReadonlySet<Status> = new Set<Status>(["paused", "pending", "running"]);

export function nothing(): Pending {
  return {
    entries: [],
    executions: [],
    finished: [],
    gates: [],
    instances: [],
    changes: [],
    delivered: [],
    workflows: [],
    launches: [],
    after: [],
  };
}

/** Whether there is anything to write. */
export function isSomething({ entries, changes, delivered, workflows }: Pending): boolean {
  return entries.length > 0 || changes.length > 0 || delivered.length > 0 || workflows.length > 0;
}

/** One change per execution, the last: a workflow may pass through several statuses before it is written, and a row changes once in a unit. */
function latestChanges(changes: readonly ExecutionChange[]): readonly ExecutionChange[] {
  if (changes.length < 2) return changes;
  return [...new Map(changes.map((change) => [change.id, change])).values()];
}

/** What is to be written together: the next row of the workflow's journal, and what follows from it. */
export function unitOf(
  { entries, launches: _launches, after: _after, changes, ...rows }: Pending,
  { id, seq, snapshots }: { id: string; seq: number; snapshots: readonly SnapshotRow[] },
): Unit {
  return {
    ...rows,
    changes: latestChanges(changes),
    journal: entries.length === 0 ? [] : [{ execution_id: id, seq, entries }],
    snapshots,
  };
}

/** Whether the ledger still gives that claim to this process. False, too, when it cannot be asked now: then the heartbeat finds that nobody works at
 * what is ours. */
export async function isStillMine(core: Core, { id, fence }: Claim): Promise<boolean> {
  try {
    const row = await findExecution(core.database.db, id);
    return row?.owner === core.process && row.fence === fence && !isFinished(row.status);
  } catch {
    return false;
  }
}
