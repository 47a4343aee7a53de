/** A workflow on the stage of a rehearsal: its actions are answered at once, its questions here. */
import { Unanswered, type Question } from "../expressions/context.ts";
import {
  evaluateJsonata,
  isRegexCall,
  type JsonataInput,
} from "../expressions/jsonata/evaluate.ts";
import { runRegexHere } from "../expressions/python/regex.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { advance, type Advance, type Effect, type WorkflowEvent } from "./conductor.ts";
import { ConductorError, errorText } from "./errors.ts";
import type { Answer, Rehearsal, RehearsalEvent, TaskAnswer } from "./rehearsal-format.ts";
import type { CompiledWorkflow } from "./spec.ts";
import { initialState, type Route, type WorkflowError, type WorkflowState } from "./state.ts";
import { isIn, type Status } from "./statuses.ts";

/** An action that was started. */
export interface StartedAction {
  readonly task: string;
  readonly route: number;
  readonly item?: number;
  readonly action: string;
  readonly input: JsonObject | null;
  /** Seconds. */
  readonly delay?: number;
}

export interface RehearsalReport {
  readonly passed: boolean;
  /** What is wrong with the workflow or not as expected, one line each. */
  readonly problems: readonly string[];
  readonly status: Status;
  /** `task1`, on another route `task1__r1`, in the order in which they began. */
  readonly tasks: readonly string[];
  readonly routes: readonly (readonly string[])[];
  readonly started: readonly StartedAction[];
  /** What every task published when it ended, in order. */
  readonly published: ReadonlyArray<{ readonly task: string; readonly publish: JsonObject }>;
  readonly output: JsonObject | null;
  readonly errors: readonly WorkflowError[];
}

/** Actions that are answered, and questions of one decision, before a rehearsal is given up as endless. */
const most = 20_000;

/** `task1__r2` is the task on route 2. */
export const routeMark = /__r\d+$/;

type Run = Extract<Effect, { kind: "run" }>;

/** One run of a workflow and what is known of it. */
export class Stage {
  readonly problems: string[] = [];
  readonly #workflow: CompiledWorkflow;
  readonly #rehearsal: Rehearsal;
  #state: WorkflowState = initialState();
  /** Started and not ended, in order. */
  #running: Run[] = [];
  #canceling = false;
  readonly #started: StartedAction[] = [];
  readonly #published: Array<{ task: string; publish: JsonObject }> = [];
  /** Visits of each task that took an answer, in order: the n-th visit takes the n-th answer. */
  readonly #visits = new Map<string, number[]>();
  readonly #results = new Map<string, unknown>();
  readonly #answers = new Map<string, unknown>();

  constructor(workflow: CompiledWorkflow, rehearsal: Rehearsal) {
    this.#workflow = workflow;
    this.#rehearsal = rehearsal;
  }

  async play(): Promise<void> {
    const { input, context, events } = this.#rehearsal;
    await this.#take({ kind: "start", input, context });
    for (const event of events) await this.#happen(event);
    for (let answered = 0; this.#running.length > 0; answered += 1) {
      if (answered >= most) {
        this.problems.push(`The workflow goes on after ${most} actions.`);
        return;
      }
      const [run] = this.#running;
      if (run !== undefined) await this.#end(run, this.#answerFor(run));
    }
  }

