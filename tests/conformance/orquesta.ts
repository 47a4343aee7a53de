/** Our conductor behind the calls that Orquesta's conductor takes, so that recorded calls can be made again. Every call also folds
 * its journal, once through JSON, into the state before it, and compares. */
import { isDeepStrictEqual } from "node:util";

import type { Question } from "../../src/expressions/context.ts";
import { isObject, type JsonObject } from "../../src/model/json.ts";
import { begin, renderOutput, terminalVariables } from "../../src/workflows/begin.ts";
import { initialState, nodeOf, replay, restore, snapshot } from "../../src/workflows/conductor.ts";
import { contextNumbers, variablesOf, type ContextNode } from "../../src/workflows/contexts.ts";
import { closeDraft, latestRun, stagedTask } from "../../src/workflows/draft.ts";
import { ConductorError } from "../../src/workflows/errors.ts";
import type { JournalEntry } from "../../src/workflows/journal.ts";
import { offerTasks, type OfferedTask } from "../../src/workflows/offer.ts";
import { rerun, type RerunRequest } from "../../src/workflows/rerun.ts";
import type { CompiledWorkflow } from "../../src/workflows/spec.ts";
import type { Prev, StagedTask, TaskRun, WorkflowState } from "../../src/workflows/state.ts";
import { isIn, type Status } from "../../src/workflows/statuses.ts";
import { openStep, type Step } from "../../src/workflows/step.ts";
import { updateTask } from "../../src/workflows/task-status.ts";
import { leadsOn, requestStatus } from "../../src/workflows/workflow-status.ts";

/** The datastore of the recordings. */
const datastore: Readonly<Record<string, string>> = { "system.k1": "v1" };

export interface ActionEvent {
  readonly status: Status;
  readonly item?: number;
  readonly result?: unknown;
  readonly accumulated?: readonly unknown[];
}

export class Orquesta {
  readonly workflow: CompiledWorkflow;
  readonly journal: JournalEntry[] = [];
  readonly #hidden: ReadonlySet<string>;
  readonly #results = new Map<string, { result: unknown }>();
  #state: WorkflowState;

  /** `hidden` names are not shown among the contexts. */
  constructor(
    workflow: CompiledWorkflow,
    given: { inputs: JsonObject; context: JsonObject; hidden?: readonly string[] },
  ) {
    this.workflow = workflow;
    this.#hidden = new Set(given.hidden);
    this.#state = initialState();
    this.#call((step) => begin(step, given.inputs, given.context));
  }

  get status(): Status {
    return this.#state.status;
  }

