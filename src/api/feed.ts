/** What happens to executions, as events for streams. One per process; it reads the ledger only while somebody listens.
 *
 * 1. The ledger is the source: an event says what was committed, whoever did it.
 * 2. Ids sort by time but are not committed in that order: the last seconds are looked at again each time, and `#seen` says what was told.
 * 3. What an execution printed comes before its end. Every execution is created once, as requested, and then updated when it is something else; what it
 *    was between two looks is told, too, unless very much happens.
 * 4. Each event is written as text once, however many listen. */
import type { Core } from "../engine/core.ts";
import { isFinished } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { idAround } from "../store/counts.ts";
import type { StoredExecution } from "../store/executions.ts";
import {
  executionsAfter,
  executionsOf,
  openExecutions,
  outputAfter,
  statusesOf,
  type OutputLine,
} from "../store/execution-watch.ts";
import { announcementOf } from "../engine/announced.ts";
import { causeOf } from "./execution-cause.ts";
import { executionView } from "./execution-view.ts";
import { liveActionId } from "../model/ids.ts";
import { isoTime } from "./ids.ts";

const tickMs = 100;
const pauseMs = 1_000;
const overlapSeconds = 5;
/** Executions that are followed until their end. */
const mostFollowed = 5_000;
/** Events that can be had again. */
const mostKept = 5_000;
/** Executions of one look up to which all that they went through is told. */
const mostInDetail = 100;
const longestResult = 65_536;
const mostReplayed = 1_000;

export interface FeedEvent {
  /** `milliseconds-number`. */
  readonly id: string;
  /** `st2.execution__update` … */
  readonly name: string;
  readonly execution: string;
  readonly action: string;
  /** In whose name it runs. */
  readonly user: unknown;
  /** The execution had ended. */
  readonly last: boolean;
  /** As it goes over the wire: encoded once, however many listen. */
  readonly bytes: Buffer;
}

export interface Listener {
  /** Whether it wants to know what executions print. */
  readonly output: boolean;
  hear(event: FeedEvent): void;
}

interface Seen {
  status: string;
  /** The last line of its output that was told. */
  line: number;
  readonly since: number;
}

export class Feed {
  readonly #core: Core;
  readonly #listeners = new Set<Listener>();
  readonly #seen = new Map<string, Seen>();
  #kept: FeedEvent[] = [];
  #count = 0;
  /** Resolves when the ledger is being watched; undefined while nobody listens. */
  #primed: Promise<void> | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Calls the listener until the returned function is called. What happens after this resolves is not missed. */
  async listen(listener: Listener): Promise<() => void> {
    this.#listeners.add(listener);
    this.#primed ??= new Promise((resolve) => void this.#run(resolve));
    await this.#primed;
    return () => void this.#listeners.delete(listener);
  }

  /** What came after an event; from the ledger, as it is now, when that event is not remembered here. */
  async since(id: string): Promise<readonly FeedEvent[]> {
    const index = this.#kept.findLastIndex((event) => event.id === id);
    if (index >= 0) return this.#kept.slice(index + 1);
    const at = Number(/^(\d{13})-\d+$/.exec(id)?.[1]);
    if (!Number.isFinite(at)) return [];
    const after = idAround(new Date(at), -overlapSeconds);
    const rows = await executionsAfter(this.#core.database.db, after, mostReplayed);
    return rows.map((row) => this.#executionEvent("update", row));
  }

  /** The state of an execution as an event. */
  stateOf(row: StoredExecution): FeedEvent {
    return this.#executionEvent("update", row);
  }

  async #run(ready: () => void): Promise<void> {
    let primed = false;
    while (this.#listeners.size > 0) {
      let pause = tickMs;
      try {
        if (primed) await this.#look();
        else await this.#prime();
        primed = true;
        ready();
      } catch {
        // The ledger is away: what happens meanwhile is told when it is back.
        pause = pauseMs;
      }
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
    this.#seen.clear();
    this.#primed = undefined;
    ready();
  }

  /** What is there already is no news. */
  async #prime(): Promise<void> {
    const { db } = this.#core.database;
    const now = Date.now();
    const recent = await statusesOf(db, this.#floor(now), []);
    for (const { id, status } of [...(await openExecutions(db, mostFollowed)), ...recent])
      this.#seen.set(id, { status, line: 0, since: now });
  }

  #floor(now: number): string {
    return idAround(new Date(now), -overlapSeconds);
  }

  async #look(): Promise<void> {
    const { db } = this.#core.database;
    const now = Date.now();
    const floor = this.#floor(now);
    const open = [...this.#seen].flatMap(([id, { status }]) => (isFinished(status) ? [] : [id]));
    /** With the statuses that were told last. */
    const changed = new Map<string, string | undefined>();
    for (const { id, status } of await statusesOf(db, floor, open)) {
      const known = this.#seen.get(id);
      if (known?.status === status) continue;
      changed.set(id, known?.status);
      if (known === undefined) this.#seen.set(id, { status, line: 0, since: now });
      else known.status = status;
    }
    const rows = await executionsOf(db, [...changed.keys()]);
    this.#tellPassed(rows, changed);
    await this.#tellOutput([...open, ...changed.keys()]);
    for (const row of rows)
      if (changed.get(row.id) !== undefined || row.status !== "requested")
        this.#tellExecution("update", row);
    this.#forget(now);
  }

  /** That it was made, and what it was since then. */
  #tellPassed(
    rows: readonly StoredExecution[],
    changed: ReadonlyMap<string, string | undefined>,
  ): void {
    for (const row of rows) {
      const told = changed.get(row.id);
      if (told === undefined) this.#tellExecution("create", asItWas(row, "requested"));
      if (rows.length > mostInDetail) continue;
      for (const between of passedBy(row, told))
        this.#tellExecution("update", asItWas(row, between));
    }
  }