  async #happen(event: RehearsalEvent): Promise<void> {
    switch (event.kind) {
      case "task": {
        const { task, route, item, answer } = event;
        const run = this.#running.find(
          (each) => each.taskId === task && each.route === route && each.item === item,
        );
        if (run === undefined) this.problems.push(`events: ${nameOf(task, route)} does not run.`);
        else await this.#end(run, answer);
        return;
      }
      case "rerun":
        await this.#take({
          kind: "rerun",
          tasks: event.tasks.map((name) => ({
            taskId: name.replace(routeMark, ""),
            route: Number(/__r(\d+)$/.exec(name)?.[1] ?? 0),
            reset: false,
          })),
        });
        return;
      case "pause":
      case "resume":
      case "cancel":
      case "fail":
        await this.#take(event);
    }
  }

  /** The next answer of its task; whatever runs while the workflow is cancelled ends as cancelled. */
  #answerFor({ taskId, route, visit, item }: Run): Answer {
    if (this.#canceling) return { status: "canceled", result: null };
    const { results } = this.#rehearsal;
    const key = Object.hasOwn(results, nameOf(taskId, route)) ? nameOf(taskId, route) : taskId;
    const visits = this.#visits.get(key) ?? [];
    if (!visits.includes(visit)) visits.push(visit);
    this.#visits.set(key, visits);
    const answers: readonly TaskAnswer[] = (Object.hasOwn(results, key) ? results[key] : []) ?? [];
    const answer = answers[visits.indexOf(visit)] ?? answers.at(-1);
    const otherwise: Answer = answer ?? { status: "succeeded", result: null };
    return item === undefined ? otherwise : (answer?.items[item] ?? otherwise);
  }

  async #end(run: Run, { status, result }: Answer): Promise<void> {
    const { taskId, route, item } = run;
    if (isIn("completed", status)) {
      this.#running = this.#running.filter((each) => each !== run);
      this.#keep(run, { status, result });
    }
    const place = item === undefined ? {} : { item };
    await this.#take({ kind: "task", taskId, route, ...place, status, result });
  }

  /** For `task(…)` in expressions. */
  #keep({ taskId, route, item, items }: Run, { status, result }: Answer): void {
    const key = `${taskId} ${route}`;
    if (item === undefined) {
      this.#results.set(key, result);
      return;
    }
    const before = this.#results.get(key);
    const list: unknown[] = Array.isArray(before)
      ? before
      : Array.from({ length: items?.count ?? 0 }, () => null);
    this.#results.set(key, list.with(item, { status, result }));
  }

  /** A step is taken once every question of its expressions has an answer. */
  async #take(event: WorkflowEvent): Promise<void> {
    for (let asked = 0; asked < most; asked += 1) {
      try {
        const ask = (question: Question): unknown => this.#ask(question);
        this.#enter(advance(this.#workflow, this.#state, event, ask));
        return;
      } catch (error) {
        if (error instanceof ConductorError) {
          this.problems.push(`${event.kind}: ${errorText(error)}`);
          return;
        }
        if (!(error instanceof Unanswered)) throw error;
        await this.#find(error.questions);
      }
    }
  }

  async #find(questions: readonly Question[]): Promise<void> {
    for (const question of questions) {
      this.#answers.set(JSON.stringify(question), await evaluateHere(question));
    }
  }

  #ask(question: Question): unknown {
    switch (question.kind) {
      case "now":
        return this.#rehearsal.now;
      case "random":
        return 0.5;
      case "datastore":
        return own(this.#rehearsal.datastore, question.name);
      case "decrypt":
        return undefined;
      case "task": {
        const { taskId, route } = question;
        const result = this.#results.get(`${taskId} ${route}`) ?? null;
        return { task_id: taskId, task_name: taskId, route, result };
      }
      case "inventory":
        return { error: "the inventory is out of reach here" };
      case "evaluate": {
        const key = JSON.stringify(question);
        if (!this.#answers.has(key)) throw new Unanswered(question);
        return this.#answers.get(key);
      }
    }
  }

  #enter({ state, entries, effects }: Advance): void {
    this.#state = state;
    for (const entry of entries) {
      if (entry.kind !== "next") continue;
      const run = state.runs.at(entry.run);
      const published = entry.decisions.flatMap(({ publish }) => publish ?? []);
      const publish: JsonObject = Object.assign({}, ...published);
      if (run !== undefined && Object.keys(publish).length > 0) {
        this.#published.push({ task: this.#taskName(run.task), publish });
      }
    }
    for (const effect of effects) {
      if (effect.kind === "children" && effect.request === "cancel") this.#canceling = true;
      if (effect.kind === "run") this.#start(effect);
    }
  }

  #start(run: Run): void {
    const { taskId: task, route, item, action, input, delay } = run;
    this.#running.push(run);
    this.#started.push({
      task,
      route,
      action,
      input,
      ...(item === undefined ? {} : { item }),
      ...(delay === undefined ? {} : { delay }),
    });
  }

  #taskName(task: number): string {
    return this.#workflow.graph.nodes[task]?.name ?? "";
  }

  report(): RehearsalReport {
    const { status, runs, routes, output, errors } = this.#state;
    return {
      passed: true,
      problems: [],
      status,
      tasks: [...runs].map((run) => nameOf(this.#taskName(run.task), run.route)),
      routes: [...routes].map(stepsOf),
      started: this.#started,
      published: this.#published,
      output: output ?? null,
      errors: [...errors],
    };
  }
}

export function nameOf(task: string, route: number): string {
  return route === 0 ? task : `${task}__r${route}`;
}

function stepsOf(route: Route): string[] {
  const steps: string[] = [];
  for (let at = route; at.parent !== undefined; at = at.parent) steps.push(at.transition);
  return steps.toReversed();
}

function own(dict: JsonObject, key: string): unknown {
  return Object.hasOwn(dict, key) ? dict[key] : undefined;
}

function isJsonataInput(input: unknown): input is JsonataInput {
  return isObject(input) && Array.isArray(input["calls"]);
}

/** What an evaluator child would answer: rehearsals are the author's own expressions, so they run here. */
async function evaluateHere(question: Question): Promise<unknown> {
  if (question.kind !== "evaluate") throw new Unanswered(question);
  const { language, source, input } = question;
  if (language === "jsonata" && isJsonataInput(input)) return await evaluateJsonata(source, input);
  return isRegexCall(input) ? { value: runRegexHere(source, input) } : { error: "not a call" };
}

