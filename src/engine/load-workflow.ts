import { childrenWithSecrets, findWorkflow, journalAfter } from "../store/workflows.ts";
import { courseOf, type Course } from "../workflows/course.ts";
import { fromStored } from "../workflows/stored.ts";
import type { Core } from "./core.ts";
import type { Claim } from "./run.ts";
import { secretsOf } from "./secrets.ts";
import { surroundingsOf } from "./workflow-context.ts";
import { pinnedTo } from "./workflow-definitions.ts";

/** A workflow in the ledger: as it stands, and the number of its last journal row. */
export interface LoadedWorkflow {
  readonly course: Course;
  readonly seq: number;
  /** Those that occur in results of its children. */
  readonly secrets: readonly string[];
}

function isEntries(value: unknown): value is readonly object[] {
  return (
    Array.isArray(value) && value.every((entry) => typeof entry === "object" && entry !== null)
  );
}

/** The workflow as the ledger knows it, or undefined when it never began. */
export async function loadWorkflow(
  core: Core,
  execution: Pick<Claim, "id" | "action" | "runner" | "parameters" | "context">,
): Promise<LoadedWorkflow | undefined> {
  const { db } = core.database;
  const { id, runner } = execution;
  const row = await findWorkflow(db, id);
  if (row === undefined) return undefined;
  const plan = await pinnedTo(core, row.definition, runner);
  const saved = row.snapshot === null ? undefined : fromStored(row.snapshot);
  let course = courseOf(plan, await surroundingsOf(core, execution), saved);
  let seq = row.snapshot_seq;
  for (const step of await journalAfter(db, id, seq)) {
    const entries: unknown = fromStored(step.entries);
    if (!isEntries(entries)) throw new Error(`journal ${id}/${step.seq} cannot be read`);
    course = course.replay(entries);
    ({ seq } = step);
  }
  const telltale = await childrenWithSecrets(db, id);
  return { course, seq, secrets: telltale.flatMap((child) => secretsOf(core, child)) };
}
