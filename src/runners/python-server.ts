import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  frameReader,
  requestBytes,
  type Frame,
  type PythonCall,
  type ToServer,
} from "./python-protocol.ts";

/** How a call on a fork server ended. */
export type PythonEnd =
  | {
      readonly kind: "exited";
      /** Exit code; negative = the signal that ended it. */
      readonly code: number;
      readonly truncated: boolean;
      readonly resultTooLarge: boolean;
      /** What the action handed over: `result` and `status`, or `error`; empty when it did not come that far. */
      readonly report: JsonObject;
    }
  /** The server is not fit for the call, which was not started; a new one must not import the modules of `skip`. */
  | { readonly kind: "stale"; readonly skip: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string }
  /** The server is gone. `started`: the action was running. */
  | { readonly kind: "lost"; readonly started: boolean; readonly reason: string };

export interface PythonRunning {
  readonly end: Promise<PythonEnd>;
  /** Signals the action's whole process group. Harmless when it has ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface ServerOptions {
  /** The interpreter. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Import libraries once, ahead of the actions, except those of `skip`. */
  readonly preload: boolean;
  readonly skip: readonly string[];
  /** Milliseconds without a call after which the server ends. */
  readonly idleMs: number;
}

interface Slot {
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  readonly end: (end: PythonEnd) => void;
  started: boolean;
  report: JsonObject;
}

const program = fileURLToPath(new URL("./python/fork_server.py", import.meta.url));

/** A warm Python process that forks one process per action. Takes calls while `alive`. */
export class PythonServer {
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #slots = new Map<number, Slot>();
  readonly #idleMs: number;
  #nextId = 1;
  #alive = true;
  #idle: NodeJS.Timeout | undefined;

  constructor({ program: python, environment, preload, skip, idleMs }: ServerOptions) {
    this.#idleMs = idleMs;
    this.#child = spawn(python, ["-u", program, JSON.stringify({ preload, skip })], {
      env: environment,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdin?.on("error", () => undefined);
    this.gone = this.#watch();
  }

  get alive(): boolean {
    return this.#alive;
  }

  run(call: PythonCall, onOutput: Slot["onOutput"]): PythonRunning {
    clearTimeout(this.#idle);
    const id = this.#nextId++;
    const end = new Promise<PythonEnd>((resolve) => {
      this.#slots.set(id, { onOutput, end: resolve, started: false, report: {} });
    });
    this.#send({ kind: "run", id, call });
    return {
      end,
      kill: (signal) => {
        if (this.#slots.has(id)) this.#send({ kind: "kill", id, signal });
      },
    };
  }

  /** Takes no more calls and ends with the last one. */
  finish(): void {
    this.#alive = false;
    clearTimeout(this.#idle);
    if (this.#slots.size === 0) this.#child.stdin?.end();
  }

  /** Ends it with everything that runs on it. */
  stop(): void {
    this.#alive = false;
    clearTimeout(this.#idle);
    this.#child.stdin?.end();
  }

  /** For a server that does not answer; its guardian ends what it ran. */
  kill(): void {
    this.#alive = false;
    this.#child.kill("SIGKILL");
  }

  #send(request: ToServer): void {
    this.#child.stdin?.write(requestBytes(request));
  }

  #hear({ run, kind, payload }: Frame): void {
    const slot = this.#slots.get(run);
    if (slot === undefined) return;
    switch (kind) {
      case "stdout":
      case "stderr":
        return slot.onOutput(kind, payload);
      case "started":
        slot.started = true;
        return undefined;
      case "result":
        slot.report = object(payload);
        return undefined;
      case "exit":
      case "stale":
      case "failed":
        return this.#settle(run, endOf(kind, payload, slot.report));
    }
  }

  #settle(id: number, end: PythonEnd): void {
    this.#slots.get(id)?.end(end);
    this.#slots.delete(id);
    if (this.#slots.size > 0) return;
    if (this.#alive) this.#idle = setTimeout(() => this.finish(), this.#idleMs).unref();
    else this.finish();
  }

  async #watch(): Promise<void> {
    const child = this.#child;
    const read = frameReader();
    let words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-4_000);
    });
    child.stdout?.on("data", (bytes: Buffer) => {
      try {
        for (const frame of read(bytes)) this.#hear(frame);
      } catch {
        // Someone else writes into the channel: nothing it says can be trusted any more.
        this.kill();
      }
    });
    const reason = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("close", (code, signal) => resolve(`ended (${signal ?? `exit code ${code}`})`));
    });
    this.#alive = false;
    clearTimeout(this.#idle);
    const explained = `Python ${reason}.${words.trim() === "" ? "" : ` ${words.trim()}`}`;
    for (const [id, { started }] of this.#slots)
      this.#settle(id, { kind: "lost", started, reason: explained });
  }
}

function endOf(kind: "exit" | "stale" | "failed", payload: Buffer, report: JsonObject): PythonEnd {
  if (kind === "failed") return { kind, reason: payload.toString() };
  const end = object(payload);
  if (kind === "stale") return { kind, skip: texts(end["skip"]) };
  const code = end["code"];
  return {
    kind: "exited",
    code: typeof code === "number" ? code : 1,
    truncated: end["truncated"] === true,
    resultTooLarge: end["resultTooLarge"] === true,
    report,
  };
}

function object(payload: Buffer): JsonObject {
  const value: unknown = JSON.parse(payload.toString());
  return isObject(value) ? value : {};
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
