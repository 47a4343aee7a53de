/** Runs recorded workflow flows through our conductor, and compares the state machines. */
import { parseYaml } from "../../src/content/yaml.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { ConductorError, errorText } from "../../src/workflows/errors.ts";
import { canBecome } from "../../src/workflows/machines.ts";
import { compileWorkflow, type CompiledWorkflow } from "../../src/workflows/spec.ts";
import { statusGroups, statuses } from "../../src/workflows/statuses.ts";
import { taskTransitions } from "../../src/workflows/task-transitions.ts";
import { workflowTransitions } from "../../src/workflows/workflow-transitions.ts";
import { Orquesta } from "./orquesta.ts";
import { Cases, Mismatch, same, statusOf, type Report } from "./workflow-cases.ts";

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
const flowsOfPacks = /^(?:orquesta_tests|examples|contrib)\//;

/** The flows of one file: native, orquesta_tests, examples, contrib, inline. */
export function checkFlows(file: FlowFile): Report {
  const cases = new Cases();
  for (const [key, flow] of Object.entries(file.flows)) {
    for (const [name, scenario] of Object.entries(flow.scenarios)) {
      cases.run(`${key} ${name}`, scenario, () => {
        const { workflow, errors } = compileYaml(file.definitions[key] ?? "");
        if (workflow === undefined) throw new Mismatch("compile", [], errors);
        const context = flowsOfPacks.test(key) ? st2Context : {};
        const given = { inputs: flow.inputs, context, hidden: Object.keys(st2Context) };
        checkScenario(new Orquesta(workflow, given), scenario);
      });
    }
  }
  return cases;
}

function compileYaml(text: string): { workflow?: CompiledWorkflow; errors: readonly unknown[] } {
  const { value, faults } = parseYaml(text, "python");
  return value === undefined ? { errors: faults } : compileWorkflow(value);
}

function checkScenario(orquesta: Orquesta, scenario: Scenario): void {
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
      next.map((offered) => withoutContext(offered)),
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

function withoutContext(offered: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(offered).filter(([name]) => name !== "ctx"));
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

export interface MachineFile {
  readonly transitions: Readonly<
    Record<"workflow" | "task", ReadonlyArray<readonly [string, string, string]>>
  >;
  readonly valid: ReadonlyArray<readonly [string, string, boolean]>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

function sorted(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => row.join(" ")).toSorted();
}

/** The tables of the state machines. */
export function checkMachines(file: MachineFile): Report {
  const cases = new Cases();
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
