import { join } from "node:path";
import type { ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { boundedText, type BoundedText } from "./bounded-text.ts";
import { atVersion, contentVersion } from "./content-version.ts";
import { deadlineSeconds, watchEnd, type Ending, type EndWatch } from "./ending.ts";
import {
  modulePaths,
  pythonEnvironment,
  userOf,
  type PythonEnvironment,
} from "./python-environment.ts";
import type { PythonCall } from "./python-protocol.ts";
import type { PythonEnd, PythonRunning, PythonServer } from "./python-server.ts";
import { PythonServers } from "./python-servers.ts";
import { anyValue, resultSchema, type RunCall, type Runner } from "./runner.ts";

export interface PythonRunnerOptions {
  /** Directory of virtual environments, one per pack. */
  readonly virtualenvs?: string;
  /** Directory for compiled files of packs; without it nothing is cached. */
  readonly cache?: string;
  /** Directory of the packs' configurations; for messages. */
  readonly configs?: string;
  /** The interpreter of packs without a virtual environment. */
  readonly python?: string;
  /** Between the polite signal and the kill, in milliseconds; at most 3,000 keeps the runner's promise of 5 s. */
  readonly graceMs?: number;
  readonly outputLimit?: number;
  readonly resultLimit?: number;
  /** Seconds for actions that say nothing else. */
  readonly timeoutSeconds?: number;
  /** Milliseconds without a call after which a warm interpreter ends. */
  readonly idleMs?: number;
}

type Settings = Required<
  Pick<PythonRunnerOptions, "graceMs" | "outputLimit" | "resultLimit" | "timeoutSeconds">
> & { readonly cache: string | undefined };

/** How often a call is started again when its server was lost or found unfit before or, where the action allows it, after its start. */
const attempts = 4;
const wrongStatus = 220;
const sigkill = 9;
const sigterm = 15;

const parameters = {
  env: {
    type: "object",
    description: "Environment variables of the action (e.g. key1=val1,key2=val2)",
  },
  log_level: {
    type: "string",
    description: "Level from which on the action's logger writes to stderr",
    enum: ["AUDIT", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"],
    default: "DEBUG",
  },
  debug: {
    type: "boolean",
    description: "Enable runner debug mode: ST2_ACTION_DEBUG is True",
    default: false,
    required: false,
  },
  content_version: contentVersion,
} as const satisfies ParameterSchemas;

/**
 * Runs StackStorm's Python actions.
 *
 * 1. Every action has a process of its own, forked from a warm interpreter of its pack that has the libraries imported already. The
 *    pack's code itself is read afresh by every action.
 * 2. An action whose variables must be there before an interpreter starts (PYTHON…, LD_…) gets a fresh one.
 * 3. Timeout and cancel end the action's whole process group: politely, then by force; a server that does not even do that is killed.
 */
export function pythonRunner(options: PythonRunnerOptions = {}): Runner {
  const { graceMs = 2_000, outputLimit = 4_000_000, resultLimit = 16_000_000 } = options;
  const { timeoutSeconds = 600, idleMs = 300_000, cache } = options;
  const settings: Settings = { graceMs, outputLimit, resultLimit, timeoutSeconds, cache };
  const { virtualenvs, python = "python3", configs } = options;
  const servers = new PythonServers(idleMs);
  return {
    name: "python-script",
    aliases: ["run-python"],
    description: "Runs a Python action of StackStorm's kind",
    parameters: {
      ...parameters,
      timeout: {
        type: "integer",
        description: "Seconds after which the action is killed",
        default: timeoutSeconds,
      },
    },
    outputKey: "result",
    outputSchema: resultSchema({
      result: anyValue,
      stderr: { type: "string", required: true },
      stdout: { type: "string", required: true },
      exit_code: { type: "integer", required: true },
    }),
    onWorkerLost: "abandon",
    async run(call) {
      if (call.signal.aborted)
        return {
          status: "canceled",
          result: { error: "The action was canceled before it started." },
        };
      if (call.action.entryPath === "")
        throw new Error(`Action "${call.action.ref}" is missing entry_point attribute`);
      return await atVersion(call, async (there) => {
        const environment = pythonEnvironment(there, { virtualenvs, python, configs });
        return await new PythonRun(there, environment, servers, settings).outcome();
      });
    },
    close: () => servers.close(graceMs),
  };
}

/** One call, possibly on several servers one after the other. */
class PythonRun {
  readonly #call: RunCall;
  readonly #environment: PythonEnvironment;
  readonly #servers: PythonServers;
  readonly #settings: Settings;
  readonly #watch: EndWatch;
  readonly #output: Readonly<Record<"stdout" | "stderr", BoundedText>>;

  constructor(
    call: RunCall,
    environment: PythonEnvironment,
    servers: PythonServers,
    settings: Settings,
  ) {
    this.#call = call;
    this.#environment = environment;
    this.#servers = servers;
    this.#settings = settings;
    const asked = call.parameters["timeout"];
    this.#watch = watchEnd(
      call.signal,
      deadlineSeconds(call.timeoutSeconds, asked, settings.timeoutSeconds),
    );
    const { outputLimit } = settings;
    this.#output = { stdout: boundedText(outputLimit), stderr: boundedText(outputLimit) };
  }

  async outcome(): Promise<Outcome> {
    try {
      const end = this.#environment.cold ? await this.#runCold() : await this.#runWarm();
      const shown = { stdout: this.#output.stdout.end(), stderr: this.#output.stderr.end() };
      return outcomeOf(end, this.#watch.ending, shown, this.#settings.resultLimit);
    } finally {
      this.#watch.release();
    }
  }

  async #runCold(): Promise<PythonEnd> {
    const server = this.#servers.cold(this.#environment);
    const end = await this.#runOn(server);
    server.finish();
    return end;
  }

  async #runWarm(): Promise<PythonEnd> {
    const { program } = this.#environment;
    const key = `${program}\n${this.#call.action.packPath}`;
    const again = this.#call.action.onWorkerLost === "rerun";
    for (let attempt = 1; ; attempt += 1) {
      const server = this.#servers.take(key, this.#environment);
      const end = await this.#runOn(server);
      const last = attempt === attempts || this.#watch.ending !== undefined;
      if (end.kind === "stale") this.#servers.retire(key, server, end.skip);
      else if (end.kind !== "lost") return end;
      else if (!end.started) this.#servers.distrust(key);
      if (last || (end.kind === "lost" && end.started && !again)) return end;
    }
  }

  async #runOn(server: PythonServer): Promise<PythonEnd> {
    const running = server.run(this.#pythonCall(), (stream, bytes) => {
      const text = this.#output[stream].add(bytes);
      if (text !== "") this.#call.emit(stream, text);
    });
    const release = this.#stopWhenEnded(running, server);
    try {
      return await running.end;
    } finally {
      release();
    }
  }

  /** Signals politely, then by force, then ends the server that does not even do that. */
  #stopWhenEnded(running: PythonRunning, server: PythonServer): () => void {
    const timers: NodeJS.Timeout[] = [];
    let done = false;
    const { graceMs } = this.#settings;
    const stop = async (): Promise<void> => {
      await this.#watch.ended;
      if (done) return;
      running.kill("SIGTERM");
      timers.push(
        setTimeout(() => running.kill("SIGKILL"), graceMs),
        setTimeout(() => server.kill(), graceMs + 1_500),
      );
    };
    void stop();
    return () => {
      done = true;
      for (const timer of timers) clearTimeout(timer);
    };
  }

  #pythonCall(): PythonCall {
    const { action, parameters: all, config, context } = this.#call;
    const { outputLimit, resultLimit, cache } = this.#settings;
    const { action: environment, missingLibraries } = this.#environment;
    const declared = Object.keys(action.parameters).map((name) => [name, null] as const);
    const given = [...declared, ...Object.entries(all)];
    const own = given.filter(([name]) => !(name in parameters) && name !== "timeout");
    const level = all["log_level"];
    return {
      pack: action.pack,
      user: userOf(context),
      entry: action.entryPath,
      directory: action.packPath,
      paths: modulePaths(action),
      environment,
      parameters: Object.fromEntries(own),
      config,
      logLevel: typeof level === "string" ? level : "DEBUG",
      outputLimit,
      resultLimit,
      cache: cache === undefined ? undefined : join(cache, "python"),
      missingLibraries,
    };
  }
}

