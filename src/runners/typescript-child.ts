import { randomUUID } from "node:crypto";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { isObject } from "../model/json.ts";
import { markVariable, processFamily } from "../processes/process-family.ts";
import type { Ending } from "./ending.ts";
import type { RunCall } from "./runner.ts";
import type { FromHost, HostOptions, ToHost } from "./typescript-protocol.ts";

/** How a call on a host ended; `stopped` is decided by the runner. */
export type HostEnd =
  | { readonly kind: "succeeded" | "failed"; readonly json: string }
  | { readonly kind: "stale" }
  /** The host is gone. `alone`: no other call was on it, so this one ended it. */
  | { readonly kind: "lost"; readonly alone: boolean; readonly reason: string }
  | { readonly kind: "stopped"; readonly ending: Ending };

export interface Running {
  readonly end: Promise<HostEnd>;
  readonly ended: boolean;
  /** Asks the action to stop; resolves when it has ended or the grace is over. */
  abort(reason: string, graceMs: number): Promise<void>;
}

/** The only variables of this process that actions see: where programs and certificates are, language, time zone, proxies. */
const passedOn = [
  ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"],
  ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
].flat();

const extension = extname(import.meta.url);
const hostProgram = fileURLToPath(new URL(`./typescript-host${extension}`, import.meta.url));

/** Milliseconds without a call after which a host ends. */
const idleMs = 300_000;

interface Slot {
  readonly call: RunCall;
  end(end: HostEnd): void;
}

/** A warm process for the actions of one pack. Takes calls while `alive`. */
export class ActionHost {
  readonly packPath: string;
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #slots = new Map<number, Slot>();
  readonly #mark = randomUUID();
  #nextId = 1;
  #alive = true;
  #idle: NodeJS.Timeout | undefined;

  constructor(packPath: string, limits: Pick<HostOptions, "outputLimit" | "resultLimit">) {
    const options: HostOptions = { workerPid: process.pid, mark: this.#mark, ...limits };
    this.packPath = packPath;
    this.#child = fork(hostProgram, [JSON.stringify(options)], {
      cwd: packPath,
      env: { ...environment(), [markVariable]: this.#mark },
      detached: true,
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child.on("message", (message) => this.#hear(message));
    this.gone = this.#watch();
  }

  get alive(): boolean {
    return this.#alive;
  }

  run(call: RunCall): Running {
    clearTimeout(this.#idle);
    const id = this.#nextId++;
    const end = new Promise<HostEnd>((resolve) => {
      this.#slots.set(id, { call, end: resolve });
    });
    const has = (): boolean => this.#slots.has(id);
    this.#send({ kind: "run", id, call: plainCall(call) });
    return {
      end,
      get ended() {
        return !has();
      },
      abort: async (reason, graceMs) => {
        if (!has()) return;
        this.#send({ kind: "abort", id, reason });
        await within(end, graceMs);
      },
    };
  }

  /** Takes no more calls and ends with the last one. */
  finish(): void {
    this.#alive = false;
    clearTimeout(this.#idle);
    if (this.#slots.size === 0 && this.#child.connected) this.#child.disconnect();
  }

  kill(): void {
    this.#alive = false;
    this.#child.kill("SIGKILL");
    processFamily(this.#child.pid, this.#mark).kill();
  }

  #hear(message: unknown): void {
    if (!isFromHost(message)) return;
    if (message.kind === "output")
      this.#slots.get(message.id)?.call.emit(message.stream, message.text);
    else this.#settle(message.id, message);
  }

  #settle(id: number, end: HostEnd): void {
    this.#slots.get(id)?.end(end);
    this.#slots.delete(id);
    if (this.#slots.size > 0) return;
    if (this.#alive) this.#idle = setTimeout(() => this.finish(), idleMs).unref();
    else this.finish();
  }

  async #watch(): Promise<void> {
    const child = this.#child;
    const lastWords = tailOf(child);
    // Not `close`: Node does not emit it after a disconnect from this side.
    const reason = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(`could not be used: ${error.message}`));
      child.once("exit", (code, signal) => resolve(`ended (${signal ?? `exit code ${code}`})`));
    });
    await within(drained(child), 500);
    const words = lastWords();
    const explained = `The process of the action ${reason}.${words === "" ? "" : ` ${words}`}`;
    this.#alive = false;
    clearTimeout(this.#idle);
    const alone = this.#slots.size === 1;
    for (const id of this.#slots.keys())
      this.#settle(id, { kind: "lost", alone, reason: explained });
  }

  /** To a host that is gone nothing is sent: its end is noticed by itself. */
  #send(message: ToHost): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}

function plainCall(call: RunCall): Extract<ToHost, { kind: "run" }>["call"] {
  const { executionId, attempt, idempotencyKey, action } = call;
  const { config, context, environment: variables } = call;
  // Declared parameters without a value are null, as StackStorm gives them to actions.
  const absent = Object.fromEntries(Object.keys(action.parameters).map((name) => [name, null]));
  const parameters = { ...absent, ...call.parameters };
  return {
    executionId,
    attempt,
    idempotencyKey,
    action,
    parameters,
    config,
    context,
    environment: variables,
  };
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** Resolves when everything the ended process said has arrived. */
async function drained(child: ChildProcess): Promise<void> {
  if (child.connected) await once(child, "disconnect");
  if (child.stderr && !child.stderr.closed) await once(child.stderr, "close");
}

/** What the host last wrote by itself: the words of a crash. */
function tailOf(child: ChildProcess): () => string {
  let text = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4_000);
  });
  return () => text.trim();
}

function environment(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function isFromHost(message: unknown): message is FromHost {
  return (
    isObject(message) && typeof message["kind"] === "string" && typeof message["id"] === "number"
  );
}
