/** A workflow in memory: decides in memory, writes units in order, then brings their effects about. */
import type { Question } from "../expressions/context.ts";
import { AppError } from "../model/errors.ts";
import { childContext, taskContext } from "../model/child-context.ts";
import { isFinished } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { decide, decideNow } from "../processes/ask.ts";
import { findExecution, undeliveredChildren } from "../store/executions.ts";
import type { SnapshotRow, Unit, WorkflowRow } from "../store/unit.ts";
import { advance, type Effect, snapshot, type WorkflowEvent } from "../workflows/conductor.ts";
import type { CompiledWorkflow } from "../workflows/spec.ts";
import type { WorkflowState } from "../workflows/state.ts";
import { announceFinished, tellParent } from "./announce.ts";
import { eventOf, reasonOf, tellChildren, wishes } from "./children.ts";
import type { ChildEnd, Conducted, Core } from "./core.ts";
import { type Launch, plan } from "./launch.ts";
import type { Claim } from "./run.ts";
import { release, start } from "./start.ts";
import { isSomething, isStillMine, latestChanges, nothing } from "./pending.ts";
import { taskAnswer } from "./workflow-context.ts";

/** Journal rows between two snapshots. */
const snapshotEvery = 200;
/** Steps that may run ahead of the disk. */
const runAhead = 500;

/** One workflow in hand. See `conduct.ts` for what must stay true. */
export class WorkflowRun implements Conducted {
  readonly #core: Core;
  readonly #claim: Claim;
  readonly #compiled: CompiledWorkflow;
  readonly #base: JsonObject;
  #state: WorkflowState;
  #seq: number;
  #sinceSnapshot = 0;
  #pending = nothing();
  #events: WorkflowEvent[] = [];
  #working: Promise<void> | undefined;
  #ended = false;
  #dropped = false;
  /** Ends already taken in: a bell and a local delivery may bring the same one. */
  readonly #seen = new Set<string>();
  /** The operator's wish that was taken in last; none once it changed the workflow's status. */
  #wish: string | undefined;
  /** An operator paused it: only an operator resumes it. What an inquiry paused goes on with the answer. */
  #held: boolean;

  constructor(
    core: Core,
    claim: Claim,
    { compiled, state, seq }: { compiled: CompiledWorkflow; state: WorkflowState; seq: number },
  ) {
    this.#core = core;
    this.#claim = claim;
    this.#compiled = compiled;
    this.#base = childContext(claim);
    this.#state = state;
    this.#seq = seq;
    this.#held = typeof claim.context["paused_by"] === "string";
  }

  open(row?: WorkflowRow): void {
    this.#core.conducted.set(this.#claim.id, this);
    if (row !== undefined) this.#pending.workflows.push(row);
  }

  feed(event: WorkflowEvent): void {
    this.#events.push(event);
    this.#work();
  }

  deliver({ id, context, status, result, change, recorded }: ChildEnd): void {
    const key = `${id} ${status}`;
    if (this.#seen.has(key) || this.#dropped) return;
    this.#seen.add(key);
    if (change === undefined) this.#pending.delivered.push({ id });
    else this.#pending.changes.push(change);
    if (recorded !== undefined) this.#pending.after.push(recorded);
    const event = eventOf(context, status, result);
    if (event !== undefined && !this.#ended) this.#events.push(event);
    if (this.#state.status === "paused" && !this.#held && isFinished(status))
      this.#events.push({ kind: "resume" });
    this.#work();
  }

  look(): void {
    void this.#look().catch((error: unknown) =>
      this.#core.log("warn", "a workflow could not look for its children", {
        execution: this.#claim.id,
        reason: reasonOf(error),
      }),
    );
  }

  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #look(): Promise<void> {
    const { db } = this.#core.database;
    for (const child of await undeliveredChildren(db, [this.#claim.id])) this.deliver(child);
    const row = await findExecution(db, this.#claim.id);
    const wish = wishes[row?.status ?? ""];
    this.#held = typeof row?.context["paused_by"] === "string";
    if (wish === undefined || this.#ended || this.#wish === wish) return;
    this.#wish = wish;
    this.feed({ kind: wish });
  }

  /** One worker at a time: decides in memory, writes, decides what came meanwhile. */
  #work(): void {
    this.#working ??= this.#run().finally(() => {
      this.#working = undefined;
      if (!this.#dropped && (this.#events.length > 0 || isSomething(this.#pending))) this.#work();
    });
  }

  async #run(): Promise<void> {
    try {
      while (!this.#dropped && (this.#events.length > 0 || isSomething(this.#pending))) {
        await this.#decideSome();
        await this.#write();
      }
    } catch (error) {
      await this.#startOver(error);
    }
  }

  async #decideSome(): Promise<void> {
    for (let steps = 0; this.#events.length > 0 && steps < runAhead; steps++) {
      const deciding = this.#decide();
      if (deciding !== undefined) await deciding;
    }
  }

