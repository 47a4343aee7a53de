/** What a rehearsal file says: what goes into a workflow, what its actions answer, and what is expected to come of it. */
import { isMapping } from "./inspect-schema.ts";
import { Faults, type SpecFault } from "./spec-faults.ts";
import { isStatus, type Status } from "./statuses.ts";
import type { JsonObject } from "../model/json.ts";

/** How a started action ends. */
export interface Answer {
  readonly status: Status;
  readonly result: unknown;
}

/** One run of a task: `items` are the answers of the items of a `with` task, by index. */
export interface TaskAnswer extends Answer {
  readonly items: readonly Answer[];
}

export type RehearsalEvent =
  | { readonly kind: "pause" | "resume" | "cancel" }
  | { readonly kind: "rerun"; readonly tasks: readonly string[] }
  /** An action could not be started. */
  | { readonly kind: "fail"; readonly message: string }
  | {
      readonly kind: "task";
      readonly task: string;
      readonly route: number;
      readonly item: number | undefined;
      readonly answer: Answer;
    };

export interface Expectations {
  readonly status: Status;
  /** The sequence in which tasks begin: `task1`, on another route `task1__r1`. */
  readonly tasks?: readonly unknown[];
  /** By number: the split transitions on the way. */
  readonly routes?: readonly unknown[];
  /** Per task, the inputs its actions started with: a dict, or a list of them where it starts several. */
  readonly inputs?: JsonObject;
  /** Per task, what it published: a dict, or a list of them where it ended several times. */
  readonly publishes?: JsonObject;
  readonly output?: unknown;
  readonly errors?: readonly unknown[];
}

export interface Rehearsal {
  readonly input: JsonObject;
  /** What every expression sees besides the workflow's own variables: `st2`, `parent`. */
  readonly context: JsonObject;
  /** What `st2kv` finds: `system.name` → value. */
  readonly datastore: JsonObject;
  /** The time of every decision, ISO 8601. */
  readonly now: string;
  /** Per task (`task1`, or `task1__r1` for one route): the answer of its first run, its second run …; the last one counts for the rest. */
  readonly results: Readonly<Record<string, readonly TaskAnswer[]>>;
  /** What happens first, one after the other; then everything that runs is answered from `results`. */
  readonly events: readonly RehearsalEvent[];
  readonly expect: Expectations;
}

const topKeys = ["workflow", "input", "context", "datastore", "now", "results", "events", "expect"];
const expectKeys = ["status", "tasks", "routes", "inputs", "publishes", "output", "errors"];
const plainEvents = ["pause", "resume", "cancel", "rerun"] as const;

type Path = SpecFault["path"];

/** Reads a parsed rehearsal file (its `workflow` is for the caller). With any fault there is no rehearsal. */
export function readRehearsal(document: unknown): {
  readonly rehearsal?: Rehearsal;
  readonly errors: readonly SpecFault[];
} {
  const reader = new Reader();
  const { faults } = reader;
  if (!isMapping(document)) {
    faults.add([], "A rehearsal is a dict with at least `workflow`.");
    return { errors: faults.list };
  }
  faults.unknownKeys([], document, topKeys);
  const rehearsal: Rehearsal = {
    input: reader.dict(document["input"], ["input"]),
    context: reader.dict(document["context"], ["context"]),
    datastore: reader.dict(document["datastore"], ["datastore"]),
    now: reader.time(document["now"], ["now"]),
    results: reader.results(document["results"]),
    events: reader.list(document["events"], ["events"]).map((event, index) =>
      reader.event(event, ["events", index]),
    ),
    expect: reader.expectations(document["expect"]),
  };
  return faults.list.length === 0 ? { rehearsal, errors: [] } : { errors: faults.list };
}

class Reader {
  readonly faults = new Faults();

  dict(written: unknown, path: Path): JsonObject {
    if (written === undefined || written === null) return {};
    if (isMapping(written)) return written;
    this.faults.add(path, "Expected a dict.");
    return {};
  }

  list(written: unknown, path: Path): readonly unknown[] {
    if (written === undefined || written === null) return [];
    if (Array.isArray(written)) return written;
    this.faults.add(path, "Expected a list.");
    return [];
  }

