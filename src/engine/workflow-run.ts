/** A workflow in memory: decides in memory, writes units in order, then brings their effects about. */
import { passing } from "../model/crash-points.ts";
import type { Ask, Question } from "../expressions/context.ts";
import { childContext } from "../model/child-context.ts";
import { isFinished, type FinishedStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { decide, decideNow } from "../processes/ask.ts";
import { findExecution } from "../store/executions.ts";
import { forEach, Stint } from "../store/stint.ts";
import { holdsSomething, type SnapshotRow, type WorkflowRow } from "../store/unit.ts";
import type { WorkflowEvent } from "../workflows/conductor.ts";
import type { Course, CourseEffect, Turn } from "../workflows/course.ts";
import { isIn, type Status } from "../workflows/statuses.ts";
import { tellParent, telling } from "./announce.ts";
import { eventOf, Heard, reasonOf, tellChildren, unheardChildren, wishes } from "./children.ts";
import type { ChildEnd, Conducted, Core } from "./core.ts";
import { type Launch, plan, rowsOf } from "./launch.ts";
import type { LoadedWorkflow } from "./load-workflow.ts";
import { checkedEnd } from "./output-check.ts";
import { nextTry } from "./retry.ts";
import type { Claim } from "./run.ts";
import { SecretBook, secretsOf } from "./secrets.ts";
import { release, start, tellFinished } from "./start.ts";
import { isSomething, isStillMine, nothing, restsOrGoesOn, unitOf } from "./pending.ts";
import {
  nodeChild,
  onlyOf,
  refusedEvent,
  taskChild,
  timeNow,
  type Child,
} from "./workflow-child.ts";
import { answerIn, isHeld } from "./workflow-context.ts";

/** Journal rows between two snapshots. */
const snapshotEvery = 200;
/** Steps that may run ahead of the disk. */
const runAhead = 500;
/** One workflow in hand. See `conduct.ts` for what must stay true. */
export class WorkflowRun implements Conducted {
  readonly #core: Core;
  readonly #claim: Claim;
  readonly #base: JsonObject;
  #course: Course;
  #seq: number;
  #sinceSnapshot = 0;
  #pending = nothing();
  #events: WorkflowEvent[] = [];
  #working: Promise<void> | undefined;
  #ended = false;
  #dropped = false;
  readonly #heard = new Heard();
  readonly #secrets: SecretBook;
  /** The operator's wish that was taken in last; none once it changed the workflow's status. */
  #wish: string | undefined;
  /** An operator paused it: only an operator resumes it. What an inquiry paused goes on with the answer. */
  #held: boolean;

  constructor(core: Core, claim: Claim, { course, seq, secrets }: LoadedWorkflow) {
    this.#core = core;
    this.#claim = claim;
    this.#base = childContext(claim);
    this.#course = course;
    this.#seq = seq;
    this.#secrets = new SecretBook([...secretsOf(core, claim), ...secrets]);
    this.#held = isHeld(claim.context);
  }

  open(row?: WorkflowRow): void {
    this.#core.conducted.set(this.#claim.id, this);
    if (row !== undefined) this.#pending.workflows.push(row);
  }

  feed(event: WorkflowEvent): void {
    this.#events.push(event);
    this.#work();
  }

  deliver(child: ChildEnd): void {
    const { id, context, status, result, change, instances = [], recorded } = child;
    if (this.#dropped || !this.#heard.isNews(id, status)) return;
    this.#secrets.add(child.secrets);
    if (change === undefined) this.#pending.delivered.push({ id, status });
    else this.#pending.changes.push(change);
    this.#pending.instances.push(...instances);
    if (recorded !== undefined) this.#pending.after.push(recorded);
    const event = eventOf({ id, context, status, result });
    if (event !== undefined && !this.#ended) this.#events.push(event);
    if (this.#course.status === "paused" && !this.#held && isFinished(status))
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
    for (const child of await unheardChildren(this.#core, this.#claim.id)) this.deliver(child);
    const row = await findExecution(this.#core.database.db, this.#claim.id);
    const wish = wishes[row?.status ?? ""];
    this.#held = row !== undefined && isHeld(row.context);
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
    const stint = new Stint();
    for (let steps = 0; this.#events.length > 0 && steps < runAhead; steps++) {
      const deciding = this.#decide();
      if (deciding !== undefined) await deciding;
      if (stint.isLong()) await stint.rest();
    }
  }

  /** Takes in the next event; a promise only when an answer has to be fetched. */
  #decide(): Promise<void> | undefined {
    const event = this.#events.shift();
    if (event === undefined) return undefined;
    // Meanwhile a child that went on may have taken it along.
    if (event.kind === "resume" && !isIn("pause", this.#course.status)) return undefined;
    const at = timeNow();
    const decision = (ask: Ask): Turn => this.#course.advance(event, ask, at);
    const decided = decideNow(decision, this.#core.ask);
    if ("value" in decided) return this.#take(decided.value);
    return decide(decision, (question) => this.#answer(question)).then((step) => this.#take(step));
  }

  #answer(question: Question): Promise<unknown> {
    return answerIn(this.#core, this.#claim, question, this.#pending);
  }

  #take({ course, entries, effects }: Turn): Promise<void> | undefined {
    this.#course = course;
    for (const entry of entries) this.#pending.entries.push(entry);
    return forEach(effects, (effect) => this.#effect(effect));
  }

  #effect(effect: CourseEffect): Promise<void> | undefined {
    switch (effect.kind) {
      case "run":
        return this.#start(taskChild(this.#core, this.#claim, this.#base, effect));
      case "node":
        return this.#start(nodeChild(this.#core, { id: this.#claim.id, base: this.#base }, effect));
      case "children":
        this.#pending.after.push(
          () => void tellChildren(this.#core, this.#claim.id, effect.request, onlyOf(effect)),
        );
        return undefined;
      case "status":
        this.#status(effect.status, "result" in effect ? effect.result : undefined);
        return undefined;
      case "finished":
        this.#finished(effect);
        return undefined;
      case "ended":
        this.#end(effect);
        return undefined;
    }
  }

  #start(child: Child): Promise<void> | undefined {
    try {
      const planned = decideNow((ask) => plan(this.#core, child.wish(), ask), this.#core.ask);
      if ("value" in planned) return this.#launch(planned.value, child);
    } catch (error) {
      return this.#refused(child, error);
    }
    return decide(
      (ask) => plan(this.#core, child.wish(), ask),
      (question) => this.#answer(question),
    ).then(
      (launch) => this.#launch(launch, child),
      (error: unknown) => this.#refused(child, error),
    );
  }

  #launch(launch: Launch, { place }: Child): undefined {
    if (launch.how === "inline") {
      const { row } = launch;
      this.#pending.finished.push(row);
      this.#events.push({
        kind: "task",
        status: "succeeded",
        result: row.z,
        execution: row.i,
        ...place,
      });
      this.#pending.after.push(() => tellFinished(this.#core, launch));
    } else {
      this.#add(launch);
    }
    return undefined;
  }

  #add(launch: Launch): void {
    const { executions, gates } = rowsOf([launch]);
    this.#pending.executions.push(...executions);
    this.#pending.gates.push(...gates);
    this.#pending.launches.push(launch);
  }

  #refused(child: Child, error: unknown): undefined {
    this.#events.push(refusedEvent(this.#core, { workflow: this.#claim.id, child, error }));
    return undefined;
  }

  #status(status: Status, result?: JsonObject): void {
    this.#wish = undefined;
    if (isFinished(status) || status === "null" || status === "retrying") return;
    if (status === "running" && this.#seq === 0) return;
    if (status === "running") this.#held = false;
    const { id, fence, parent } = this.#claim;
    const child = typeof parent === "string" && restsOrGoesOn.has(status);
    const recorded = result === undefined ? {} : this.#secrets.shown(result).recorded;
    const flags = { ended: false, delivered: !child, released: false };
    this.#pending.changes.push({ id, fence, status, ...recorded, ...flags });
    if (child)
      this.#pending.after.push(() => tellParent(this.#core, this.#claim, { status, result }));
  }

  #finished({ status, output, errors }: Extract<CourseEffect, { kind: "finished" }>): void {
    if (!isFinished(status)) return;
    const failed = status !== "succeeded" && errors.length > 0;
    this.#end({ status, result: { output, ...(failed ? { errors } : {}) } });
  }

  #end(reached: { readonly status: FinishedStatus; readonly result: JsonObject }): void {
    if (this.#ended) return;
    this.#ended = true;
    const { status, result } = checkedEnd(this.#core, this.#claim, reached);
    const again = nextTry(this.#core, this.#claim, status);
    if (again !== undefined) this.#add(again);
    const { id, fence, parent } = this.#claim;
    const { recorded, visible, secrets } = this.#secrets.shown(result);
    this.#pending.changes.push({
      id,
      fence,
      status,
      ...recorded,
      ended: true,
      delivered: typeof parent !== "string" || again !== undefined,
      released: true,
    });
    const { instances, after } = telling(this.#core, this.#claim, { status, result: visible });
    this.#pending.instances.push(...instances);
    this.#pending.after.push(after);
    if (again === undefined)
      this.#pending.after.push(() =>
        tellParent(this.#core, this.#claim, { status, result, secrets }),
      );
  }

  async #write(): Promise<void> {
    const { entries, launches, after } = this.#pending;
    const [id, seq, snapshots] = [
      this.#claim.id,
      this.#seq + 1,
      this.#snapshot(entries.length > 0),
    ];
    const unit = unitOf(this.#pending, { id, seq, snapshots });
    this.#pending = nothing();
    try {
      passing("workflow.before-commit");
      // An event may lead to nothing: what it asked for had come about by itself.
      if (holdsSomething(unit)) await this.#core.pump.commit(unit, { persistent: true });
    } catch (error) {
      release(this.#core, launches);
      throw error;
    }
    passing("workflow.after-commit");
    if (entries.length > 0) this.#seq++;
    start(this.#core, launches);
    await forEach(after, (work) => work());
    passing("workflow.after-effects");
    if (this.#ended && this.#events.length === 0 && !isSomething(this.#pending))
      this.#core.conducted.delete(id);
  }

  #snapshot(stepped: boolean): SnapshotRow[] {
    if (!stepped || ++this.#sinceSnapshot < snapshotEvery || this.#ended) return [];
    this.#sinceSnapshot = 0;
    return [
      {
        execution_id: this.#claim.id,
        snapshot: this.#course.snapshot(),
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