  /** Takes in the next event; a promise only when an answer has to be fetched. */
  #decide(): Promise<void> | undefined {
    const event = this.#events.shift();
    if (event === undefined) return undefined;
    const decided = decideNow(
      (ask) => advance(this.#compiled, this.#state, event, ask),
      this.#core.ask,
    );
    if ("value" in decided) return this.#take(decided.value);
    return decide(
      (ask) => advance(this.#compiled, this.#state, event, ask),
      (question) => this.#answer(question),
    ).then((step) => this.#take(step));
  }

  /** What only this workflow can tell: `task(name)`. */
  async #answer(question: Question): Promise<unknown> {
    if (question.kind !== "task") return this.#core.answer(question);
    return taskAnswer(this.#core, this.#claim.id, question, this.#pending);
  }

  #take({ state, entries, effects }: ReturnType<typeof advance>): Promise<void> | undefined {
    this.#state = state;
    for (const entry of entries) this.#pending.entries.push(entry);
    let slow: Promise<void> | undefined;
    for (const effect of effects) {
      const waiting = slow;
      const next =
        waiting === undefined ? this.#effect(effect) : waiting.then(() => this.#effect(effect));
      if (next !== undefined) slow = next;
    }
    return slow;
  }

  #effect(effect: Effect): Promise<void> | undefined {
    switch (effect.kind) {
      case "run":
        return this.#runTask(effect);
      case "children":
        this.#pending.after.push(
          () => void tellChildren(this.#core, this.#claim.id, effect.request),
        );
        return undefined;
      case "status":
        this.#status(effect.status);
        return undefined;
      case "finished":
        this.#finished(effect);
        return undefined;
    }
  }

  #runTask(effect: Extract<Effect, { kind: "run" }>): Promise<void> | undefined {
    const { key, item, action, input, delay } = effect;
    const wish = {
      action,
      parameters: input ?? {},
      context: { ...this.#base, orquesta: taskContext(this.#claim.id, effect) },
      derived: item === undefined,
      parent: this.#claim.id,
      taskKey: key,
      ...(delay === undefined ? {} : { delaySeconds: delay }),
    };
    try {
      const planned = decideNow((ask) => plan(this.#core, wish, ask), this.#core.ask);
      if ("value" in planned) return this.#launch(planned.value, effect);
    } catch (error) {
      return this.#refused(effect, error);
    }
    return decide(
      (ask) => plan(this.#core, wish, ask),
      (question) => this.#answer(question),
    ).then(
      (launch) => this.#launch(launch, effect),
      (error: unknown) => this.#refused(effect, error),
    );
  }

  #launch(launch: Launch, { taskId, route, item }: Extract<Effect, { kind: "run" }>): undefined {
    if (launch.how === "inline") {
      this.#pending.finished.push(launch.row);
      this.#events.push({
        kind: "task",
        taskId,
        route,
        status: "succeeded",
        result: launch.row.z,
        ...(item === undefined ? {} : { item }),
      });
      this.#pending.after.push(() => announceFinished(this.#core, launch));
    } else {
      this.#pending.executions.push(launch.row);
      this.#pending.launches.push(launch);
    }
    return undefined;
  }

  #refused({ taskId, route }: Extract<Effect, { kind: "run" }>, error: unknown): undefined {
    if (!(error instanceof AppError))
      this.#core.log("error", "a task could not be started", {
        execution: this.#claim.id,
        task: taskId,
        reason: reasonOf(error),
      });
    this.#events.push({
      kind: "fail",
      message: error instanceof Error ? error.message : String(error),
      taskId,
      route,
    });
    return undefined;
  }

  #status(status: WorkflowState["status"]): void {
    this.#wish = undefined;
    if (isFinished(status) || status === "null" || status === "retrying") return;
    if (status === "running" && this.#seq === 0) return;
    const { id, fence } = this.#claim;
    const change = { id, fence, status, ended: false, delivered: true, released: false } as const;
    this.#pending.changes.push(change);
    const { parent } = this.#claim;
    if ((status === "paused" || status === "pending") && parent !== undefined && parent !== null)
      this.#pending.after.push(() => tellParent(this.#core, this.#claim, { status, result: null }));
  }

  #finished({ status, output, errors }: Extract<Effect, { kind: "finished" }>): void {
    if (this.#ended || !isFinished(status)) return;
    this.#ended = true;
    const { id, fence, parent } = this.#claim;
    const result = { output, ...(status === "succeeded" || errors.length === 0 ? {} : { errors }) };
    const child = parent !== undefined && parent !== null;
    this.#pending.changes.push({
      id,
      fence,
      status,
      result,
      ended: true,
      delivered: !child,
      released: true,
    });
    this.#pending.after.push(() => tellParent(this.#core, this.#claim, { status, result }));
  }

  async #write(): Promise<void> {
    const { entries, executions, finished, changes, delivered, workflows, launches, after } =
      this.#pending;
    this.#pending = nothing();
    const execution_id = this.#claim.id;
    const unit: Unit = {
      workflows,
      executions,
      finished,
      changes: latestChanges(changes),
      delivered,
      journal: entries.length === 0 ? [] : [{ execution_id, seq: this.#seq + 1, entries }],
      snapshots: this.#snapshot(entries.length > 0),
    };
    try {
      await this.#core.pump.commit(unit, { persistent: true });
    } catch (error) {
      release(this.#core, launches);
      throw error;
    }
    if (entries.length > 0) this.#seq++;
    start(this.#core, launches);
    for (const work of after) work();
    if (this.#ended && this.#events.length === 0 && !isSomething(this.#pending))
      this.#core.conducted.delete(execution_id);
  }

  #snapshot(stepped: boolean): SnapshotRow[] {
    if (!stepped || ++this.#sinceSnapshot < snapshotEvery || this.#ended) return [];
    this.#sinceSnapshot = 0;
    return [
      {
        execution_id: this.#claim.id,
        snapshot: snapshot(this.#state),
        snapshot_seq: this.#seq + 1,
      },
    ];
  }

  /** The ledger refused: somebody changed a child or conducts instead of us. Forgets everything and reads it again. */
  async #startOver(error: unknown): Promise<void> {
    this.#dropped = true;
    const core = this.#core;
    core.conducted.delete(this.#claim.id);
    core.log("warn", "a workflow is read again from the ledger", {
      execution: this.#claim.id,
      reason: error instanceof Error ? error.message : String(error),
    });
    if (await isStillMine(core, this.#claim)) void core.carry.conduct(core, this.#claim, "known");
  }
}
