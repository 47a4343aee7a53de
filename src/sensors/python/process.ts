import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { SensorOutput, type Say } from "./output.ts";
import {
  readLine,
  type Dispatch,
  type FromSensor,
  type SensorAssignment,
  type SensorTrigger,
  type ToSensor,
} from "./protocol.ts";

/** How a sensor's process ended. */
export interface SensorEnd {
  /** Exit code; negative = the signal that ended it, as Python counts. */
  readonly code: number;
  /** What it printed last, without secrets. */
  readonly words: string;
}

export interface SensorProcessOptions {
  readonly assignment: SensorAssignment;
  /** Absolute path of the Python program that hosts sensors. */
  readonly host: string;
  readonly checkpoint: unknown;
  readonly triggers: readonly SensorTrigger[];
  /** Resolves when it is committed, with a sentence for every event that was not taken; rejects when it can never be. */
  take(dispatch: Dispatch, signal: AbortSignal): Promise<readonly string[]>;
  /** Called once, when the sensor is set up and runs. */
  onReady(): void;
  readonly say: Say;
  /** Between SIGTERM and SIGKILL, milliseconds. */
  readonly graceMs: number;
}

/** Longest line from a sensor, in characters; its own half refuses more. */
const longest = 20_000_000;
const signals: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** One process of one sensor, from its start to its end. */
export class SensorProcess {
  readonly ended: Promise<SensorEnd>;
  readonly #child: ChildProcess;
  readonly #options: SensorProcessOptions;
  readonly #output: SensorOutput;
  readonly #stopping = new AbortController();
  #triggers: ReadonlyMap<string, SensorTrigger>;
  #taking: Promise<void> = Promise.resolve();
  #alive = true;

  constructor(options: SensorProcessOptions) {
    this.#options = options;
    const { assignment, checkpoint, triggers } = options;
    const { program, environment, secrets, ...told } = assignment;
    this.#output = new SensorOutput(options.say, secrets, { now: () => performance.now() });
    this.#triggers = byId(triggers);
    this.#child = spawn(program, ["-u", options.host, assignment.ref], {
      env: { ...environment },
      cwd: assignment.directory,
      // A process group of its own, so that it can be ended with all that it started.
      detached: true,
      // 3: what it says; 4: its guard waits for the end of this pipe.
      stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    });
    this.ended = this.#watch();
    const known = checkpoint === undefined ? null : JSON.stringify(checkpoint);
    this.#write({ kind: "start", ...told, checkpoint: known, triggers });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it was started with, as a person would type it. */
  get command(): string {
    return this.#child.spawnargs.join(" ");
  }

  /** The triggers that rules make now; tells the sensor of the differences. */
  setTriggers(triggers: readonly SensorTrigger[]): void {
    const next = byId(triggers);
    for (const [id, trigger] of this.#triggers)
      if (!next.has(id)) this.#send({ kind: "remove", trigger });
    for (const [id, trigger] of next) {
      const known = this.#triggers.get(id);
      if (known === undefined) this.#send({ kind: "add", trigger });
      else if (JSON.stringify(known) !== JSON.stringify(trigger))
        this.#send({ kind: "update", trigger });
    }
    this.#triggers = next;
  }

  /** Asks it to clean up and end, and ends it when it does not. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#signal("SIGTERM");
    const late = setTimeout(() => this.kill(), this.#options.graceMs);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends it now with all that it started. */
  kill(): void {
    this.#stopping.abort();
    this.#signal("SIGKILL");
  }

  #signal(name: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined || !this.#alive) return;
    try {
      // The polite one is for the sensor itself, which knows what it started.
      process.kill(name === "SIGKILL" ? -pid : pid, name);
    } catch {
      // It has ended.
    }
  }

  #send(message: ToSensor): void {
    this.#write(message);
  }

  #write(message: object): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #hear(message: FromSensor): void {
    switch (message.kind) {
      case "ready":
        return this.#options.onReady();
      case "log":
        return this.#output.log(message.level, message.logger, message.message);
      case "dispatch":
        // One after the other: a checkpoint must not overtake the one before it.
        this.#taking = this.#taking.then(() => this.#take(message.id, message.dispatch));
        return undefined;
    }
  }

  async #take(id: number, dispatch: Dispatch): Promise<void> {
    if (!this.#alive) return;
    try {
      const dropped = await this.#options.take(dispatch, this.#stopping.signal);
      this.#send({ kind: "answer", id, ...(dropped.length === 0 ? {} : { dropped }) });
    } catch (error) {
      if (this.#stopping.signal.aborted) this.#send({ kind: "answer", id, stopping: true });
      else
        this.#send({
          kind: "answer",
          id,
          error: error instanceof Error ? error.message : String(error),
        });
    }
  }

  async #watch(): Promise<SensorEnd> {
    const child = this.#child;
    const [stdin, stdout, stderr, words, life] = child.stdio;
    for (const pipe of [stdin, words, life]) pipe?.on("error", () => undefined);
    listen(stdout, (text) => this.#output.add("stdout", text));
    listen(stderr, (text) => this.#output.add("stderr", text));
    listen(
      words,
      lines((line) => this.#hearLine(line)),
    );
    const closed = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
      child.once("error", () => resolve());
    });
    const end = await new Promise<{ code: number; reason?: string }>((resolve) => {
      child.once("error", (error) => resolve({ code: 127, reason: error.message }));
      child.once("exit", (code, signal) =>
        resolve({ code: signal === null ? (code ?? 1) : -(signals[signal] ?? 1) }),
      );
    });
    this.#stopping.abort();
    this.#alive = false;
    if (isWritable(stdin)) stdin.end();
    // Now the guard ends what the sensor left running, and itself.
    if (isWritable(life)) life.end();
    await closed;
    this.#output.end();
    return { code: end.code, words: end.reason ?? this.#output.lastWords };
  }

  #hearLine(line: string): void {
    const message = readLine(line);
    if (message !== undefined) return this.#hear(message);
    this.#output.log("ERROR", "raicho", "The sensor wrote into the channel of its host.");
    return this.kill();
  }
}

type Pipe = Readable | Writable | null | undefined;

function isWritable(pipe: Pipe): pipe is Writable {
  return pipe !== null && pipe !== undefined && "end" in pipe;
}

function listen(pipe: Pipe, onText: (text: string) => void): void {
  if (pipe === null || pipe === undefined || !("setEncoding" in pipe)) return;
  pipe.setEncoding("utf8").on("data", onText);
}

/** Cuts text into lines; one that is too long becomes a line that nobody understands. */
function lines(onLine: (line: string) => void): (text: string) => void {
  let parts: string[] = [];
  let length = 0;
  return (text) => {
    const [first = "", ...others] = text.split("\n");
    parts.push(first);
    length += first.length;
    for (const other of others) {
      onLine(parts.join(""));
      parts = [other];
      length = other.length;
    }
    if (length > longest) {
      parts = [];
      length = 0;
      onLine("");
    }
  };
}

function byId(triggers: readonly SensorTrigger[]): ReadonlyMap<string, SensorTrigger> {
  return new Map(triggers.map((trigger) => [trigger.id, trigger]));
}