  #call<T>(decide: (step: Step) => T): T {
    const step = openStep(this.workflow, this.#state, (question) => this.#answer(question));
    const answer = decide(step);
    const next = closeDraft(step.draft);
    const entries = structuredClone(step.entries);
    const folded = replay(this.workflow, this.#state, entries);
    if (!isDeepStrictEqual(snapshot(folded), snapshot(next))) {
      throw new Error(`The journal gives another state: ${JSON.stringify(entries)}`);
    }
    this.journal.push(...entries);
    this.#state = next;
    return answer;
  }

  /** Answers as the server of the recordings did. */
  #answer(question: Question): unknown {
    switch (question.kind) {
      case "now":
        return "2026-07-01T00:00:00.000Z";
      case "random":
        return 0;
      case "datastore":
        return datastore[question.name];
      case "decrypt":
        return undefined;
      case "task": {
        const { taskId, route } = question;
        const names = { task_id: taskId, task_name: taskId, route };
        return { ...names, result: null, ...this.#results.get(`${taskId} ${route}`) };
      }
      case "inventory":
        return { error: "the inventory is out of reach here" };
      case "evaluate":
        throw new Error(`needs a child: ${question.source}`);
    }
  }

  #keepResult(taskId: string, route: number, event: ActionEvent): void {
    if (!isIn("completed", event.status)) return;
    const { item, status, result = null } = event;
    const key = `${taskId} ${route}`;
    if (item === undefined) {
      this.#results.set(key, { result });
      return;
    }
    const before = this.#results.get(key)?.result;
    const kept = isObject(before) && Array.isArray(before["items"]) ? before["items"] : [];
    const items = [...kept];
    while (items.length < this.#itemsOf(taskId, route)) items.push(null);
    items[item] = { status, result };
    this.#results.set(key, { result: { items } });
  }

  #itemsOf(taskId: string, route: number): number {
    return this.#call(
      ({ draft }) =>
        stagedTask(draft, nodeOf(draft, taskId).index, route)?.items?.actions.length ?? 0,
    );
  }

  requestStatus(status: Status): void {
    this.#call((step) => requestStatus(step, status));
  }

  nextTasks(): JsonObject[] {
    return this.#call((step) => {
      const staged = [...step.draft.staged.entries()].map(([, task]) => task);
      return offerTasks(step, staged).map((task) => offerView(step, task));
    });
  }

  task(taskId: string, route: number): JsonObject | undefined {
    return this.#call((step) => {
      const staged = stagedTask(step.draft, nodeOf(step.draft, taskId).index, route);
      const [task] = staged === undefined ? [] : offerTasks(step, [staged]);
      return task && offerView(step, task);
    });
  }

  /** Takes the event in and answers with the task's entry. */
  update(taskId: string, route: number, event: ActionEvent): JsonObject {
    this.#keepResult(taskId, route, event);
    return this.#call((step) => {
      const node = nodeOf(step.draft, taskId);
      const facts = { ...event, node, route, name: `action_${event.status}` };
      updateTask(step, facts);
      const run = latestRun(step.draft, node.index, route);
      return run === undefined
        ? {}
        : { status: run.status, next: nextView(this.workflow, run), term: run.terminal };
    });
  }

  rerun(requests: readonly RerunRequest[]): void {
    this.#call((step) => rerun(step, requests));
  }

  renderOutput(): void {
    this.#call((step) => renderOutput(step));
  }

  get output(): JsonObject | null {
    return this.#state.output ?? null;
  }

  get initialContext(): JsonObject {
    return this.#state.contexts.at(0) ?? {};
  }

  get terminalContext(): JsonObject {
    if (!isIn("completed", this.#state.status)) {
      throw new ConductorError("WorkflowContextError", "Workflow is not in completed status.");
    }
    return this.#call((step) => terminalVariables(step));
  }

  transitionContexts(taskId: string, route: number): JsonObject {
    return this.#call((step) => {
      const node = nodeOf(step.draft, taskId);
      const run = latestRun(step.draft, node.index, route);
      if (run === undefined) {
        const message = `Task "${taskId}" is not staged or has not started yet.`;
        throw new ConductorError("InvalidTaskStateEntry", message);
      }
      const taken = node.transitions.filter(({ index }) => run.next[index] === true);
      return Object.fromEntries(
        taken.map(({ id, target }) => {
          const seen =
            stagedTask(step.draft, target, route) ?? latestRun(step.draft, target, route);
          return [id, seen === undefined ? null : visible(seen.in)];
        }),
      );
    });
  }

  hasNext(taskId: string, route: number): boolean {
    return this.#call((step) => leadsOn(step.draft, nodeOf(step.draft, taskId).index, route));
  }

  /** To JSON and back. */
  reload(): void {
    this.#state = restore(JSON.parse(JSON.stringify(snapshot(this.#state))));
  }

  get state(): WorkflowState {
    return this.#state;
  }

  /** What Orquesta's state would show. */
  view(): JsonObject {
    const { nodes } = this.workflow.graph;
    const name = (task: number) => nodes[task]?.name ?? "?";
    const state = this.#state;
    return {
      status: state.status,
      output: this.output,
      errors: [...state.errors],
      routes: [...state.routes].map((route) => {
        const steps: string[] = [];
        for (let at = route; at.parent !== undefined; at = at.parent) steps.push(at.transition);
        return steps.toReversed();
      }),
      seq: [...state.runs].map((run) => this.#runView(run)),
      contexts: [...state.contexts].map((context) => this.#shown(context)),
      staged: [...state.staged.entries()].map(([, staged]) =>
        stagedView(staged, name(staged.task)),
      ),
    };
  }

  #shown(context: JsonObject): JsonObject {
    return Object.fromEntries(Object.entries(context).filter(([name]) => !this.#hidden.has(name)));
  }

  #runView(run: TaskRun): readonly unknown[] {
    const { out, retry } = run;
    const row = [
      this.workflow.graph.nodes[run.task]?.name,
      run.route,
      run.status === "null" ? null : run.status,
      contextNumbers(run.in),
      out === undefined ? null : { [out.transition]: out.context },
      prevView(run.prev),
      nextView(this.workflow, run),
      run.terminal,
    ];
    return retry === undefined ? row : [...row, retry];
  }
}

function visible(node: ContextNode): JsonObject {
  return Object.fromEntries(
    Object.entries(variablesOf(node)).filter(([name]) => !name.startsWith("__")),
  );
}

function offerView(step: Step, task: OfferedTask): JsonObject {
  const { node, route, actions, items, delay } = task;
  const seen = stagedTask(step.draft, node.index, route);
  return {
    id: node.name,
    route,
    actions: actions.map(({ action, input, item }) =>
      item === undefined ? { action, input } : { action, input, item_id: item },
    ),
    ctx: seen === undefined ? {} : visible(seen.in),
    ...(items === undefined ? {} : { items_count: items.count, concurrency: items.concurrency }),
    ...(delay === undefined ? {} : { delay }),
  };
}

function nextView(workflow: CompiledWorkflow, run: TaskRun): JsonObject {
  const transitions = workflow.graph.nodes[run.task]?.transitions ?? [];
  const decided = transitions.filter(({ index }) => run.next[index] !== undefined);
  return Object.fromEntries(decided.map(({ id, index }) => [id, run.next[index]]));
}

function prevView(prev: Prev | undefined): JsonObject {
  const steps: Array<[string, number]> = [];
  for (let at = prev; at !== undefined; at = at.before) steps.push([at.backref, at.run]);
  return Object.fromEntries(steps.toReversed());
}

function stagedView(staged: StagedTask, id: string): JsonObject {
  const { route, ready, retry, items } = staged;
  return {
    id,
    ctxs: { in: contextNumbers(staged.in) },
    route,
    prev: prevView(staged.prev),
    ready,
    ...(retry === undefined ? {} : { retry }),
    ...(items === undefined
      ? {}
      : {
          items: items.actions.map((_, item) => ({ status: items.statuses.get(item) ?? "null" })),
        }),
    ...(staged.completed ? { completed: true } : {}),
    ...(staged.runOnFail ? { run_on_fail: true } : {}),
  };
}

/** JSON's view of a value: undefined members go, classes show what they write. */
export function asJson(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
