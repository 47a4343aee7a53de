/** The list of errors that a workflow ends with, and the errors of wrong requests. */
import { ExpressionError } from "../expressions/context.ts";
import type { Draft } from "./draft.ts";
import { IntMap, Sequence, type Owner } from "./persistent.ts";
import type { WorkflowError } from "./state.ts";

/** A request that the workflow cannot take in its present state. `original` is the name of Orquesta's exception. */
export class ConductorError extends Error {
  override readonly name = "ConductorError";
  readonly original: string;
  constructor(original: string, message: string) {
    super(message);
    this.original = original;
  }
}

/** `YaqlEvaluationException: Unable to …` */
export function errorText(error: unknown): string {
  if (error instanceof ExpressionError || error instanceof ConductorError) {
    return `${error.original}: ${error.message}`;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Adds the error, unless the same one is there. */
export function indexError(
  draft: Pick<Draft, "errors" | "errorIndex" | "owner">,
  error: WorkflowError,
): void {
  const text = JSON.stringify(error);
  const hash = hashOf(text);
  const same = draft.errorIndex.get(hash) ?? [];
  if (same.some((index) => JSON.stringify(draft.errors.at(index)) === text)) return;
  draft.errorIndex = draft.errorIndex.set(hash, [...same, draft.errors.length], draft.owner);
  draft.errors = draft.errors.push(error, draft.owner);
}

/** The fields of a state that hold these errors. */
export function indexed(
  errors: readonly WorkflowError[],
  owner: Owner,
): Pick<Draft, "errors" | "errorIndex"> {
  const holder = {
    errors: Sequence.empty<WorkflowError>(),
    errorIndex: IntMap.empty<readonly number[]>(),
    owner,
  };
  for (const error of errors) indexError(holder, error);
  return { errors: holder.errors, errorIndex: holder.errorIndex };
}

/** Forgets the errors of these tasks. */
export function forgetErrors(draft: Draft, tasks: ReadonlySet<string>): void {
  const left = [...draft.errors].filter((error) => !tasks.has(error.task_id ?? ""));
  Object.assign(draft, indexed(left, draft.owner));
}

/** 32-bit FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
