/** Decides what an action-chain does next: one node after the other, in StackStorm's words and with its results. Pure.
 *
 * What always holds:
 * 1. The new state is the old one with the entries folded in, by the same code; folding renders nothing.
 * 2. At most one node runs; every start has a key of its own, and the end of anything else than what runs changes nothing.
 * 3. A chain that ended takes nothing in.
 * 4. A step costs what its node touches, not the number of nodes that ran; only the end and a pause list them all. */
import type { Ask } from "../expressions/context.ts";
import { renderValues } from "../expressions/render-values.ts";
import { isFinished, type FinishedStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import type { ActionChain, ChainNode } from "./action-chain-spec.ts";
import { chainResult, described, outcomes, target, traceOf } from "./action-chain-result.ts";
import {
  foldChain,
  isOver,
  type ChainEntry,
  type ChainState,
  type ChainTask,
} from "./action-chain-state.ts";
import type { WorkflowEvent } from "./conductor.ts";
import { unlessUnanswered } from "./evaluate.ts";
import type { Status } from "./statuses.ts";

/** What a chain reads besides its definition and its state. Not part of the state: it follows from the execution. */
export interface ChainSurroundings {
  readonly parameters: JsonObject;
  /** `action_context`. */
  readonly context: JsonObject;
  /** `config_context`: the configuration of the chain's pack. */
  readonly config: JsonObject;
  /** Whether the result shows what was published. */
  readonly displayPublished: boolean;
  /** Nodes that notify nobody. */
  readonly skipNotify: readonly string[];
  /** Notification of nodes that have none of their own. */
  readonly notify: JsonObject | undefined;
}

export type ChainEffect =
  /** Start the node's action. */
  | {
      readonly kind: "node";
      /** `node:0:visit`. */
      readonly key: string;
      readonly node: string;
      readonly visit: number;
      readonly action: string;
      readonly input: JsonObject;
      /** `context.chain`. */
      readonly shown: JsonObject;
      readonly notify: JsonObject | undefined;
    }
  | {
      readonly kind: "children";
      readonly request: "pause" | "resume" | "cancel";
      /** The others finish what they do. */
      readonly only?: "workflows";
    }
  /** `result`: what a paused chain shows. */
  | { readonly kind: "status"; readonly status: Status; readonly result?: JsonObject }
  | { readonly kind: "ended"; readonly status: FinishedStatus; readonly result: JsonObject };

export interface ChainStep {
  readonly state: ChainState;
  readonly entries: readonly ChainEntry[];
  readonly effects: readonly ChainEffect[];
}

export interface ChainGiven {
  readonly chain: ActionChain;
  readonly surroundings: ChainSurroundings;
  readonly ask: Ask;
  /** Time of this step as StackStorm writes it: `2026-11-21T08:00:00.000000Z`. */
  readonly at: string;
}

/** Takes in one event. Throws Unanswered when a template needs an answer first; then nothing has happened. */
export function advanceChain(
  state: ChainState,
  event: WorkflowEvent,
  given: ChainGiven,
): ChainStep {
  const step = new Step(state, given);
  if (!isOver(state)) step.take(event);
  const { entries, effects } = step;
  return { state: step.state, entries, effects };
}

class Step {
  readonly entries: ChainEntry[] = [];
  readonly effects: ChainEffect[] = [];
  readonly #given: ChainGiven;
  state: ChainState;

  constructor(state: ChainState, given: ChainGiven) {
    this.state = state;
    this.#given = given;
  }

  take(event: WorkflowEvent): void {
    switch (event.kind) {
      case "start":
        if (this.state.status === "null") this.#begin();
        return;
      case "task":
        this.#takeTask(event);
        return;
      case "fail":
        this.#refused(event);
        return;
      case "pause":
        this.#pause();
        return;
      case "resume":
        this.#resume();
        return;
      case "cancel":
        this.#cancel();
        return;
      case "rerun":
    }
  }

  #write(entry: ChainEntry): void {
    this.entries.push(entry);
    this.state = foldChain(this.state, entry);
  }

  #status(status: Status): void {
    if (this.state.status === status) return;
    this.#write({ kind: "chain-status", status });
    if (isFinished(status)) {
      this.effects.push({ kind: "ended", status, result: this.#result() });
    } else {
      const result = status === "paused" ? { result: this.#result() } : {};
      this.effects.push({ kind: "status", status, ...result });
    }
  }

  #begin(): void {
    const { chain, surroundings, ask } = this.#given;
    this.#status("running");
    try {
      this.#write({ kind: "chain", vars: renderValues(chain.vars, surroundings.parameters, ask) });
    } catch (error) {
      this.#fail("Failed initializing ``vars`` in chain.", error);
      return;
    }
    this.#goOn();
  }

  /** Starts the next node, or ends when there is none. */
  #goOn(): void {
    const { next, outcome } = this.state;
    const node = this.#given.chain.nodes.get(next);
    if (node === undefined) this.#status(outcome);
    else this.#start(node);
  }

  #start(node: ChainNode): void {
    const { surroundings, at } = this.#given;
    let input: JsonObject;
    try {
      input = this.#render(node.parameters, this.state.results, {
        action_context: { parent: surroundings.context },
        config_context: surroundings.config,
      });
    } catch (error) {
      const what = `Failed to run task "${node.name}". Parameter rendering failed.`;
      this.#fail(what, described(error, "action parameter", node.name));
      return;
    }
    const visit = this.state.visits + 1;
    this.#write({ kind: "node", node: node.name, visit, at });
    const quiet = surroundings.skipNotify.includes(node.name);
    this.effects.push({
      kind: "node",
      key: `${node.name}:0:${visit}`,
      node: node.name,
      visit,
      action: node.ref,
      input,
      shown: node.shown,
      notify: quiet ? {} : (node.notify ?? surroundings.notify),
    });
  }

  /** Later names hide earlier ones, in StackStorm's order. */
  #render(mapping: JsonObject, results: JsonObject, more: JsonObject): JsonObject {
    if (Object.keys(mapping).length === 0) return mapping;
    const { surroundings, ask } = this.#given;
    const { vars } = this.state;
    const named = { ...surroundings.parameters, ...results, ...vars, __results: results, ...more };
    return renderValues(mapping, named, ask);
  }

  #takeTask(event: Extract<WorkflowEvent, { kind: "task" }>): void {
    const { running } = this.state;
    const { taskId, status, result = null, execution = null } = event;
    if (running === undefined || running.node !== taskId) return;
    if (event.visit !== undefined && event.visit !== running.visit) return;
    const task = this.#task({ execution, state: status, result });
    if (isFinished(status)) this.#ran(task, status);
    else if (status === "paused" || status === "pending") {
      this.#write({ kind: "waits", task });
      if (this.state.status !== "canceling") this.#status("paused");
    }
  }

  #task(facts: Pick<ChainTask, "execution" | "state" | "result">): ChainTask {
    const { at } = this.#given;
    const { node = "", at: begun = at } = this.state.running ?? {};
    return { name: node, ...facts, created_at: begun, updated_at: at };
  }

  /** A node ended: publishes, and decides where it goes on. */
  #ran(task: ChainTask, status: FinishedStatus): void {
    const node = this.#given.chain.nodes.get(task.name);
    const outcome = outcomes[status];
    const next = status === "canceled" ? "" : target(node, status);
    let published: JsonObject | undefined;
    let fault: unknown;
    try {
      published = node && this.#publish(node, task.result);
    } catch (error) {
      fault = described(error, "publish parameter", task.name);
    }
    const some = published === undefined || Object.keys(published).length === 0 ? {} : { published };
    this.#write({ kind: "ran", task, outcome, next, ...some });
    if (fault !== undefined) this.#fail(undefined, fault);
    else this.#after(task.name);
  }

  #publish(node: ChainNode, result: unknown): JsonObject {
    return this.#render(node.publish, { ...this.state.results, [node.name]: result }, {});
  }

  #after(name: string): void {
    const { next, outcome, status } = this.state;
    if (next !== "" && !this.#given.chain.nodes.has(next)) {
      const reason = `Unable to find node with name "${next}".`;
      this.#fail(`Failed to get next node "${name}".`, new Error(reason));
    } else if (status === "canceling" || outcome === "canceled") this.#status("canceled");
    else if (status === "pausing") this.#status("paused");
    else if (status === "running") this.#goOn();
  }

  /** The node's action could not be started. */
  #refused({ message, taskId, cause }: Extract<WorkflowEvent, { kind: "fail" }>): void {
    const { running } = this.state;
    if (running === undefined || (taskId !== undefined && taskId !== running.node)) return;
    const { node: name } = running;
    if (cause === "parameters") this.#fail(undefined, new Error(message));
    else if (cause === "reference") {
      const ref = this.#given.chain.nodes.get(name)?.ref ?? "";
      const what = `Failed to run task "${name}". Action with reference "${ref}" doesn't exist.`;
      const reason = `Task :: ${name} - Action with ref ${ref} not registered.`;
      this.#fail(what, new Error(reason));
    } else {
      const error = `Failed running task "${name}". ${message}`;
      const task = this.#task({
        execution: null,
        state: "failed",
        result: { error, traceback: traceOf(message) },
      });
      const node = this.#given.chain.nodes.get(name);
      this.#write({ kind: "ran", task, outcome: "failed", next: node?.onFailure ?? "" });
      this.#after(name);
    }
  }

  /** The chain fails as a whole. */
  #fail(what: string | undefined, error: unknown): void {
    const known = unlessUnanswered(error);
    const reason = known instanceof Error ? known.message : String(known);
    // StackStorm joins the two with ". ", whatever the first ends with.
    const message = what === undefined ? reason : `${what}. ${reason}`;
    this.#write({ kind: "chain-error", error: { error: message, traceback: traceOf(reason) } });
    this.#status("failed");
  }

  #pause(): void {
    const { status, running } = this.state;
    if (status !== "running" && status !== "resuming") return;
    this.effects.push({ kind: "children", request: "pause", only: "workflows" });
    this.#status(running === undefined || running.waits !== undefined ? "paused" : "pausing");
  }

  #resume(): void {
    const { status, running } = this.state;
    if (status !== "paused" && status !== "pausing") return;
    if (running?.waits?.state === "pending") {
      // Only an answer leads on. The row says "resuming": it is told that the chain still rests.
      this.effects.push({ kind: "status", status: "paused", result: this.#result() });
      return;
    }
    this.#status("running");
    if (running === undefined) this.#goOn();
    else {
      this.#write({ kind: "goes-on" });
      this.effects.push({ kind: "children", request: "resume", only: "workflows" });
    }
  }

  /** What waits is canceled with the chain; an action at work finishes first, as in StackStorm. */
  #cancel(): void {
    const { running, status } = this.state;
    if (status === "canceling") return;
    if (running === undefined) {
      this.#status("canceled");
      return;
    }
    const only = running.waits === undefined ? ({ only: "workflows" } as const) : {};
    this.effects.push({ kind: "children", request: "cancel", ...only });
    this.#status("canceling");
  }

  #result(): JsonObject {
    return chainResult(this.state, this.#given.surroundings.displayPublished);
  }
}
