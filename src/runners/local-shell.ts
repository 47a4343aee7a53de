import { chmod, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import type { ParameterSchemas } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { boundedText } from "./bounded-text.ts";
import { atVersion, contentVersion } from "./content-version.ts";
import { deadlineSeconds, watchEnd, type Ending } from "./ending.ts";
import type { RunCall, Runner } from "./runner.ts";
import { commandParameters, quote, scriptArguments } from "./shell-arguments.ts";
import type { Spawn, Spawned, SpawnedExit } from "./spawn.ts";
import { sudoInput, withSudo } from "./sudo.ts";

export interface LocalShellOptions {
  readonly spawn: Spawn;
  /** Who runs commands that do not ask for root; where this process is somebody else, sudo makes it so. Without it this process's user. */
  readonly systemUser?: string | undefined;
  /** Between the polite signal and the kill, in milliseconds. */
  readonly graceMs?: number;
  /** Characters kept of each of stdout and stderr. */
  readonly outputLimit?: number;
  /** What every command sees besides its own; by default only PATH, HOME, LANG, TZ and the like of this process. */
  readonly baseEnvironment?: Readonly<Record<string, string>>;
}

const passedOn = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];
const sigkill = 9;
const sigterm = 15;

const shellParameters = {
  cwd: { type: "string", description: "Working directory of the command" },
  ...commandParameters,
  timeout: {
    type: "integer",
    description: "Seconds after which the command is killed",
    default: 60,
  },
} as const satisfies ParameterSchemas;

const scriptParameters = {
  ...shellParameters,
  content_version: contentVersion,
  debug: {
    type: "boolean",
    description: "Enable runner debug mode: ST2_ACTION_DEBUG is True",
    default: false,
    required: false,
  },
} as const satisfies ParameterSchemas;

/** Runs the text of `cmd` in a shell of this machine. */
export function localShellCommandRunner(options: LocalShellOptions): Runner {
  return {
    name: "local-shell-cmd",
    aliases: ["run-local"],
    description: "Runs a shell command on the machine of the worker",
    parameters: {
      cmd: { type: "string", description: "Shell command to run" },
      ...shellParameters,
    },
    outputKey: undefined,
    onWorkerLost: "abandon",
    async run(call) {
      if (call.action.entryPath !== "")
        throw new Error("entry_point is only valid for local-shell-script runner");
      const command = call.parameters["cmd"];
      if (typeof command !== "string")
        throw new Error('Parameter "cmd" is missing: the shell command to run');
      return await runShell(command, call, options);
    },
  };
}

/** Runs the action's entry point with its parameters as arguments. */
export function localShellScriptRunner(options: LocalShellOptions): Runner {
  return {
    name: "local-shell-script",
    aliases: ["run-local-script"],
    description: "Runs a script of the pack on the machine of the worker",
    parameters: scriptParameters,
    outputKey: undefined,
    onWorkerLost: "abandon",
    async run(call) {
      if (call.action.entryPath === "")
        throw new Error("Missing entry_point action metadata attribute");
      return await atVersion(call, (there) => runScript(there, options));
    },
  };
}

async function runScript(call: RunCall, options: LocalShellOptions): Promise<Outcome> {
  const path = call.action.entryPath;
  await makeExecutable(path);
  const own = Object.entries(call.parameters).filter(([name]) => !(name in scriptParameters));
  const operator = call.parameters["kwarg_op"];
  const words = scriptArguments(Object.fromEntries(own), call.action.parameters, {
    keywordOperator: typeof operator === "string" ? operator : "--",
  });
  return await runShell([quote(path), ...words].join(" "), call, options);
}

async function runShell(
  command: string,
  call: RunCall,
  {
    spawn,
    graceMs = 2_000,
    outputLimit = 4_000_000,
    baseEnvironment,
    systemUser,
  }: LocalShellOptions,
): Promise<Outcome> {
  const { parameters } = call;
  const user = otherUser(systemUser);
  if (call.signal.aborted)
    return { status: "canceled", result: { error: "The action was canceled before it started." } };
  const cwd = await workingDirectory(call);
  const timeout = deadlineSeconds(call.timeoutSeconds, parameters["timeout"], 60);
  const watch = watchEnd(call.signal, timeout);
  const output = { stdout: boundedText(outputLimit), stderr: boundedText(outputLimit) };
  const password = parameters["sudo_password"];
  const child = spawn("/bin/sh", ["-c", withSudo(command, parameters, user)], {
    cwd,
    environment: {
      ...(baseEnvironment ?? inherited()),
      ...texts(parameters["env"]),
      ST2_ACTION_DEBUG: parameters["debug"] === true ? "True" : "False",
      ...call.environment,
    },
    input: sudoInput(parameters, user),
    onOutput(stream, bytes) {
      const text = output[stream].add(bytes);
      if (text !== "") call.emit(stream, text);
    },
  });
  try {
    const exit = await exitOrKill(child, watch.ended, graceMs);
    const shown = { stdout: output.stdout.end(), stderr: output.stderr.end() };
    const cut = output.stdout.cut || output.stderr.cut;
    return shellOutcome(exit, watch.ending, shown, { cut, password });
  } finally {
    watch.release();
  }
}

