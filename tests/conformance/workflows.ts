/** Runs recorded workflow flows and conductor traces through our conductor and tells what differs. */
import { isDeepStrictEqual } from "node:util";

import { parseYaml } from "../../src/content/yaml.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { ConductorError, errorText } from "../../src/workflows/errors.ts";
import { canBecome } from "../../src/workflows/machines.ts";
import { compileWorkflow, type CompiledWorkflow } from "../../src/workflows/spec.ts";
import { isStatus, statusGroups, statuses, type Status } from "../../src/workflows/statuses.ts";
import { taskTransitions } from "../../src/workflows/task-transitions.ts";
import { workflowTransitions } from "../../src/workflows/workflow-transitions.ts";
import { asJson, Orquesta } from "./orquesta.ts";
import { reasonFor } from "./workflow-differences.ts";

/** What differs in one recorded case (a scenario of a flow, a run of a test), at its first place. */
export interface Difference {
  readonly case: string;
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** Why it may differ, where it is listed. */
  readonly reason: string | undefined;
}
export interface Report {
  readonly cases: number;
  readonly differences: readonly Difference[];
}

interface FlowStep {
  readonly ev: readonly [string, ...unknown[]];
  readonly result?: unknown;
  readonly item?: number;
  readonly exc?: string;
  readonly task?: string;
  readonly wf: string;
  readonly next?: readonly JsonObject[];
}
interface Scenario {
  readonly steps: readonly FlowStep[];
  readonly final: JsonObject;
}
export interface FlowFile {
  readonly definitions: Readonly<Record<string, string>>;
  readonly flows: Readonly<
    Record<
      string,
      { readonly inputs: JsonObject; readonly scenarios: Readonly<Record<string, Scenario>> }
    >
  >;
}

class Mismatch extends Error {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  constructor(what: string, expected: unknown, actual: unknown) {
    super(what);
    this.what = what;
    this.expected = expected;
    this.actual = actual;
  }
}

function same(what: string, expected: unknown, actual: unknown): void {
  const json = asJson(actual);
  if (!isDeepStrictEqual(expected, json)) throw new Mismatch(what, expected, json);
}

class Cases {
  cases = 0;
  readonly differences: Difference[] = [];

  run(name: string, recorded: unknown, check: () => void): void {
    this.cases += 1;
    try {
      check();
    } catch (error) {
      const { what, expected, actual } =
        error instanceof Mismatch
          ? error
          : {
              what: "thrown",
              expected: null,
              actual: error instanceof Error ? error.stack : error,
            };
      const difference = { case: name, what, expected, actual };
      this.differences.push({ ...difference, reason: reasonFor(difference, recorded) });
    }
  }
}

/** What StackStorm passed to the workflows of packs when they were recorded. */
const st2Context = {
  st2: {
    action_execution_id: "ae-1",
    api_url: "http://127.0.0.1:9101/v1",
    user: "stanley",
    pack: "examples",
    action: "examples.x",
    runner: "orquesta",
    workflow_execution_id: "we-1",
  },
};
const flowsOfOrquesta = /^(?:native|inline)\//;

/** The flows of one file: native, orquesta_tests, examples, contrib, inline. */
export function checkFlows(file: FlowFile): Report {
  const cases = new Cases();
  for (const [key, flow] of Object.entries(file.flows)) {
    for (const [name, scenario] of Object.entries(flow.scenarios)) {
      cases.run(`${key} ${name}`, scenario, () => {
        const { workflow, errors } = compileYaml(file.definitions[key] ?? "");
        if (workflow === undefined) throw new Mismatch("compile", [], errors);
        checkScenario(
          workflow,
          { inputs: flow.inputs, context: flowsOfOrquesta.test(key) ? {} : st2Context },
          scenario,
        );
      });
    }
  }
  return cases;
}

function compileYaml(text: string): { workflow?: CompiledWorkflow; errors: readonly unknown[] } {
  const { value, faults } = parseYaml(text, "python");
  return value === undefined ? { errors: faults } : compileWorkflow(value);
}

