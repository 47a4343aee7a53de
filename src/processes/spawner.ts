/** Starts programs through a small process of its own, so that starting one never holds up this process. */
import { passing } from "../model/crash-points.ts";
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromSpawner, ToSpawner } from "./spawner-protocol.ts";
import { lineReader } from "./lines.ts";

export interface SpawnOptions {
  readonly cwd: string | undefined;
  /** The program's whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text for standard input, which is then closed. */
  readonly input: string | undefined;
  readonly uid?: number;
  readonly gid?: number;
  /** Bytes kept of stdout and stderr together; 10 MB by default. */
  readonly maxOutputBytes?: number;
  onOutput(stream: "stdout" | "stderr", bytes: Uint8Array): void;
}

export interface SpawnedExit {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** True when output was dropped. */
  readonly truncated: boolean;
}

export interface Spawned {
  /** Settles when the program has ended and its output was delivered; rejects when it cannot be started (`code` as in Node: ENOENT …)
   * and when the spawner was lost (`code` ESPAWNERLOST). */
  readonly exited: Promise<SpawnedExit>;
  /** Signals the whole process group. Harmless when it has ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface RunRequest {
  readonly argv: readonly [program: string, ...args: string[]];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** One line at a time, without its end. */
  onStdout?(line: string): void;
  onStderr?(line: string): void;
  /** Aborted = stopped: SIGTERM to the group, SIGKILL after the grace. */
  readonly signal?: AbortSignal;
  readonly maxOutputBytes?: number;
  /** Milliseconds between SIGTERM and SIGKILL; 4,000 by default. */
  readonly graceMs?: number;
}

export interface RunResult extends SpawnedExit {
  readonly timedOut: boolean;
  readonly canceled: boolean;
}

export interface Spawner {
  /** Starts `program` with `args` in a process group of its own. */
  spawn(program: string, args: readonly string[], options: SpawnOptions): Spawned;
  /** Runs a program to its end, its time or its cancellation. Rejects only when it cannot be started. */
  run(request: RunRequest): Promise<RunResult>;
  /** Ends the spawner and everything it still runs. */
  close(): Promise<void>;
}

export class SpawnFailed extends Error {
  override readonly name = "SpawnFailed";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  onOutput(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  resolve(exit: SpawnedExit): void;
  reject(error: Error): void;
}

const tenMegabytes = 10_000_000;

/** Starts the helper process when it is first needed, and again when it was lost. `nice`: by how much the priority of what it starts is lower than ours. */
export function spawner({ nice = 0 }: { readonly nice?: number } = {}): Spawner {
  const client = new Client(nice);
  const start: Spawner["spawn"] = (program, args, options) => client.start(program, args, options);
  return {
    spawn: start,
    run: (request) => runToEnd(start, request),
    close: () => client.close(),
  };
}

class Client {
  readonly #waiting = new Map<number, Waiting>();
  #process: ChildProcess | undefined;
  readonly #nice: number;
  #next = 1;
  #closed = false;

  constructor(nice: number) {
    this.#nice = nice;
  }

  start(program: string, args: readonly string[], options: SpawnOptions): Spawned {
    const id = this.#next;
    this.#next += 1;
    const { cwd, environment, input, uid, gid, maxOutputBytes = tenMegabytes } = options;
    const onOutput: Waiting["onOutput"] = (stream, bytes) => options.onOutput(stream, bytes);
    passing("spawn.before");
    const exited = new Promise<SpawnedExit>((resolve, reject) => {
      if (this.#closed) return reject(new SpawnFailed("ESPAWNERLOST", "The spawner is closed"));
      this.#waiting.set(id, { onOutput, resolve, reject });
      this.#send({
        kind: "start",
        id,
        program,
        args,
        cwd,
        environment,
        input,
        uid,
        gid,
        maxOutputBytes,
      });
    });
    passing("spawn.after");
    return {
      exited,
      kill: (signal) => {
        if (this.#waiting.has(id)) this.#send({ kind: "kill", id, signal });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#process;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.ref();
    child.kill("SIGKILL");
    await gone;
  }

  #send(message: ToSpawner): void {
    const child = this.#process ?? this.#fork();
    child.channel?.ref();
    child.send(message, (error) => {
      if (error) this.#lost(child, error.message);
    });
  }

  #fork(): ChildProcess {
    const program = fileURLToPath(import.meta.url.replace(/spawner(\.[jt]s)$/, "spawner-main$1"));
    const child = fork(program, [String(this.#nice)], {
      serialization: "advanced",
      detached: true,
      execArgv: [],
      env: {},
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#process = child;
    child.unref();
    child.on("message", (message: FromSpawner) => this.#heard(child, message));
    child.on("error", (error) => this.#lost(child, error.message));
    child.on("exit", (code, signal) => this.#lost(child, `it ended with ${signal ?? code}`));
    return child;
  }

  #heard(child: ChildProcess, message: FromSpawner): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if (message.kind === "output") return waiting.onOutput(message.stream, message.bytes);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) child.channel?.unref();
    const { kind } = message;
    if (kind === "failed") return waiting.reject(new SpawnFailed(message.code, message.message));
    const { code, signal, truncated } = message;
    waiting.resolve({ code, signal, truncated });
  }

  #lost(child: ChildProcess, reason: string): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    const error = new SpawnFailed(
      "ESPAWNERLOST",
      `The spawner was lost (${reason}); what it ran was killed`,
    );
    for (const waiting of lost) waiting.reject(error);
  }
}

async function runToEnd(start: Spawner["spawn"], request: RunRequest): Promise<RunResult> {
  const { argv, cwd, env, stdin, uid, gid, maxOutputBytes, timeoutMs, signal } = request;
  const [program, ...args] = argv;
  const readers = {
    stdout: lineReader((line) => request.onStdout?.(line)),
    stderr: lineReader((line) => request.onStderr?.(line)),
  };
  const child = start(program, args, {
    cwd,
    environment: env,
    input: stdin,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }),
    onOutput: (stream, bytes) => readers[stream].add(bytes),
  });
  const stop = stopper(child, request.graceMs ?? 4000);
  const cancel = (): void => stop.because("canceled");
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => stop.because("timedOut"), timeoutMs);
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const exit = await child.exited;
    return {
      ...exit,
      timedOut: stop.reason() === "timedOut",
      canceled: stop.reason() === "canceled",
    };
  } finally {
    clearTimeout(timer);
    stop.release();
    signal?.removeEventListener("abort", cancel);
    readers.stdout.end();
    readers.stderr.end();
  }
}

/** Asks politely first, then kills; only the first reason counts. */
function stopper(
  child: Spawned,
  graceMs: number,
): {
  because(reason: "canceled" | "timedOut"): void;
  reason(): string | undefined;
  release(): void;
} {
  let first: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    because(reason) {
      if (first !== undefined) return;
      first = reason;
      child.kill("SIGTERM");
      timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    },
    reason: () => first,
    release: () => clearTimeout(timer),
  };
}