  #forget(now: number): void {
    for (const [id, { status, since }] of this.#seen) {
      const old = now - since > overlapSeconds * 4_000;
      if ((isFinished(status) && old) || this.#seen.size > mostFollowed * 4) this.#seen.delete(id);
    }
  }

  async #tellOutput(ids: readonly string[]): Promise<void> {
    if (![...this.#listeners].some(({ output }) => output)) return;
    const known = new Map(ids.map((id) => [id, this.#seen.get(id)?.line ?? 0]));
    const lines = await outputAfter(this.#core.database.db, known);
    if (lines.length === 0) return;
    const wanted = [...new Set(lines.map((line) => line.execution_id))];
    const rows = new Map(
      (await executionsOf(this.#core.database.db, wanted)).map((row) => [row.id, row]),
    );
    for (const line of lines) {
      const seen = this.#seen.get(line.execution_id);
      if (seen !== undefined) seen.line = line.seq;
      const row = rows.get(line.execution_id);
      if (row !== undefined)
        this.#tell(this.#event("st2.execution.output__create", row, outputView(row, line)));
    }
  }

  #tellExecution(kind: "create" | "update", row: StoredExecution): void {
    const event = this.#executionEvent(kind, row);
    this.#tell(event);
    this.#tell(this.#event(`st2.liveaction__${kind}`, row, liveActionView(row, this.#view(row))));
    if (kind === "update" && row.runner === "announcement" && row.status === "succeeded")
      this.#tell(this.#announcement(row));
  }

  #view(row: StoredExecution): JsonObject {
    const { runners, webUrl } = this.#core;
    const { content } = this.#core.definitions();
    const cause = causeOf(content, row);
    return executionView(row, {
      content,
      runners,
      webUrl,
      longestResult,
      cause,
      showSecrets: false,
    });
  }

  #executionEvent(kind: "create" | "update", row: StoredExecution): FeedEvent {
    return this.#event(`st2.execution__${kind}`, row, this.#view(row));
  }

  /** Belongs to no execution: it is for everybody who may listen. */
  #announcement(row: StoredExecution): FeedEvent {
    const { name, body } = announcementOf(row.parameters, row.context);
    return { ...this.#event(name, row, body), execution: "", action: "", last: false };
  }

  #event(name: string, row: StoredExecution, data: JsonObject): FeedEvent {
    this.#count += 1;
    const id = `${Date.now()}-${this.#count}`;
    const bytes = Buffer.from(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    const { id: execution, action, status } = row;
    const user = row.context["user"];
    return { id, name, execution, action, user, last: isFinished(status), bytes };
  }

  #tell(event: FeedEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > mostKept * 2) this.#kept = this.#kept.slice(-mostKept);
    for (const listener of this.#listeners) listener.hear(event);
  }
}

/** What it was between what was told last and now. */
function passedBy(
  { started_at, status }: StoredExecution,
  told = "requested",
): readonly ("scheduled" | "running")[] {
  if (started_at === null || (told !== "requested" && told !== "delayed")) return [];
  return status === "running" ? ["scheduled"] : ["scheduled", "running"];
}

/** As it was at that time, which is what listeners expect of the event, however far it has come since. */
function asItWas(
  row: StoredExecution,
  status: "requested" | "scheduled" | "running",
): StoredExecution {
  const {
    cancelled_by: _canceled,
    paused_by: _paused,
    resumed_by: _resumed,
    ...context
  } = row.context;
  const never = { ended_at: null, result: null, shown: null };
  const waiting = status === "running" ? {} : { owner: null, started_at: null };
  return { ...row, ...never, ...waiting, context, status };
}

/** A line of output as StackStorm's streams show it. */
export function outputView(
  { id, action, runner }: Pick<StoredExecution, "id" | "action" | "runner">,
  { seq, stream, text, at }: OutputLine,
): JsonObject {
  return {
    id: `${id.slice(0, 8)}${seq.toString(16).padStart(16, "0")}`,
    execution_id: id,
    action_ref: action,
    runner_ref: runner,
    timestamp: isoTime(at),
    output_type: stream,
    data: text,
  };
}

function liveActionView({ id }: StoredExecution, shown: JsonObject): JsonObject {
  const { status, liveaction, context = {}, result = {}, start_timestamp, end_timestamp } = shown;
  return {
    ...(typeof liveaction === "object" ? liveaction : {}),
    id: liveActionId(id),
    status,
    context,
    result,
    start_timestamp,
    ...(end_timestamp === undefined ? {} : { end_timestamp }),
  };
}
