/** Program of the spawner: starts programs for one process, so that the two milliseconds which each start blocks an event loop
 * are not that process's.
 * 1. Every program leads a process group of its own; signals go to the whole group and to what it started outside of it (see process-family.ts).
 * 2. A watcher in the group waits on a pipe that only this process holds. When this process is gone, the watcher kills the group and whatever
 *    carries the program's mark in its environment.
 * 3. When the channel to our process closes, this process ends; by 2 nothing it started survives.
 * 4. Programs run at a lower priority than the engine, so that many of them do not hold up whoever asks the door. The argument says by how much.
 * 5. What a program left running on purpose after it ended by itself is left alone. */
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { randomUUID } from "node:crypto";
import { markVariable, processFamily, type ProcessFamily } from "./process-family.ts";
import type { FromSpawner, StartMessage, ToSpawner } from "./spawner-protocol.ts";

// `exec` gives the program the place, the process id and the exit status of the shell.
// Slashes and digits only come from /proc; the watcher spares itself until it has killed everybody else.
const script = `(trap '' TERM INT HUP QUIT; exec </dev/null >/dev/null 2>&1; read -r _ <&3 && exit 0
read -r me _ </proc/self/stat
for _ in 1 2 3; do for file in $(grep -lszx "${markVariable}=$${markVariable}" /proc/[0-9]*/environ); do
pid=\${file#/proc/}; pid=\${pid%/environ}; [ "$pid" = "$me" ] || kill -9 "$pid"; done; done
kill -9 0) &
exec 3<&-
exec "$0" "$@"`;

interface Running {
  readonly child: ChildProcess;
  readonly family: ProcessFamily | undefined;
  stopped: boolean;
}

const running = new Map<number, Running>();

const lowest = 19;
setPriority(Math.min(lowest, getPriority() + Number(process.argv[2] ?? 0)));

process.on("message", (message: ToSpawner) => {
  if (message.kind === "start") start(message);
  else kill(message.id, message.signal);
});
process.on("disconnect", () => process.exit(0));
// While this program was read nobody listened yet.
if (!process.connected) process.exit(0);
// Whoever stops us stops our process, which then closes the channel.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);

function tell(message: FromSpawner): void {
  if (process.connected) process.send?.(message);
}

function start(message: StartMessage): void {
  const { id, args, cwd, environment, input, uid, gid } = message;
  let child: ChildProcess;
  const mark = randomUUID();
  try {
    const program = find(message);
    child = spawn("/bin/sh", ["-c", script, program, ...args], {
      cwd,
      env: { ...environment, [markVariable]: mark },
      detached: true,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
  } catch (error) {
    failed(id, error);
    return;
  }
  const family = child.pid === undefined ? undefined : processFamily(child.pid, mark);
  const run: Running = { child, family, stopped: false };
  running.set(id, run);
  for (const stream of child.stdio) stream?.on("error", () => undefined);
  const isTruncated = pass(message, child);
  child.stdin?.end(input);
  child.on("error", (error) => {
    running.delete(id);
    failed(id, error);
  });
  child.on("exit", () => release(run));
  child.on("close", (code, signal) => {
    if (!running.delete(id)) return;
    tell({ kind: "exit", id, code, signal, truncated: isTruncated() });
  });
}

/** Passes output on, up to the bound. */
function pass({ id, maxOutputBytes }: StartMessage, child: ChildProcess): () => boolean {
  let left = maxOutputBytes;
  let truncated = false;
  const listen = (stream: "stdout" | "stderr"): void => {
    child[stream]?.on("data", (bytes: Buffer) => {
      const kept = bytes.subarray(0, left);
      left -= kept.length;
      truncated ||= kept.length < bytes.length;
      if (kept.length > 0) tell({ kind: "output", id, stream, bytes: kept });
    });
  };
  listen("stdout");
  listen("stderr");
  return () => truncated;
}

/** The program has ended: what it started is stopped with it when it was stopped, otherwise the watcher goes home. */
function release({ child, family, stopped }: Running): void {
  if (stopped) family?.kill();
  const watcher = child.stdio[3];
  if (watcher && "end" in watcher) watcher.end("ok\n");
}

function kill(id: number, signal: "SIGTERM" | "SIGKILL"): void {
  const run = running.get(id);
  if (run === undefined) return;
  run.stopped = true;
  if (signal === "SIGKILL") run.family?.kill();
  else run.family?.signal(signal);
  // Output pipes may be held open by what is not in the group any more.
  if (signal === "SIGKILL") setTimeout(() => closePipes(run.child), 500).unref();
}

function closePipes(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function failed(id: number, error: unknown): void {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof Error && "code" in error ? String(error.code) : "ERROR";
  tell({ kind: "failed", id, code, message });
}

class NotStarted extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** The file of the program, found as a shell finds it. The shell's own message would be a line of stderr. */
function find({ program, cwd = process.cwd(), environment }: StartMessage): string {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new NotStarted("ENOENT", `the working directory ${cwd} does not exist`);
  }
  const places = program.includes("/")
    ? [isAbsolute(program) ? program : resolve(cwd, program)]
    : (environment["PATH"] ?? "/usr/bin:/bin")
        .split(delimiter)
        .map((place) => join(place, program));
  const existing = places.filter(
    (place) => statSync(place, { throwIfNoEntry: false })?.isFile() === true,
  );
  const found = existing.find(isExecutable);
  if (found !== undefined) return found;
  throw existing.length > 0
    ? new NotStarted("EACCES", `${program} may not be executed`)
    : new NotStarted("ENOENT", `${program} is not found`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
