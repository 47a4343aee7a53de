/** Conducts workflows: feeds events to the pure conductor, writes what it decided, brings its effects about.
 *
 * 1. One process conducts a workflow: the one that holds its claim. Journal entries carry rising numbers; a second conductor's entry is refused by
 *    the ledger, and the one who lost drops what it thought.
 * 2. What was decided is one unit: journal entry, new children, ends of children that led to it. Units of a workflow are written one after the other.
 * 3. Pure steps run ahead of the disk; an effect that leaves the process (a runner, a ring, an announcement) waits until its unit is on disk.
 * 4. State = snapshot + journal: dropping a conductor at any moment loses nothing. Ends that nobody took in are found by `delivered = false`. */
import type { Question } from "../expressions/context.ts";
import { AppError } from "../model/errors.ts";
import { childContext, taskContext } from "../model/child-context.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide, decideNow } from "../processes/ask.ts";
import { findExecution, undeliveredChildren } from "../store/executions.ts";
import type {
  ExecutionChange,
  ExecutionRow,
  FinishedRow,
  SnapshotRow,
  Unit,
  WorkflowRow,
} from "../store/unit.ts";
import { latestOfTask, openChildren } from "../store/workflows.ts";
import {
  advance,
  type Effect,
  initialState,
  snapshot,
  type WorkflowEvent,
} from "../workflows/conductor.ts";
import type { JournalEntry } from "../workflows/journal.ts";
import type { CompiledWorkflow } from "../workflows/spec.ts";
import type { WorkflowState } from "../workflows/state.ts";
import { isStatus } from "../workflows/statuses.ts";
import type { ChildEnd, Conducted, Core } from "./core.ts";
import { type Launch, plan } from "./launch.ts";
import { cancel, steer } from "./request.ts";
import { loadWorkflow } from "./load-workflow.ts";
import { announceEnd, announceFinished, type Claim } from "./run.ts";
import { release, start } from "./start.ts";
import { startContext, taskFacts, workflowInput } from "./workflow-context.ts";
import { pin, pinnedNow } from "./workflow-definitions.ts";

/** Journal rows between two snapshots. */
const snapshotEvery = 200;
/** Steps that may run ahead of the disk. */
const runAhead = 500;

