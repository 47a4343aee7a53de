/** One decision in the making: a draft of the state, the entries written so far, and whom to ask. What is decided is written as an
 * entry and folded at once, so the next question already sees it. */
import type { Ask } from "../expressions/context.ts";
import { openDraft, type Draft } from "./draft.ts";
import { fold } from "./fold.ts";
import type { JournalEntry } from "./journal.ts";
import type { CompiledWorkflow } from "./spec.ts";
import type { WorkflowState } from "./state.ts";

export interface Step {
  readonly draft: Draft;
  readonly ask: Ask;
  readonly entries: JournalEntry[];
}

export function openStep(workflow: CompiledWorkflow, state: WorkflowState, ask: Ask): Step {
  return { draft: openDraft(workflow, state), ask, entries: [] };
}

export function write(step: Step, entry: JournalEntry): void {
  step.entries.push(entry);
  fold(step.draft, entry);
}
