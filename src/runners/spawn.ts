/** How a runner starts a program. The real one asks the spawner process; main hands it in. */
export interface SpawnOptions {
  readonly cwd: string | undefined;
  /** The child's whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text for the child's standard input, which is then closed. */
  readonly input: string | undefined;
  onOutput(stream: "stdout" | "stderr", bytes: Uint8Array): void;
}

export interface Spawned {
  /** Settles when the program has ended and its output was delivered; rejects when it cannot be started (`code` as in Node: ENOENT …). */
  readonly exited: Promise<SpawnedExit>;
  /** Signals the child's whole process group. Harmless when it has ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface SpawnedExit {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** Starts `program` with `args` in a process group (session) of its own. */
export type Spawn = (program: string, args: readonly string[], options: SpawnOptions) => Spawned;
