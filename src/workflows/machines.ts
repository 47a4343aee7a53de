/** The state machines of workflows and tasks, looked up by (status, event). */
import type { Status, Transition } from "./statuses.ts";
import { taskTransitions } from "./task-transitions.ts";
import { workflowTransitions } from "./workflow-transitions.ts";

export type Machine = "workflow" | "task";
type Table = ReadonlyMap<Status, ReadonlyMap<string, Status>>;

function index(transitions: readonly Transition[], silent: readonly Status[]): Table {
  const table = new Map<Status, Map<string, Status>>(silent.map((status) => [status, new Map()]));
  for (const [from, event, to] of transitions) {
    const row = table.get(from) ?? new Map<string, Status>();
    table.set(from, row.set(event, to));
  }
  return table;
}

const tables: Readonly<Record<Machine, Table>> = {
  workflow: index(workflowTransitions, ["canceled", "failed"]),
  task: index(taskTransitions, ["canceled"]),
};

/** The status after the event: the same one when the event means nothing in it, undefined when no event is taken in that status. */
export function nextStatus(machine: Machine, from: Status, event: string): Status | undefined {
  const row = tables[machine].get(from);
  return row === undefined ? undefined : (row.get(event) ?? from);
}

/** Can any event lead from one status to the other? */
export function canBecome(machine: Machine, from: Status, to: Status): boolean {
  const row = tables[machine].get(from);
  return row !== undefined && (from === to || [...row.values()].includes(to));
}