/** Takes a claimed workflow in hand. Resolves when it is in memory (or has ended); it goes on by itself. Never rejects. */
export async function conduct(core: Core, claim: Claim, how: "new" | "known"): Promise<void> {
  try {
    const known = how === "new" ? pinnedNow(core, claim.action) : undefined;
    if (known !== undefined) return begin(core, claim, known);
    if (how === "known") {
      const loaded = await loadWorkflow(core, claim.id);
      if (loaded !== undefined) return await resume(core, claim, loaded);
    }
    const pinned = await pin(core, claim.action);
    if ("errors" in pinned) return await refuse(core, claim, pinned.errors);
    return begin(core, claim, pinned);
  } catch (error) {
    core.conducted.delete(claim.id);
    core.log("error", "a workflow could not be conducted; it is tried again", {
      execution: claim.id,
      reason: text(error),
    });
    return undefined;
  }
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function begin(
  core: Core,
  claim: Claim,
  { compiled, hash }: { compiled: CompiledWorkflow; hash: string },
): void {
  const run = new WorkflowRun(core, claim, { compiled, state: initialState(), seq: 0 });
  run.open({ execution_id: claim.id, definition: hash });
  run.feed({
    kind: "start",
    input: workflowInput(core, claim),
    context: startContext(core, claim),
  });
}

async function resume(
  core: Core,
  claim: Claim,
  loaded: { compiled: CompiledWorkflow; state: WorkflowState; seq: number },
): Promise<void> {
  const run = new WorkflowRun(core, claim, loaded);
  run.open();
  if (loaded.seq === 0)
    run.feed({
      kind: "start",
      input: workflowInput(core, claim),
      context: startContext(core, claim),
    });
  for (const child of await undeliveredChildren(core.database.db, [claim.id])) run.deliver(child);
  run.look();
  await run.settled();
}

/** A workflow that cannot be inspected without faults fails with them. */
async function refuse(core: Core, claim: Claim, errors: readonly unknown[]): Promise<void> {
  const result = { output: null, errors };
  const child = claim.parent !== undefined && claim.parent !== null;
  const change: ExecutionChange = {
    id: claim.id,
    fence: claim.fence,
    status: "failed",
    result,
    ended: true,
    delivered: !child,
    released: true,
  };
  await core.pump.commit({ changes: [change] }, { persistent: true });
  tellParent(core, claim, { status: "failed", result });
}

function tellParent(
  core: Core,
  claim: Claim,
  { status, result }: { status: ExecutionChange["status"]; result: unknown },
): void {
  if (isFinished(status)) announceEnd(core, claim, { status, result });
  if (claim.parent === undefined || claim.parent === null) return;
  const parent = core.conducted.get(claim.parent);
  if (parent === undefined) core.bells.ring({ kind: "advance", id: claim.parent });
  else parent.deliver({ id: claim.id, context: claim.context, status, result });
}

interface Pending {
  entries: JournalEntry[];
  executions: ExecutionRow[];
  finished: FinishedRow[];
  changes: ExecutionChange[];
  delivered: { id: string }[];
  workflows: WorkflowRow[];
  launches: Launch[];
  after: (() => void)[];
}

function nothing(): Pending {
  return {
    entries: [],
    executions: [],
    finished: [],
    changes: [],
    delivered: [],
    workflows: [],
    launches: [],
    after: [],
  };
}

class WorkflowRun implements Conducted {
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
    this.#work();
  }

  look(): void {
    void this.#look().catch((error: unknown) =>
      this.#core.log("warn", "a workflow could not look for its children", {
        execution: this.#claim.id,
        reason: text(error),
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
    const key = `wish ${row?.status ?? ""} ${this.#state.status}`;
    if (wish === undefined || this.#ended || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.feed({ kind: wish });
  }

  /** One worker at a time: decides in memory, writes, decides what came meanwhile. */
  #work(): void {
    this.#working ??= this.#run().finally(() => {
      this.#working = undefined;
      if (!this.#dropped && (this.#events.length > 0 || this.#hasPending())) this.#work();
    });
  }

  async #run(): Promise<void> {
    try {
      while (!this.#dropped && (this.#events.length > 0 || this.#hasPending())) {
        for (let steps = 0; this.#events.length > 0 && steps < runAhead; steps++) {
          const deciding = this.#decide();
          if (deciding !== undefined) await deciding;
        }
        await this.#write();
      }
    } catch (error) {
      await this.#startOver(error);
    }
  }

  #hasPending(): boolean {
    const { entries, changes, delivered, workflows } = this.#pending;
    return entries.length > 0 || changes.length > 0 || delivered.length > 0 || workflows.length > 0;
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
    const { taskId, route } = question;
    const ahead = this.#pending.finished.findLast(
      ({ k }) => k?.startsWith(`${taskId}:${route}:`) === true,
    );
    const waiting =
      ahead === undefined ? undefined : { task_key: ahead.k, status: "succeeded", result: ahead.z };
    const row = await latestOfTask(this.#core.database.db, this.#claim.id, { taskId, route });
    return taskFacts(this.#claim.id, { taskId, route }, { waiting, row });
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
        this.#pending.after.push(() => void this.#tellChildren(effect.request));
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
        reason: text(error),
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
    const result = { output, ...(errors.length === 0 ? {} : { errors }) };
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
      changes,
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
    if (this.#ended && this.#events.length === 0 && !this.#hasPending())
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

  async #tellChildren(request: "pause" | "resume" | "cancel"): Promise<void> {
    const core = this.#core;
    for (const { id, runner } of await openChildren(core.database.db, this.#claim.id)) {
      const told =
        request === "cancel"
          ? cancel(core, id, core.systemUser)
          : runner === "orquesta"
            ? steer(core, id, request === "pause" ? "pausing" : "resuming")
            : undefined;
      await told?.catch((error: unknown) =>
        core.log("warn", `a child could not be told to ${request}`, {
          execution: id,
          reason: text(error),
        }),
      );
    }
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
    const row = await findExecution(core.database.db, this.#claim.id);
    if (row?.owner !== core.process || row.fence !== this.#claim.fence || isFinished(row.status))
      return;
    setImmediate(() => void conduct(core, this.#claim, "known"));
  }
}

const wishes: Readonly<Record<string, "cancel" | "pause" | "resume">> = {
  canceling: "cancel",
  pausing: "pause",
  resuming: "resume",
};

function eventOf(context: JsonObject, status: string, result: unknown): WorkflowEvent | undefined {
  const orquesta = isObject(context["orquesta"]) ? context["orquesta"] : {};
  const { task_id: taskId, task_route: route, item_id: item } = orquesta;
  if (typeof taskId !== "string" || typeof route !== "number" || !isStatus(status))
    return undefined;
  return {
    kind: "task",
    taskId,
    route,
    status,
    result: result ?? null,
    ...(typeof item === "number" ? { item } : {}),
  };
}
