/** Traces for OpenTelemetry, made from what the ledger says anyway: an event, the executions it led to, their tasks. Nothing is carried along while
 * work is done: ids of traces and spans follow from ids of the ledger, so a trace comes together whichever process did what. */
import { createHash } from "node:crypto";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { openExecutions, executionsOf, statusesOf } from "../store/execution-watch.ts";
import type { StoredExecution } from "../store/executions.ts";
import type { Db } from "../store/schema.ts";
import { findInstance } from "../store/reads.ts";

export interface Collector {
  /** `http://collector:4318`, where OTLP over HTTP is taken. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}

const mostOpen = 20_000;
const mostAtOnce = 500;
const mostKnown = 50_000;
const answerMs = 10_000;

function hex(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

function nanoseconds(at: Date): string {
  return `${at.getTime()}000000`;
}

function attributes(values: Readonly<Record<string, string>>): readonly JsonObject[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** The trigger instance from which an execution came. */
function instanceOf({ context }: StoredExecution): string | undefined {
  const { trigger_instance: instance } = context;
  return isObject(instance) && typeof instance["id"] === "string" ? instance["id"] : undefined;
}

function span(execution: StoredExecution, root: string): JsonObject {
  const { id, action, status, runner, parent, created_at, ended_at } = execution;
  const from = parent ?? instanceOf(execution);
  const { user } = execution.context;
  return {
    traceId: hex(`trace ${root}`, 32),
    spanId: hex(`span ${id}`, 16),
    ...(from === undefined ? {} : { parentSpanId: hex(`span ${from}`, 16) }),
    name: action,
    kind: 1,
    startTimeUnixNano: nanoseconds(created_at),
    endTimeUnixNano: nanoseconds(ended_at ?? created_at),
    attributes: attributes({
      "raicho.execution.id": id,
      "raicho.execution.status": status,
      "raicho.action": action,
      "raicho.runner": runner,
      ...(typeof user === "string" ? { "raicho.user": user } : {}),
    }),
    status: { code: status === "succeeded" ? 1 : 2 },
  };
}

/** Looks again and again for executions that ended, and sends their spans. What could not be sent is tried again with the next look. */
export class Telemetry {
  readonly #db: Db;
  readonly #collector: Collector;
  #after: string;
  #open: Set<string> | undefined;
  readonly #roots = new Map<string, string>();
  readonly #events = new Set<string>();

  /** `after`: id of the last execution that is of no interest. */
  constructor(db: Db, collector: Collector, after: string) {
    this.#db = db;
    this.#collector = collector;
    this.#after = after;
  }

  /** One look. Rejects when the ledger or the collector cannot be reached. */
  async look(): Promise<void> {
    this.#open ??= new Set((await openExecutions(this.#db, mostOpen)).map(({ id }) => id));
    const seen = await statusesOf(this.#db, this.#after, [...this.#open]);
    const finished: string[] = [];
    for (const { id, status } of seen) {
      if (isFinished(status)) finished.push(id);
      else if (this.#open.size < mostOpen) this.#open.add(id);
    }
    for (let at = 0; at < finished.length; at += mostAtOnce) {
      const ids = finished.slice(at, at + mostAtOnce);
      await this.#send(ids);
      for (const id of ids) this.#open.delete(id);
    }
    const last = seen.findLast(({ id }) => id > this.#after);
    if (last !== undefined) this.#after = last.id;
  }

  async #send(ids: readonly string[]): Promise<void> {
    const spans: JsonObject[] = [];
    const events = new Set<string>();
    for (const execution of await executionsOf(this.#db, ids)) {
      const root = await this.#rootOf(execution);
      spans.push(span(execution, root), ...(await this.#eventOf(execution, root, events)));
    }
    if (spans.length === 0) return;
    const resource = { attributes: attributes({ "service.name": "raicho" }) };
    const body = {
      resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "raicho" }, spans }] }],
    };
    const response = await fetch(`${this.#collector.endpoint.replace(/\/$/, "")}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json", ...this.#collector.headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerMs),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the collector answered ${response.status}`);
    if (this.#events.size > mostKnown) this.#events.clear();
    for (const id of events) this.#events.add(id);
  }

  /** What the whole trace is named after: the event, or the execution that nobody caused. */
  async #rootOf(execution: StoredExecution): Promise<string> {
    const way: string[] = [];
    let top = execution;
    while (top.parent !== null) {
      const known = this.#roots.get(top.id);
      if (known !== undefined) return known;
      way.push(top.id);
      const [above] = await executionsOf(this.#db, [top.parent]);
      if (above === undefined) break;
      top = above;
    }
    const root = instanceOf(top) ?? top.id;
    if (this.#roots.size > mostKnown) this.#roots.clear();
    for (const id of way) this.#roots.set(id, root);
    return root;
  }

  /** The span of the event, once. */
  async #eventOf(
    execution: StoredExecution,
    root: string,
    sent: Set<string>,
  ): Promise<readonly JsonObject[]> {
    const id = execution.parent === null ? instanceOf(execution) : undefined;
    if (id === undefined || this.#events.has(id) || sent.has(id)) return [];
    const instance = await findInstance(this.#db, id);
    if (instance === undefined) return [];
    sent.add(id);
    return [
      {
        traceId: hex(`trace ${root}`, 32),
        spanId: hex(`span ${id}`, 16),
        name: `event ${instance.trigger}`,
        kind: 4,
        startTimeUnixNano: nanoseconds(instance.occurred_at),
        endTimeUnixNano: nanoseconds(execution.created_at),
        attributes: attributes({
          "raicho.trigger": instance.trigger,
          "raicho.trigger_instance.id": id,
        }),
      },
    ];
  }
}
