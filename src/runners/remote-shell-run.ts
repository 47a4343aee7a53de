import type { JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { boundedText, type BoundedText } from "./bounded-text.ts";
import type { Ending, EndWatch } from "./ending.ts";
import { parsed } from "./local-shell.ts";
import {
  copyTo,
  makeDirectory,
  RemoteConnection,
  SshRefused,
  type ConnectionOptions,
  type RemoteCommand,
} from "./remote-shell-connection.ts";
import { remoteGroup, type RemoteGroup } from "./remote-shell-group.ts";
import type { RemoteHost } from "./remote-shell-hosts.ts";
import { quote } from "./shell-arguments.ts";

export interface RemoteScript {
  /** Directory at the other side, made for this run. */
  readonly directory: string;
  readonly path: string;
  readonly remote: string;
  readonly lib: string | undefined;
}

export interface RemoteJob {
  readonly hosts: readonly RemoteHost[];
  readonly command: string;
  readonly input: string;
  /** That command as the user who runs the job's command. */
  readonly sudo: (command: string) => string;
  readonly script: RemoteScript | undefined;
  readonly connection: ConnectionOptions;
  readonly seconds: number | undefined;
  readonly parallel: number;
  readonly graceMs: number;
  readonly outputLimit: number;
  readonly allowPartialFailure: boolean;
}

type Emit = (stream: "stdout" | "stderr", text: string) => void;

interface HostResult {
  /** False when the host could not even be reached. */
  readonly connected: boolean;
  readonly succeeded: boolean;
  readonly timeout: boolean;
  readonly result: JsonObject;
}

const unreachable = 255;
const sigkill = 9;
const sigterm = 15;
/** Milliseconds for what is done beside the command. */
const tidyMs = 10_000;

/** Carries the job out on all hosts, a bounded number at once. */
export async function runOnHosts(job: RemoteJob, watch: EndWatch, emit: Emit): Promise<Outcome> {
  const waiting = job.hosts.entries();
  const results: HostResult[] = [];
  const single = job.hosts.length === 1;
  const work = async (): Promise<void> => {
    for (const [index, host] of waiting) {
      const say = single ? emit : prefixed(host.label, emit);
      results[index] = await new HostRun(job, host, watch).result(say);
    }
  };
  await Promise.all(Array.from({ length: Math.min(job.parallel, job.hosts.length) }, work));
  return outcomeOf(job, results, watch.ending);
}

function outcomeOf(
  { hosts, allowPartialFailure }: RemoteJob,
  results: readonly HostResult[],
  ending: Ending | undefined,
): Outcome {
  const byHost = Object.fromEntries(
    results.map(({ result }, index) => [hosts[index]?.label ?? "", result]),
  );
  const succeeded = results.filter((one) => one.succeeded).length;
  if (ending?.status === "canceled" && succeeded < hosts.length)
    return { status: "canceled", result: { ...byHost, error: ending.message } };
  if (results.every(({ connected, timeout }) => !connected && !timeout)) {
    const names = hosts.map(({ name }) => `'${name}'`).join(", ");
    const error = `Unable to connect to any one of the hosts: [${names}].\n\n connect_errors=${JSON.stringify(byHost, undefined, 2)}`;
    const result = {
      error,
      traceback: "",
      failed: true,
      succeeded: false,
      return_code: unreachable,
    };
    return { status: "failed", result };
  }
  if (allowPartialFailure ? succeeded > 0 : succeeded === hosts.length)
    return { status: "succeeded", result: byHost };
  return { status: results.every(({ timeout }) => timeout) ? "timeout" : "failed", result: byHost };
}

/** The job on one host. Never rejects: what goes wrong is its result. */
class HostRun {
  readonly #job: RemoteJob;
  readonly #host: RemoteHost;
  readonly #watch: EndWatch;
  readonly #output: Readonly<Record<"stdout" | "stderr", BoundedText>>;

  constructor(job: RemoteJob, host: RemoteHost, watch: EndWatch) {
    this.#job = job;
    this.#host = host;
    this.#watch = watch;
    this.#output = { stdout: boundedText(job.outputLimit), stderr: boundedText(job.outputLimit) };
  }

  async result(emit: Emit): Promise<HostResult> {
    const { connection: options } = this.#job;
    const controller = new AbortController();
    void this.#watch.ended.then(() => controller.abort());
    if (this.#watch.ending) controller.abort();
    let connection: RemoteConnection;
    try {
      controller.signal.throwIfAborted();
      connection = await RemoteConnection.open(this.#host, options, controller.signal);
    } catch (error) {
      const what =
        error instanceof SshRefused
          ? "Connection error."
          : `Failed connecting to host ${this.#host.name}.`;
      return this.#failure(what, error, false);
    }
    try {
      return await this.#work(connection, emit);
    } finally {
      connection.close();
    }
  }

  async #work(connection: RemoteConnection, emit: Emit): Promise<HostResult> {
    const { script } = this.#job;
    if (script === undefined) return await this.#execute(connection, emit);
    try {
      const copied = await this.#copy(connection, script);
      return copied ?? (await this.#execute(connection, emit));
    } finally {
      await quietly(connection, `rm -rf ${quote(script.directory)}`, "");
    }
  }

  async #copy(connection: RemoteConnection, script: RemoteScript): Promise<HostResult | undefined> {
    const { directory, path, remote, lib } = script;
    const work = async (): Promise<void> => {
      const sftp = await connection.sftp();
      await makeDirectory(sftp, directory);
      await copyTo(sftp, path, remote, 0o744);
      if (lib !== undefined) await copyTo(sftp, lib, `${directory}/lib`);
      sftp.end();
    };
    try {
      const ended = await Promise.race([work(), this.#watch.ended]);
      if (ended === undefined) return undefined;
      throw new Error(ended.message);
    } catch (error) {
      return this.#failure(
        `Failed sending file(s) in path ${path} to host ${this.#host.name}`,
        error,
        true,
      );
    }
  }

  async #execute(connection: RemoteConnection, emit: Emit): Promise<HostResult> {
    const { command, input } = this.#job;
    const group = remoteGroup();
    const take = (stream: "stdout" | "stderr", bytes: Buffer): void => {
      const text = this.#output[stream].add(bytes);
      if (text !== "") emit(stream, text);
    };
    let release: (() => Promise<void>) | undefined;
    try {
      const running = await connection.exec(`${group.announce}; ${command}`, {
        input,
        onOutput: (stream, bytes) => take(stream, stream === "stderr" ? group.strip(bytes) : bytes),
      });
      release = this.#stopWhenEnded(connection, running, group);
      const { code = -1 } = await running.ended;
      take("stderr", group.rest());
      if (this.#watch.ending && code !== 0) throw new Error(this.#watch.ending.message);
      return this.#exited(code);
    } catch (error) {
      const what = `Failed executing command "${masked(command)}" on host "${this.#host.name}"`;
      return this.#failure(what, error, true);
    } finally {
      await release?.();
    }
  }

  /** Ends the command at the other side when the run has to stop: politely, then by force; then it is waited for no longer.
   * What is given back is called when the command has ended, and sees to what it left running. */
  #stopWhenEnded(
    connection: RemoteConnection,
    running: RemoteCommand,
    group: RemoteGroup,
  ): () => Promise<void> {
    const { graceMs, sudo, input } = this.#job;
    const timers: NodeJS.Timeout[] = [];
    let done = false;
    const kill = async (signal: "TERM" | "KILL"): Promise<void> => {
      const command = group.kill(signal);
      if (command !== undefined) await quietly(connection, sudo(command), input);
    };
    const stop = async (): Promise<void> => {
      await this.#watch.ended;
      if (done) return;
      timers.push(
        setTimeout(() => void kill("KILL"), graceMs),
        setTimeout(() => running.drop(), graceMs + 1_000),
      );
      await kill("TERM");
    };
    void stop();
    return async () => {
      done = true;
      for (const timer of timers) clearTimeout(timer);
      if (timers.length > 0) await kill("KILL");
    };
  }

  #exited(code: number): HostResult {
    const { stdout, stderr } = this.#output;
    const result = {
      failed: code !== 0,
      succeeded: code === 0,
      return_code: code,
      stdout: parsed(stdout.end()),
      stderr: parsed(stderr.end()),
      ...(stdout.cut || stderr.cut ? { truncated: true } : {}),
    };
    return { connected: true, succeeded: code === 0, timeout: false, result };
  }

  #failure(what: string, error: unknown, connected: boolean): HostResult {
    const { ending } = this.#watch;
    const timeout = ending?.status === "timeout";
    const reason = timeout
      ? `Command didn't finish in ${this.#job.seconds} seconds.`
      : (ending?.message ?? (error instanceof Error ? error.message : String(error)));
    const code = timeout ? -sigkill : ending ? -sigterm : unreachable;
    const result = {
      failed: true,
      succeeded: false,
      timeout,
      return_code: code,
      stdout: plain(this.#output.stdout.end()),
      stderr: plain(this.#output.stderr.end()),
      error: `${what} ${reason}`,
      traceback: error instanceof Error ? (error.stack ?? "") : "",
    };
    return { connected, succeeded: false, timeout, result };
  }
}

/** Runs a command whose end and output matter to nobody, and waits for it a moment. */
async function quietly(
  connection: RemoteConnection,
  command: string,
  input: string,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, tidyMs);
  });
  const work = async (): Promise<void> => {
    const running = await connection.exec(command, { input, onOutput: () => undefined });
    await running.ended;
  };
  await Promise.race([work().catch(() => undefined), late]);
  clearTimeout(timer);
}

/** Output of one host among many: its lines say whose they are. */
function prefixed(label: string, emit: Emit): Emit {
  const fresh = { stdout: true, stderr: true };
  return (stream, text) => {
    const start = fresh[stream] ? `[${label}] ` : "";
    fresh[stream] = text.endsWith("\n");
    const body = text.replaceAll(/\n(?=[^])/g, `\n[${label}] `);
    emit(stream, start + body);
  };
}

function plain(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function masked(command: string): string {
  return command.replaceAll(/ST2_ACTION_AUTH_TOKEN=\S+/g, "ST2_ACTION_AUTH_TOKEN=********");
}
