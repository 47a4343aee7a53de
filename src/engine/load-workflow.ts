import { findWorkflow, journalAfter } from "../store/workflows.ts";
import { initialState, replay, restore } from "../workflows/conductor.ts";
import type { JournalEntry } from "../workflows/journal.ts";
import type { Snapshot } from "../workflows/snapshot.ts";
import type { CompiledWorkflow } from "../workflows/spec.ts";
import type { WorkflowState } from "../workflows/state.ts";
import type { Core } from "./core.ts";
import { pinnedTo } from "./workflow-definitions.ts";

function isSnapshot(value: unknown): value is Snapshot {
  return typeof value === "object" && value !== null && "version" in value && value.version === 1;
}

function isEntries(value: unknown): value is readonly JournalEntry[] {
  return (
    Array.isArray(value) &&
    value.every((entry) => typeof entry === "object" && entry !== null && "kind" in entry)
  );
}

/** The workflow as the ledger knows it, or undefined when it never began. */
export async function loadWorkflow(
  core: Core,
  id: string,
): Promise<{ compiled: CompiledWorkflow; state: WorkflowState; seq: number } | undefined> {
  const { db } = core.database;
  const row = await findWorkflow(db, id);
  if (row === undefined) return undefined;
  const compiled = await pinnedTo(core, row.definition);
  let state = isSnapshot(row.snapshot) ? restore(row.snapshot) : initialState();
  let seq = row.snapshot_seq;
  for (const step of await journalAfter(db, id, seq)) {
    const entries: unknown = JSON.parse(step.entries);
    if (!isEntries(entries)) throw new Error(`journal ${id}/${step.seq} cannot be read`);
    state = replay(compiled, state, entries);
    ({ seq } = step);
  }
  return { compiled, state, seq };
}
