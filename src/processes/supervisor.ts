/** Keeps the processes of one machine running: a crash restarts only what crashed, with backoff; a stop drains.
 *
 * 1. A child reports `ready` or `fatal` over IPC. A child that is fatal before it was ever ready ends the start.
 * 2. Children end by themselves when the IPC channel closes: they never outlive the supervisor. */
import { fork, type ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

export interface ChildSpec {
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execArgv: readonly string[];
}

export interface SupervisorOptions {
  readonly children: readonly ChildSpec[];
  /** A child ended without being asked. */
  readonly onLost: (name: string, pid: number, how: string) => void;
  /** Milliseconds a child may take to drain before it is killed. */
  readonly stopMs: number;
}

export interface Supervisor {
  /** What each child said when it became ready the first time, by name. Rejects with the first fatal report. */
  readonly ready: Promise<ReadonlyMap<string, unknown>>;
  /** Passes a message to all children. */
  tell(message: string): void;
  pids(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

interface Kept {
  readonly spec: ChildSpec;
  child: ChildProcess | undefined;
  failures: number;
  startedAt: number;
}

const minBackoffMs = 200;
const maxBackoffMs = 10_000;
/** A child that ran this long is healthy again: its backoff starts anew. */
const healthyMs = 30_000;

interface Report {
  readonly kind: "ready" | "fatal";
  readonly value: unknown;
}

function reportOf(message: unknown): Report | undefined {
  if (
    typeof message !== "object" ||
    message === null ||
    !("kind" in message) ||
    !("value" in message)
  )
    return undefined;
  const { kind, value } = message;
  return kind === "ready" || kind === "fatal" ? { kind, value } : undefined;
}

async function stopChild(child: ChildProcess | undefined, stopMs: number): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (child.connected) child.send("stop");
  const killer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await ended;
  clearTimeout(killer);
}

/** Starts all children. */
export function supervise({ children, onLost, stopMs }: SupervisorOptions): Supervisor {
  const kept: Kept[] = children.map((spec) => ({
    spec,
    child: undefined,
    failures: 0,
    startedAt: 0,
  }));
  const said = new Map<string, unknown>();
  const ready = Promise.withResolvers<ReadonlyMap<string, unknown>>();
  let stopping = false;

  const hear = (one: Kept, message: unknown): void => {
    const report = reportOf(message);
    if (report?.kind === "fatal" && !said.has(one.spec.name))
      ready.reject(new Error(String(report.value)));
    if (report?.kind !== "ready") return;
    one.failures = 0;
    said.set(one.spec.name, report.value);
    if (said.size === kept.length) ready.resolve(said);
  };

  const launch = (one: Kept): void => {
    const { module, args, env, execArgv } = one.spec;
    const child = fork(module, args, {
      env,
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    one.child = child;
    one.startedAt = performance.now();
    child.on("message", (message) => hear(one, message));
    child.on("error", () => undefined);
    child.once("exit", (code, signal) => void again(one, child, signal ?? `code ${code}`));
  };

  const again = async (one: Kept, child: ChildProcess, how: string): Promise<void> => {
    one.child = undefined;
    if (stopping) return;
    onLost(one.spec.name, child.pid ?? 0, how);
    if (performance.now() - one.startedAt > healthyMs) one.failures = 0;
    await delay(Math.min(minBackoffMs * 2 ** one.failures++, maxBackoffMs));
    if (!stopping) launch(one);
  };

  for (const one of kept) launch(one);
  return {
    ready: ready.promise,
    tell: (message) => {
      for (const { child } of kept) if (child?.connected === true) child.send(message);
    },
    pids: () =>
      new Map(
        kept.flatMap(({ spec, child }) =>
          child?.pid === undefined ? [] : [[spec.name, child.pid] as const],
        ),
      ),
    stop: async () => {
      stopping = true;
      await Promise.all(kept.map(({ child }) => stopChild(child, stopMs)));
    },
  };
}

export interface ChildLife {
  report(kind: "ready" | "fatal", value: unknown): void;
  /** Resolves when this process is to stop. `asked`: by its supervisor or by a signal; `orphaned`: its supervisor is gone, and maybe the database with it. */
  readonly stopped: Promise<"asked" | "orphaned">;
  onMessage(listener: (message: string) => void): void;
}

/** The child's side. Under a supervisor SIGINT is ignored: the terminal sends it to everybody, the supervisor says when to stop. */
export function childLife(): ChildLife {
  const listeners: ((message: string) => void)[] = [];
  const stopped = new Promise<"asked" | "orphaned">((resolve) => {
    process.on("SIGINT", () => (process.connected ? undefined : resolve("asked")));
    process.on("SIGTERM", () => resolve("asked"));
    if (process.send === undefined) return;
    process.on("disconnect", () => resolve("orphaned"));
    // While this program was read nobody listened yet.
    if (!process.connected) resolve("orphaned");
    process.on("message", (message) => {
      if (message === "stop") resolve("asked");
      else if (typeof message === "string") for (const listener of listeners) listener(message);
    });
  });
  return {
    report: (kind, value) => void process.send?.({ kind, value }),
    stopped,
    onMessage: (listener) => void listeners.push(listener),
  };
}

/** How long a process that is told to stop goes on opening. */
const openingMs = 3_000;

/** Undefined when the process is told to stop before everything is open: that may be waiting for a database that does not come. */
export async function unlessStopped<Opened>(
  opening: Promise<Opened>,
  { stopped }: ChildLife,
): Promise<Opened | undefined> {
  opening.catch(() => undefined);
  const patience = async (): Promise<undefined> => {
    const why = await stopped;
    if (why === "asked") await delay(openingMs, undefined, { ref: false });
  };
  return Promise.race([opening, patience()]);
}
