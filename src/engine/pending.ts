import type { ExecutionChange, ExecutionRow, FinishedRow, WorkflowRow } from "../store/unit.ts";
import type { JournalEntry } from "../workflows/journal.ts";
import type { Launch } from "./launch.ts";

/** What a workflow decided and has not written yet: the next unit, and what follows it. */
export interface Pending {
  entries: JournalEntry[];
  executions: ExecutionRow[];
  finished: FinishedRow[];
  changes: ExecutionChange[];
  delivered: { id: string }[];
  workflows: WorkflowRow[];
  launches: Launch[];
  after: (() => void)[];
}

export function nothing(): Pending {
  return {
    entries: [],
    executions: [],
    finished: [],
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
export function latestChanges(changes: readonly ExecutionChange[]): readonly ExecutionChange[] {
  if (changes.length < 2) return changes;
  return [...new Map(changes.map((change) => [change.id, change])).values()];
}