function statusOf(text: unknown): Status {
  if (isStatus(text)) return text;
  throw new Error(`no status: ${String(text)}`);
}

function checkScenario(
  workflow: CompiledWorkflow,
  given: { inputs: JsonObject; context: JsonObject },
  scenario: Scenario,
): void {
  const orquesta = new Orquesta(workflow, given);
  for (const [index, step] of scenario.steps.entries()) {
    const place = `step ${index} ${JSON.stringify(step.ev)}`;
    const { task, exc } = takeFlowStep(orquesta, step);
    same(`${place} exc`, step.exc ?? null, exc ?? null);
    if (step.task !== undefined) same(`${place} task`, step.task, task);
    const next = step.next === undefined ? undefined : orquesta.nextTasks();
    same(`${place} wf`, step.wf, orquesta.status);
    if (next === undefined) continue;
    same(
      `${place} next`,
      step.next,
      next.map(({ ctx: _, ...offered }) => offered),
    );
    for (const offered of next) markRunning(orquesta, offered);
  }
  orquesta.renderOutput();
  const { staged, ...view } = orquesta.view();
  same(
    "final",
    scenario.final,
    Array.isArray(staged) && staged.length > 0 ? { ...view, staged } : view,
  );
}

function takeFlowStep(orquesta: Orquesta, step: FlowStep): { task?: unknown; exc?: string } {
  const [kind, ...args] = step.ev;
  try {
    if (kind === "wf") orquesta.requestStatus(statusOf(args[0]));
    else if (kind === "rerun") orquesta.rerun([]);
    else {
      const event = { status: statusOf(args[2]), result: step.result ?? null };
      const item = step.item === undefined ? {} : { item: step.item };
      return {
        task: orquesta.update(String(args[0]), Number(args[1]), { ...event, ...item })["status"],
      };
    }
    return {};
  } catch (error) {
    if (error instanceof ConductorError) return { exc: errorText(error) };
    throw error;
  }
}

function markRunning(orquesta: Orquesta, offered: JsonObject): void {
  const actions = Array.isArray(offered["actions"]) ? offered["actions"] : [];
  const [id, route] = [String(offered["id"]), Number(offered["route"])];
  if (actions.length === 0) orquesta.update(id, route, { status: "running" });
  for (const action of actions) {
    const item: unknown = action.item_id;
    const facts = typeof item === "number" ? { item } : {};
    orquesta.update(id, route, { status: "running", ...facts });
  }
}

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

export interface MachineFile {
  readonly transitions: Readonly<
    Record<"workflow" | "task", ReadonlyArray<readonly [string, string, string]>>
  >;
  readonly valid: ReadonlyArray<readonly [string, string, boolean]>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** The tables of the state machines. */
export function checkMachines(file: MachineFile): Report {
  const cases = new Cases();
  const sorted = (rows: readonly (readonly unknown[])[]) =>
    rows.map((row) => row.join(" ")).toSorted();
  const tables = { workflow: workflowTransitions, task: taskTransitions };
  for (const machine of ["workflow", "task"] as const) {
    const [ours, theirs] = [
      new Set(sorted(tables[machine])),
      new Set(sorted(file.transitions[machine])),
    ];
    for (const row of new Set([...ours, ...theirs])) {
      cases.run(`${machine} ${row}`, row, () => same(row, theirs.has(row), ours.has(row)));
    }
  }
  for (const [from, to, valid] of file.valid) {
    cases.run(`valid ${from} ${to}`, null, () => {
      same(`${from} ${to}`, valid, canBecome("workflow", statusOf(from), statusOf(to)));
    });
  }
  for (const [name, members] of Object.entries(file.groups)) {
    const key = name.replace("_STATUSES", "").toLowerCase();
    const ours =
      key === "all" ? statuses : Object.entries(statusGroups).find(([group]) => group === key)?.[1];
    cases.run(`group ${name}`, members, () => same(name, members.toSorted(), ours?.toSorted()));
  }
  return cases;
}
