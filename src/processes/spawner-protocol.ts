/** What a process and its spawner say to each other. */

/** A program to start, in a process group of its own. */
export interface StartMessage {
  readonly kind: "start";
  readonly id: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Bytes passed on of stdout and stderr together; the rest is read and dropped. */
  readonly maxOutputBytes: number;
}

export interface KillMessage {
  readonly kind: "kill";
  readonly id: number;
  readonly signal: "SIGTERM" | "SIGKILL";
}

export type ToSpawner = StartMessage | KillMessage;

export type FromSpawner =
  | {
      readonly kind: "output";
      readonly id: number;
      readonly stream: "stdout" | "stderr";
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: "exit";
      readonly id: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly truncated: boolean;
    }
  /** It could not be started; `code` as in Node: ENOENT, EACCES … */
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly code: string;
      readonly message: string;
    };
