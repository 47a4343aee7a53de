import { passing } from "../model/crash-points.ts";
import { createHash } from "node:crypto";
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Sensor, SensorContext } from "./sensor.ts";
import { compileTimer, nextFire, timerTypes, type Timer } from "./timer-schedule.ts";

/**
 * Fires the timers that rules use. What must stay true:
 * 1. A slot fires once: its dedupe key is the timer's identity and the slot, and the cursor is committed with the event.
 * 2. After downtime a timer fires once, for the first slot that was missed; the others of that time are skipped.
 * 3. A timer that is new (or in use again) never fires for the past.
 */

export interface TimerSpec {
  /** `core.st2.IntervalTimer`, `core.st2.CronTimer` or `core.st2.DateTimer`. */
  readonly type: string;
  readonly parameters: JsonObject;
}

export interface TimerProblem {
  readonly timer: TimerSpec;
  readonly message: string;
}

export interface TimerSensor extends Sensor {
  /** Replaces the timers in use. Gives those that cannot run and why; the others run. Rejects when it could not be stored. */
  setTimers(timers: readonly TimerSpec[]): Promise<readonly TimerProblem[]>;
  /** Fires what is due now; called by the sensor itself, and by tests that hand time in. */
  tick(): Promise<void>;
}

export interface TimerOptions {
  /** Zone of timers that name none; default UTC. */
  readonly timeZone?: string;
}

/** The timers among the triggers in use, each once. */
export function timersOf(triggers: readonly TimerSpec[]): readonly TimerSpec[] {
  const types: readonly string[] = Object.values(timerTypes);
  const found = new Map<string, TimerSpec>();
  for (const { type, parameters } of triggers)
    if (types.includes(type)) found.set(timerIdentity({ type, parameters }), { type, parameters });
  return [...found.values()];
}

/** When a timer was first seen, and up to when its slots are done. ISO 8601. */
interface Progress {
  readonly anchor: string;
  readonly last: string;
}

interface Running {
  readonly spec: TimerSpec;
  readonly timer: Timer;
  readonly progress: Progress;
}

const cursorName = "timers";
/** The clock may be set meanwhile, so no sleep is longer. */
const longestSleepMs = 30_000;

/** The timer sensor, one per installation; it starts with `timers`. Those that cannot run are logged. */
export function timerSensor(
  timers: readonly TimerSpec[],
  { timeZone = "UTC" }: TimerOptions = {},
): TimerSensor {
  return new RunningTimers(timers, timeZone);
}