/** Waits for the end; when the run has to stop, signals politely, then kills. */
async function exitOrKill(
  child: Spawned,
  ended: Promise<unknown>,
  graceMs: number,
): Promise<SpawnedExit> {
  let kill: NodeJS.Timeout | undefined;
  let done = false;
  const stop = async (): Promise<void> => {
    await ended;
    if (done) return;
    child.kill("SIGTERM");
    kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  void stop();
  try {
    return await child.exited;
  } finally {
    done = true;
    clearTimeout(kill);
  }
}

function shellOutcome(
  exit: SpawnedExit,
  ending: Ending | undefined,
  shown: { readonly stdout: string; readonly stderr: string },
  facts: { readonly cut: boolean; readonly password: unknown },
): Outcome {
  const wrongPassword =
    typeof facts.password === "string" && /sudo: \d+ incorrect password attempt/.test(shown.stderr)
      ? "Invalid sudo password provided or sudo is not configured for this user"
      : undefined;
  const error = ending?.message ?? wrongPassword;
  const code = wrongPassword && !ending ? -1 : returnCode(exit, ending);
  const result = {
    failed: code !== 0,
    succeeded: code === 0,
    return_code: code,
    stdout: parsed(shown.stdout),
    stderr: parsed(shown.stderr),
    ...(error === undefined ? {} : { error }),
    ...(facts.cut ? { truncated: true } : {}),
  };
  return { status: ending?.status ?? statusOf(code), result };
}

function returnCode(exit: SpawnedExit, ending: Ending | undefined): number {
  if (ending) return ending.status === "timeout" ? -sigkill : -sigterm;
  if (exit.code !== null) return exit.code;
  if (exit.signal === "SIGKILL") return -sigkill;
  return exit.signal === "SIGTERM" ? -sigterm : -1;
}

function statusOf(code: number): "succeeded" | "failed" | "timeout" | "abandoned" {
  if (code === 0) return "succeeded";
  if (code === -sigkill) return "timeout";
  return code === -sigterm ? "abandoned" : "failed";
}

/** Output without its last line end; JSON where it is JSON, as StackStorm answers. */
export function parsed(text: string): unknown {
  const stripped = text.replace(/\n$/, "").replace(/\r$/, "");
  try {
    return JSON.parse(stripped) as unknown;
  } catch {
    return stripped;
  }
}

/** That user where this process is somebody else's. */
function otherUser(user: string | undefined): string | undefined {
  return user === undefined || user === userInfo().username ? undefined : user;
}

/** What was asked for; else the script's own folder; else undefined. Throws when it is no directory. */
async function workingDirectory(call: RunCall): Promise<string | undefined> {
  const cwd = call.parameters["cwd"];
  if (typeof cwd !== "string" || cwd === "")
    return call.action.entryPath === "" ? undefined : dirname(call.action.entryPath);
  const found = await stat(cwd).catch(() => undefined);
  if (!found?.isDirectory()) throw new Error(`cwd "${cwd}" is not a directory on this machine`);
  return cwd;
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path).catch((error: unknown) => {
    throw new Error(`The entry point ${path} cannot be read`, { cause: error });
  });
  // A read-only pack is left alone: the shell then says what is wrong.
  if ((mode & 0o111) === 0) await chmod(path, mode | 0o111).catch(() => undefined);
}

function inherited(): Record<string, string> {
  return texts(Object.fromEntries(passedOn.map((name) => [name, process.env[name]])));
}

export function texts(value: unknown): Record<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries
      .filter(([, text]) => text !== undefined && text !== null)
      .map(([name, text]) => [name, typeof text === "string" ? text : JSON.stringify(text)]),
  );
}