  time(written: unknown, path: Path): string {
    if (typeof written === "string" && !Number.isNaN(Date.parse(written))) return written;
    if (written !== undefined) {
      this.faults.add(path, "Expected a time such as 2026-01-01T00:00:00Z.");
    }
    return "2026-01-01T00:00:00.000Z";
  }

  status(written: unknown, path: Path, otherwise: Status): Status {
    if (written === undefined) return otherwise;
    if (typeof written === "string" && isStatus(written)) return written;
    this.faults.add(path, "Expected a status such as succeeded, failed or canceled.");
    return otherwise;
  }

  results(written: unknown): Record<string, readonly TaskAnswer[]> {
    const entries = Object.entries(this.dict(written, ["results"]));
    return Object.fromEntries(
      entries.map(([task, answers]) => {
        const path = ["results", task];
        const list = Array.isArray(answers)
          ? answers.map((answer: unknown, index) => this.#taskAnswer(answer, [...path, index]))
          : [this.#taskAnswer(answers, path)];
        return [task, list];
      }),
    );
  }

  #taskAnswer(written: unknown, path: Path): TaskAnswer {
    const fields = this.dict(written, path);
    this.faults.unknownKeys(path, fields, ["status", "result", "items"]);
    const items = this.list(fields["items"], [...path, "items"]);
    return {
      ...this.#answer(fields, path),
      items: items.map((item, index) => {
        const at = [...path, "items", index];
        const inside = this.dict(item, at);
        this.faults.unknownKeys(at, inside, ["status", "result"]);
        return this.#answer(inside, at);
      }),
    };
  }

  #answer(fields: JsonObject, path: Path): Answer {
    const status = this.status(fields["status"], [...path, "status"], "succeeded");
    return { status, result: fields["result"] ?? null };
  }

  event(written: unknown, path: Path): RehearsalEvent {
    const plain = plainEvents.find((name) => name === written);
    if (plain === "rerun") return { kind: "rerun", tasks: [] };
    if (plain !== undefined) return { kind: plain };
    const fields = isMapping(written) ? written : {};
    if ("task" in fields) return this.#taskEvent(fields, path);
    if ("rerun" in fields) {
      this.faults.unknownKeys(path, fields, ["rerun"]);
      const tasks = this.list(fields["rerun"], [...path, "rerun"]).map(String);
      return { kind: "rerun", tasks };
    }
    if ("fail" in fields) {
      this.faults.unknownKeys(path, fields, ["fail"]);
      return { kind: "fail", message: String(fields["fail"]) };
    }
    const expected = "pause, resume, cancel, rerun, {task: …}, {rerun: […]} or {fail: …}";
    this.faults.add(path, `Expected one of: ${expected}.`);
    return { kind: "pause" };
  }

  #taskEvent(fields: JsonObject, path: Path): RehearsalEvent {
    this.faults.unknownKeys(path, fields, ["task", "route", "item", "status", "result"]);
    const { task, route, item } = fields;
    return {
      kind: "task",
      task: String(task),
      route: this.#index(route, [...path, "route"]) ?? 0,
      item: this.#index(item, [...path, "item"]),
      answer: this.#answer(fields, path),
    };
  }

  #index(written: unknown, path: Path): number | undefined {
    if (written === undefined) return undefined;
    if (typeof written === "number" && Number.isInteger(written) && written >= 0) return written;
    this.faults.add(path, "Expected a whole number ≥ 0.");
    return undefined;
  }

  expectations(written: unknown): Expectations {
    const path = ["expect"];
    const fields = this.dict(written, path);
    this.faults.unknownKeys(path, fields, expectKeys);
    const given = <T>(name: string, read: (value: unknown, at: Path) => T): Record<string, T> =>
      name in fields ? { [name]: read(fields[name], [...path, name]) } : {};
    const list = (value: unknown, at: Path): readonly unknown[] => this.list(value, at);
    const dict = (value: unknown, at: Path): JsonObject => this.dict(value, at);
    return {
      status: this.status(fields["status"], [...path, "status"], "succeeded"),
      ...given("tasks", list),
      ...given("routes", list),
      ...given("inputs", dict),
      ...given("publishes", dict),
      ...given("output", (value) => value),
      ...given("errors", list),
    };
  }
}
