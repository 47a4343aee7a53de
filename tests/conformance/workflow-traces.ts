/** Makes the recorded calls of Orquesta's own conductor tests again. */
import type { JsonObject } from "../../src/model/json.ts";
import { ConductorError } from "../../src/workflows/errors.ts";
import { compileWorkflow, type CompiledWorkflow } from "../../src/workflows/spec.ts";
import { Orquesta } from "./orquesta.ts";
import { Cases, Mismatch, same, statusOf, type Report } from "./workflow-cases.ts";

type Answer = { readonly r: unknown } | { readonly exc: string; readonly msg: string };
type Operation = readonly [call: string, args: readonly unknown[], answer: Answer, status: string];
interface TraceRun {
  readonly spec: string;
  readonly inputs?: JsonObject;
  readonly context?: JsonObject;
  readonly ops: readonly Operation[];
  readonly final: JsonObject;
}
export interface TraceFile {
  readonly specs: Readonly<Record<string, unknown>>;
  readonly tests: Readonly<Record<string, readonly TraceRun[]>>;
}

/** The calls of Orquesta's own conductor tests. */
export function checkTraces(file: TraceFile): Report {
  const cases = new Cases();
  for (const [test, runs] of Object.entries(file.tests)) {
    for (const [index, run] of runs.entries()) {
      cases.run(`${test} ${index}`, run, () => {
        const { workflow, errors } = compileWorkflow(structuredClone(file.specs[run.spec]));
        if (workflow === undefined) throw new Mismatch("compile", [], errors);
        checkTrace(workflow, run);
      });
    }
  }
  return cases;
}

// Nothing but tests wrote these entries; our errors have their own.
const withoutCounterpart = new Set(["log_entry"]);

function checkTrace(workflow: CompiledWorkflow, run: TraceRun): void {
  const given = { inputs: run.inputs ?? {}, context: run.context ?? {} };
  const orquesta = new Orquesta(workflow, given);
  let logged = false;
  for (const [index, [call, args, answer, status]] of run.ops.entries()) {
    if (withoutCounterpart.has(call)) {
      logged = true;
      continue;
    }
    const place = `op ${index} ${call} ${JSON.stringify(args)}`;
    same(place, answer, makeCall(orquesta, call, args));
    same(`${place} status`, status, orquesta.status);
  }
  const { log: _, ...final } = run.final;
  const view = orquesta.view();
  const seq = Array.isArray(view["seq"])
    ? view["seq"].map((row: unknown[]) => row.slice(0, 4))
    : [];
  const expected = logged ? { ...final, errors: view["errors"] } : final;
  same("final", expected, { ...view, seq });
}

function makeCall(orquesta: Orquesta, call: string, args: readonly unknown[]): Answer {
  try {
    return { r: calls[call]?.(orquesta, args) ?? null };
  } catch (error) {
    if (error instanceof ConductorError) return { exc: error.original, msg: error.message };
    throw error;
  }
}

const place = (args: readonly unknown[]) => [String(args[0]), Number(args[1])] as const;

const calls: Readonly<Record<string, (orquesta: Orquesta, args: readonly unknown[]) => unknown>> = {
  request_workflow_status: (orquesta, [status]) => orquesta.requestStatus(statusOf(status)),
  get_next_tasks: (orquesta) => orquesta.nextTasks(),
  get_task: (orquesta, args) => orquesta.task(...place(args)),
  update_task_state: (orquesta, args) => orquesta.update(...place(args), eventOf(args[2])),
  request_workflow_rerun: (orquesta, [requests]) => orquesta.rerun(rerunRequests(requests)),
  render_workflow_output(orquesta) {
    orquesta.renderOutput();
    return orquesta.output;
  },
  get_workflow_output: (orquesta) => orquesta.output,
  get_workflow_initial_context: (orquesta) => orquesta.initialContext,
  get_workflow_terminal_context: (orquesta) => orquesta.terminalContext,
  get_task_transition_contexts: (orquesta, args) => orquesta.transitionContexts(...place(args)),
  has_next_tasks: (orquesta, args) => orquesta.hasNext(...place(args)),
  reload: (orquesta) => orquesta.reload(),
};

interface RecordedEvent {
  readonly t: string;
  readonly status: string | null;
  readonly result?: unknown;
  readonly item_id?: number;
  readonly accumulated_result?: readonly unknown[];
}

function eventOf(written: unknown) {
  const {
    t,
    status,
    result,
    item_id: item,
    accumulated_result: accumulated,
  } = written as RecordedEvent;
  if (!t.endsWith("ExecutionEvent")) {
    throw new ConductorError("TypeError", "Event is not type of ExecutionEvent.");
  }
  return {
    status: statusOf(status),
    result: result ?? null,
    ...(item === undefined ? {} : { item }),
    accumulated: accumulated ?? [],
  };
}

function rerunRequests(written: unknown) {
  const list = written as ReadonlyArray<{ task_id: string; route: number; reset_items: boolean }>;
  return list.map(({ task_id: taskId, route, reset_items: reset }) => ({ taskId, route, reset }));
}
