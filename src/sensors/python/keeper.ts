/** Keeps one Python sensor running.
 *
 * 1. It is started again for ever, whatever ended it, with a growing pause. What ends quickly again and again is `crashlooping`, which is
 *    told once and taken back once.
 * 2. An event is answered for when it is committed; while the database is away the sensor waits in `dispatch`.
 * 3. `stop` resolves when nothing of the sensor is left. */
import { setTimeout as delay } from "node:timers/promises";
import { SensorProcess, type SensorEnd } from "./process.ts";
import type { Dispatch, SensorAssignment, SensorTrigger } from "./protocol.ts";
import type { Say } from "./output.ts";

export type SensorPhase =
  | "starting"
  | "running"
  | "restarting"
  | "crashlooping"
  | "stopping"
  | "stopped";

export interface SensorStatus {
  readonly phase: SensorPhase;
  readonly pid: number | undefined;
  /** Starts since this host took the sensor over, without the first. */
  readonly restarts: number;
  /** Ends in a row, each soon after the start. */
  readonly failures: number;
  readonly lastEnd: SensorEnd | undefined;
}

export type SensorNews =
  | { readonly kind: "spawned"; readonly pid: number; readonly command: string }
  | { readonly kind: "exited"; readonly code: number }
  | {
      readonly kind: "crashlooping";
      readonly failures: number;
      readonly end: SensorEnd;
      readonly pauseMs: number;
    }
  | { readonly kind: "recovered" };

export interface SensorPace {
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Having run that long since it was set up, it is well. */
  readonly healthyMs: number;
  /** So many quick ends in a row are a crash loop. */
  readonly crashloop: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

export const sensorPace: SensorPace = {
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
  healthyMs: 60_000,
  crashloop: 4,
  graceMs: 4_000,
};

export interface KeeperOptions {
  readonly ref: string;
  /** Absolute path of the Python program that hosts sensors. */
  readonly host: string;
  /** Everything for a new process: read again at every start. Rejects with a sentence when there can be none now. */
  prepare(): Promise<{ readonly assignment: SensorAssignment; readonly checkpoint: unknown }>;
  triggers(): readonly SensorTrigger[];
  take(dispatch: Dispatch, signal: AbortSignal): Promise<readonly string[]>;
  /** The status changed. */
  onStatus(status: SensorStatus): void;
  onNews(news: SensorNews): void;
  readonly say: Say;
  readonly pace?: SensorPace;
}

export class SensorKeeper {
  readonly #options: KeeperOptions;
  readonly #pace: SensorPace;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #process: SensorProcess | undefined;
  #again = new AbortController();
  /** The process that runs, or ran last, did so long enough. */
  #well = false;
  /** A crash loop was told of and not taken back yet. */
  #told = false;
  #status: SensorStatus = {
    phase: "starting",
    pid: undefined,
    restarts: 0,
    failures: 0,
    lastEnd: undefined,
  };

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#pace = options.pace ?? sensorPace;
    this.#done = this.#keep();
  }

  get status(): SensorStatus {
    return this.#status;
  }

  /** Rules changed: tells the sensor which triggers there are now. */
  retrigger(): void {
    this.#process?.setTriggers(this.#options.triggers());
  }

  /** Ends the process politely and starts another one at once; failures are forgotten. */
  restart(): void {
    this.#again.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  /** Ends it without a word: somebody else runs the sensor. */
  async abandon(): Promise<void> {
    this.#process?.kill();
    await this.stop();
  }

  #tell(change: Partial<SensorStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onStatus(this.#status);
  }

  async #keep(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#again = new AbortController();
      this.#well = false;
      this.#tell({ phase: failures >= this.#pace.crashloop ? "crashlooping" : "starting" });
      const end = await this.#once(failures);
      if (this.#stopping.signal.aborted) break;
      if (this.#again.signal.aborted) failures = 0;
      else {
        failures = this.#well ? 1 : failures + 1;
        await this.#pause(failures, end);
        if (this.#again.signal.aborted) failures = 0;
      }
      this.#tell({ restarts: this.#status.restarts + 1, failures });
    }
    this.#tell({ phase: "stopped", pid: undefined });
  }

  async #pause(failures: number, end: SensorEnd): Promise<void> {
    const { firstPauseMs, longestPauseMs, crashloop } = this.#pace;
    const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(failures - 1, 20), longestPauseMs);
    const phase = failures >= crashloop ? "crashlooping" : "restarting";
    this.#tell({ phase, pid: undefined, failures, lastEnd: end });
    this.#options.say(
      "error",
      "raicho",
      `The sensor ended (exit code ${end.code}) and is started again in ${pauseMs} ms.`,
    );
    if (failures >= crashloop && !this.#told) {
      this.#told = true;
      this.#options.onNews({ kind: "crashlooping", failures, end, pauseMs });
    }
    const { signal } = this.#again;
    const either = AbortSignal.any([this.#stopping.signal, signal]);
    await delay(pauseMs, undefined, { signal: either }).catch(() => undefined);
  }

  /** One process from start to end. */
  async #once(failures: number): Promise<SensorEnd> {
    let prepared: Awaited<ReturnType<KeeperOptions["prepare"]>>;
    try {
      prepared = await this.#options.prepare();
    } catch (error) {
      return { code: 1, words: error instanceof Error ? error.message : String(error) };
    }
    if (this.#stopping.signal.aborted) return { code: 0, words: "" };
    let well: NodeJS.Timeout | undefined;
    const current = new SensorProcess({
      ...prepared,
      host: this.#options.host,
      triggers: this.#options.triggers(),
      take: (dispatch, signal) => this.#options.take(dispatch, signal),
      say: this.#options.say,
      graceMs: this.#pace.graceMs,
      onReady: () => {
        if (failures < this.#pace.crashloop) this.#tell({ phase: "running" });
        well = setTimeout(() => this.#recovered(), this.#pace.healthyMs).unref();
      },
    });
    this.#process = current;
    const { pid } = current;
    if (pid !== undefined) {
      this.#tell({ pid });
      this.#options.onNews({ kind: "spawned", pid, command: current.command });
    }
    const end = await this.#untilEnd(current);
    clearTimeout(well);
    this.#process = undefined;
    this.#tell({ pid: undefined, lastEnd: end });
    if (pid !== undefined) this.#options.onNews({ kind: "exited", code: end.code });
    return end;
  }

  #recovered(): void {
    this.#well = true;
    this.#tell({ phase: "running", failures: 0 });
    if (this.#told) this.#options.onNews({ kind: "recovered" });
    this.#told = false;
  }

  async #untilEnd(current: SensorProcess): Promise<SensorEnd> {
    const asked = AbortSignal.any([this.#stopping.signal, this.#again.signal]);
    const stop = (): void => {
      this.#tell({ phase: "stopping" });
      void current.stop();
    };
    if (asked.aborted) stop();
    else asked.addEventListener("abort", stop, { once: true });
    const end = await current.ended;
    asked.removeEventListener("abort", stop);
    return end;
  }
}