class RunningTimers implements TimerSensor {
  readonly name = "timer";
  readonly failed = Promise.withResolvers<never>().promise;
  readonly #initial: readonly TimerSpec[];
  readonly #timeZone: string;
  #context: SensorContext | undefined;
  #running: ReadonlyMap<string, Running> = new Map();
  #alarm: NodeJS.Timeout | undefined;
  #failures = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(timers: readonly TimerSpec[], timeZone: string) {
    this.#initial = timers;
    this.#timeZone = timeZone;
  }

  async start(context: SensorContext): Promise<void> {
    this.#context = context;
    await this.setTimers(this.#initial);
  }

  async stop(): Promise<void> {
    this.#context = undefined;
    clearTimeout(this.#alarm);
    await this.#queue;
  }

  setTimers(timers: readonly TimerSpec[]): Promise<readonly TimerProblem[]> {
    return this.#inTurn(async () => {
      const context = this.#context;
      if (context === undefined) throw new Error("The timer sensor is not started.");
      const stored = await context.cursor(cursorName);
      const { next, problems } = plan(timers, stored, {
        timeZone: this.#timeZone,
        now: context.now(),
      });
      for (const { timer, message } of problems) {
        context.log("warn", "A timer cannot run.", { timer, reason: message });
      }
      const value = progressOf(next);
      if (JSON.stringify(value) !== JSON.stringify(stored ?? {})) {
        await context.emit([], { name: cursorName, value });
      }
      this.#running = next;
      this.#arm();
      return problems;
    });
  }

  tick(): Promise<void> {
    return this.#inTurn(async () => {
      const context = this.#context;
      if (context === undefined) return;
      try {
        await this.#fireDue(context);
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        const reason = error instanceof Error ? error.message : String(error);
        context.log("error", "Due timers could not be stored; they are tried again.", { reason });
      }
      this.#arm();
    });
  }

  async #fireDue(context: SensorContext): Promise<void> {
    const now = context.now();
    const events: NewEvent[] = [];
    const next = new Map(this.#running);
    for (const [id, entry] of this.#running) {
      const slot = nextFire(entry.timer, new Date(entry.progress.last));
      if (slot === undefined || slot > now) continue;
      events.push(timerEvent(id, entry.spec, slot, now));
      next.set(id, { ...entry, progress: { ...entry.progress, last: now.toISOString() } });
    }
    if (events.length === 0) return;
    passing("timer.before-emit");
    await context.emit(events, { name: cursorName, value: progressOf(next) });
    passing("timer.after-emit");
    this.#running = next;
  }

  /** Sleeps until the next slot; after a refusal at least as long as the backoff says. */
  #arm(): void {
    clearTimeout(this.#alarm);
    if (this.#context === undefined) return;
    const now = this.#context.now().getTime();
    const due = [...this.#running.values()].map(
      ({ timer, progress }) => nextFire(timer, new Date(progress.last))?.getTime() ?? Infinity,
    );
    const retry = this.#failures === 0 ? 0 : 500 * 2 ** this.#failures;
    const sleep = Math.min(Math.max(Math.min(...due) - now, retry, 0), longestSleepMs);
    this.#alarm = setTimeout(() => void this.tick(), sleep);
  }

  /** One change at a time: a tick and a new set of timers never mix. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** The timers to run: known ones go on where they were, new ones begin now. */
function plan(
  timers: readonly TimerSpec[],
  stored: unknown,
  facts: { readonly now: Date; readonly timeZone: string },
): { next: Map<string, Running>; problems: TimerProblem[] } {
  const next = new Map<string, Running>();
  const problems: TimerProblem[] = [];
  for (const spec of timers) {
    const id = timerIdentity(spec);
    const now = facts.now.toISOString();
    const progress = storedProgress(stored, id) ?? { anchor: now, last: now };
    try {
      const anchor = new Date(progress.anchor);
      const timer = compileTimer(spec.type, spec.parameters, { anchor, timeZone: facts.timeZone });
      next.set(id, { spec, timer, progress });
    } catch (error) {
      problems.push({
        timer: spec,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return { next, problems };
}

/** 32 hex digits: same type and parameters (in any order), same timer. */
export function timerIdentity({ type, parameters }: TimerSpec): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([type, sorted]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function timerEvent(id: string, spec: TimerSpec, slot: Date, now: Date): NewEvent {
  return {
    trigger: spec.type,
    parameters: spec.parameters,
    payload: { executed_at: pythonTime(now), schedule: spec.parameters["time"] ?? null },
    source: "timer",
    dedupeKey: `${id}@${slot.toISOString()}`,
    traceTag: `${spec.type.replace("core.st2.", "")}-${id}`,
  };
}

/** As Python prints an aware datetime: `2026-01-01 00:00:00.123000+00:00`. */
function pythonTime(date: Date): string {
  const [day, time = ""] = date.toISOString().slice(0, -1).split("T");
  const [seconds, milliseconds] = time.split(".");
  const fraction = milliseconds === "000" ? "" : `.${milliseconds}000`;
  return `${day} ${seconds}${fraction}+00:00`;
}

/** In order of identity, so that the same state is the same value. */
function progressOf(running: ReadonlyMap<string, Running>): Readonly<Record<string, Progress>> {
  const entries = [...running].map(([id, { progress }]) => [id, progress] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function storedProgress(stored: unknown, id: string): Progress | undefined {
  const found = isObject(stored) ? stored[id] : undefined;
  if (!isObject(found)) return undefined;
  const { anchor, last } = found;
  return typeof anchor === "string" && typeof last === "string" ? { anchor, last } : undefined;
}
