import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import ssh2 from "ssh2";
import type { ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { deadlineSeconds, watchEnd } from "./ending.ts";
import { texts } from "./local-shell.ts";
import type { Login } from "./remote-shell-connection.ts";
import { parseHost, parseHosts } from "./remote-shell-hosts.ts";
import type { HostKeyOptions } from "./remote-shell-known-hosts.ts";
import { runOnHosts, type RemoteJob, type RemoteScript } from "./remote-shell-run.ts";
import type { RunCall, Runner } from "./runner.ts";
import { commandParameters, quote, scriptArguments } from "./shell-arguments.ts";
import { sudoInput, withSudo } from "./sudo.ts";

export interface RemoteShellOptions extends HostKeyOptions {
  /** Who signs in when the action does not say. */
  readonly username: string;
  /** File of the private key for actions with neither a key nor a password. */
  readonly privateKey: string | undefined;
  /** Whether one host that succeeded is enough. */
  readonly allowPartialFailure?: boolean;
  /** Hosts that are worked on at once. */
  readonly parallel?: number;
  readonly connectMs?: number;
  /** Between the polite signal and the kill, in milliseconds. */
  readonly graceMs?: number;
  /** Characters kept of each of stdout and stderr of a host. */
  readonly outputLimit?: number;
}

const remoteParameters = {
  hosts: {
    type: "string",
    description:
      "Hosts, separated by commas, each with or without a port: a.example,b.example:2222",
    required: true,
  },
  username: { type: "string", description: "Who signs in", required: false },
  password: { type: "string", description: "Password of the user", required: false, secret: true },
  private_key: {
    type: "string",
    description: "Private key, or the path of its file on the machine of the worker",
    required: false,
    secret: true,
  },
  passphrase: {
    type: "string",
    description: "Passphrase of the private key",
    required: false,
    secret: true,
  },
  port: { type: "integer", description: "Port of hosts that say none (22)", required: false },
  bastion_host: {
    type: "string",
    description: "Host through which the others are reached, with the same user and key",
    required: false,
  },
  cwd: { type: "string", description: "Working directory of the command", default: "/tmp" },
  ...commandParameters,
  parallel: {
    type: "boolean",
    description: "Kept for StackStorm's content: hosts are always worked on at once",
    default: false,
    immutable: true,
  },
  timeout: {
    type: "integer",
    description: "Seconds after which the command is killed",
    default: 60,
  },
} as const satisfies ParameterSchemas;

const dir = {
  type: "string",
  description: "Directory the script is copied to",
  default: "/tmp",
} as const;

/** Runs the text of `cmd` in a shell of every host. */
export function remoteShellCommandRunner(options: RemoteShellOptions): Runner {
  return {
    name: "remote-shell-cmd",
    aliases: ["run-remote"],
    description: "Runs a shell command on other machines",
    parameters: {
      cmd: { type: "string", description: "Shell command to run" },
      ...remoteParameters,
      dir: { ...dir, immutable: true },
    },
    outputKey: undefined,
    onWorkerLost: "abandon",
    async run(call) {
      if (call.action.entryPath !== "")
        throw new Error(
          `Action "${call.action.ref}" specified "entry_point" attribute. Perhaps wanted to use "remote-shell-script" runner?`,
        );
      const command = call.parameters["cmd"];
      if (typeof command !== "string")
        throw new Error('Parameter "cmd" is missing: the shell command to run');
      return await runRemote(call, options, { words: command, script: undefined });
    },
  };
}

/** Copies the action's entry point and the `lib` directory beside it to every host, runs it there and removes it. */
export function remoteShellScriptRunner(options: RemoteShellOptions): Runner {
  const own = { ...remoteParameters, dir };
  return {
    name: "remote-shell-script",
    aliases: ["run-remote-script"],
    description: "Runs a script of the pack on other machines",
    parameters: own,
    outputKey: undefined,
    onWorkerLost: "abandon",
    async run(call) {
      const path = call.action.entryPath;
      if (path === "")
        throw new Error(
          `Action "${call.action.ref}" is missing "entry_point" attribute. Perhaps wanted to use "remote-shell-cmd" runner?`,
        );
      if (!existsSync(path)) throw new Error(`The entry point ${path} cannot be read`);
      const base = call.parameters["dir"];
      const directory = posix.join(typeof base === "string" ? base : "/tmp", call.executionId);
      const given = Object.entries(call.parameters).filter(([name]) => !(name in own));
      const operator = call.parameters["kwarg_op"];
      const words = scriptArguments(Object.fromEntries(given), call.action.parameters, {
        keywordOperator: typeof operator === "string" ? operator : "--",
      });
      const remote = posix.join(directory, basename(path));
      const lib = join(dirname(path), "lib");
      return await runRemote(call, options, {
        words: [quote(remote), ...words].join(" "),
        script: { directory, path, remote, lib: existsSync(lib) ? lib : undefined },
      });
    },
  };
}

async function runRemote(
  call: RunCall,
  options: RemoteShellOptions,
  what: { readonly words: string; readonly script: RemoteScript | undefined },
): Promise<Outcome> {
  if (call.signal.aborted)
    return { status: "canceled", result: { error: "The action was canceled before it started." } };
  const { parameters } = call;
  const hosts = parseHosts(parameters["hosts"]);
  const bastion = parameters["bastion_host"];
  const port = parameters["port"];
  const seconds = deadlineSeconds(call.timeoutSeconds, parameters["timeout"], 60);
  const { connectMs = 30_000, parallel = 50, graceMs = 2_000, outputLimit = 4_000_000 } = options;
  const job: RemoteJob = {
    hosts,
    command: commandLine(what.words, call),
    input: sudoInput(parameters) ?? "",
    sudo: (command) => withSudo(command, parameters),
    script: what.script,
    connection: {
      knownHosts: options.knownHosts,
      unknownHosts: options.unknownHosts,
      login: await loginOf(parameters, options),
      port: typeof port === "number" ? port : 22,
      bastion: typeof bastion === "string" && bastion !== "" ? parseHost(bastion) : undefined,
      connectMs,
    },
    seconds,
    parallel,
    graceMs,
    outputLimit,
    allowPartialFailure: options.allowPartialFailure === true,
  };
  const watch = watchEnd(call.signal, seconds);
  try {
    return await runOnHosts(job, watch, (stream, text) => call.emit(stream, text));
  } finally {
    watch.release();
  }
}

/** What the shell of the other side is told, as StackStorm says it. */
function commandLine(words: string, { parameters, environment }: RunCall): string {
  const variables = { ...texts(parameters["env"]), ...environment };
  const exports = Object.entries(variables)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${quote(name)}=${quote(value)}`);
  const cwd = parameters["cwd"];
  const line = [
    ...(exports.length === 0 ? [] : [`export ${exports.join(" ")}`]),
    `cd ${quote(typeof cwd === "string" && cwd !== "" ? cwd : "/tmp")}`,
    words,
  ].join(" && ");
  return withSudo(line, parameters);
}

/** How to sign in: a password, else a key that was given, else the site's key. Throws for what cannot work. */
async function loginOf(parameters: JsonObject, options: RemoteShellOptions): Promise<Login> {
  const text = (name: string): string | undefined => {
    const value = parameters[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const username = text("username") ?? options.username;
  const password = text("password");
  if (password !== undefined)
    return { username, password, privateKey: undefined, passphrase: undefined };
  const given = text("private_key") ?? options.privateKey;
  if (given === undefined)
    throw new Error(
      "Either password or private_key should be supplied for action, or RAICHO_SSH_KEY be set to the file of a private key.",
    );
  const material = /private key-----/i.test(given);
  const privateKey = material
    ? given
    : await readFile(given, "utf8").catch((error: unknown) => {
        throw new Error(`The private key file ${given} cannot be read`, { cause: error });
      });
  const passphrase = text("passphrase");
  const key = ssh2.utils.parseKey(privateKey, passphrase);
  if (!(key instanceof Error)) return { username, password, privateKey, passphrase };
  const place = material ? "The private key" : `Private key file ${given}`;
  if (/no passphrase/i.test(key.message))
    throw new Error(`${place} is passphrase protected. Supply a passphrase.`);
  throw new Error(
    passphrase === undefined
      ? `${place} is invalid or of an unsupported type`
      : `${place}: invalid passphrase or invalid/unsupported key type`,
  );
}