function outcomeOf(
  end: PythonEnd,
  ending: Ending | undefined,
  shown: { readonly stdout: string; readonly stderr: string },
  resultLimit: number,
): Outcome {
  if (ending) {
    const code = ending.status === "timeout" ? -sigkill : -sigterm;
    const result = { ...shown, exit_code: code, result: "None", error: ending.message };
    return { status: ending.status, result };
  }
  switch (end.kind) {
    case "exited":
      return exited(end, shown, resultLimit);
    case "stale":
      throw new Error("The libraries of the pack change faster than they can be imported");
    case "failed":
      throw new Error(`Python could not be forked: ${end.reason}`);
    case "lost":
      if (!end.started) throw new Error(end.reason);
      return { status: "abandoned", result: { ...shown, error: end.reason } };
  }
}

function exited(
  { code, truncated, resultTooLarge, report }: Extract<PythonEnd, { kind: "exited" }>,
  shown: { readonly stdout: string; readonly stderr: string },
  resultLimit: number,
): Outcome {
  const error = resultTooLarge
    ? `The result of the action is larger than ${resultLimit} bytes of JSON`
    : code === wrongStatus
      ? shown.stderr
      : report["error"];
  const result: JsonObject = {
    ...shown,
    exit_code: code,
    result: "result" in report ? report["result"] : "None",
    ...(error === undefined ? {} : { error }),
    ...(truncated ? { truncated: true } : {}),
  };
  const succeeded = code === 0 && !resultTooLarge && report["status"] !== false;
  return { status: succeeded ? "succeeded" : "failed", result };
}
