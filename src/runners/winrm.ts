/** Commands and scripts on Windows machines, over WinRM. The protocol is spoken by pywinrm, in a process that Python's runner keeps. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { texts } from "./local-shell.ts";
import { powershellArguments } from "./powershell-arguments.ts";
import type { RunCall, Runner } from "./runner.ts";

const program = fileURLToPath(new URL("./python/raicho_host/winrm_command.py", import.meta.url));
const plainPort = 5985;
/** As in StackStorm: a timeout is no exit code of Windows. */
const timeoutCode = -1;
const canceledCode = -15;

const connection = {
  host: { type: "string", description: "Windows machine on which it runs", required: true },
  username: { type: "string", description: "Who signs in", required: true },
  password: {
    type: "string",
    description: "Password of the user",
    required: true,
    secret: true,
  },
  port: {
    type: "integer",
    description: "Port of WinRM; with 5985 the scheme is http",
    default: 5986,
    required: false,
  },
  scheme: {
    type: "string",
    description: "Scheme of WinRM's URL: https or http",
    default: "https",
    required: false,
  },
  transport: {
    type: "string",
    description:
      "How to sign in: ntlm, basic, plaintext, certificate, kerberos, credssp or ssl, as pywinrm knows them",
    default: "ntlm",
    required: false,
  },
  verify_ssl_cert: {
    type: "boolean",
    description: "Refuse machines whose certificate cannot be verified",
    default: true,
    required: false,
  },
  cwd: { type: "string", description: "Working directory of the command" },
  env: {
    type: "object",
    description: "Environment variables of the command (e.g. key1=val1,key2=val2)",
  },
  kwarg_op: {
    type: "string",
    description: "Operator in front of named arguments",
    default: "-",
  },
  timeout: {
    type: "integer",
    description: "Seconds after which the command is ended",
    default: 60,
  },
} as const satisfies ParameterSchemas;

const command = (description: string) => ({ type: "string", description }) as const;

/** What runs: a line of the command prompt, or a script of PowerShell with its arguments. */
type Work = { readonly command: string } | { readonly script: string; readonly arguments: string };

/** The runners `winrm-cmd`, `winrm-ps-cmd` and `winrm-ps-script`. `python` runs Python actions; whoever made it closes it. */
export function winrmRunners(python: Pick<Runner, "run">): readonly Runner[] {
  const runner = (
    { name, description }: Pick<Runner, "name" | "description">,
    parameters: ParameterSchemas,
    workOf: (call: RunCall) => Work | Promise<Work>,
  ): Runner => ({
    name,
    aliases: [],
    description,
    parameters: { ...parameters, ...connection },
    outputKey: undefined,
    onWorkerLost: "abandon",
    run: async (call) => outcomeOf(await python.run(pythonCall(call, await workOf(call)))),
  });
  return [
    runner(
      { name: "winrm-cmd", description: "Runs a line of the command prompt on a Windows machine" },
      { cmd: command("Line for the command prompt") },
      (call) => ({ command: commandOf(call) }),
    ),
    runner(
      { name: "winrm-ps-cmd", description: "Runs a PowerShell command on a Windows machine" },
      { cmd: command("PowerShell command") },
      (call) => ({ script: commandOf(call), arguments: "" }),
    ),
    runner(
      {
        name: "winrm-ps-script",
        description: "Runs a PowerShell script of the pack on a Windows machine",
      },
      {},
      scriptOf,
    ),
  ];
}

function commandOf({ action, parameters }: RunCall): string {
  if (action.entryPath !== "")
    throw new Error(
      `Action "${action.ref}" has an entry_point: that is for the runner winrm-ps-script`,
    );
  const line = parameters["cmd"];
  if (typeof line !== "string" || line === "")
    throw new Error('Parameter "cmd" is missing: the command to run');
  return line;
}

async function scriptOf({ action, parameters }: RunCall): Promise<Work> {
  const path = action.entryPath;
  if (path === "") throw new Error(`Action "${action.ref}" is missing entry_point attribute`);
  const script = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`The entry point ${path} cannot be read`, { cause: error });
  });
  const own = Object.entries(parameters).filter(([name]) => !(name in connection));
  const operator = parameters["kwarg_op"];
  const words = powershellArguments(Object.fromEntries(own), action.parameters, {
    keywordOperator: typeof operator === "string" ? operator : "-",
  });
  return { script: script.replace(/^\uFEFF/, ""), arguments: words.join(" ") };
}

/** The call of the Python program that carries it out. */
function pythonCall(call: RunCall, work: Work): RunCall {
  const { parameters: given, action } = call;
  const wanted = (name: keyof typeof connection): unknown => given[name] ?? defaultOf(name);
  for (const name of ["host", "username", "password"])
    if (typeof given[name] !== "string" || given[name] === "")
      throw new Error(`Parameter "${name}" is missing`);
  const port = wanted("port");
  const scheme = port === plainPort ? "http" : wanted("scheme");
  const cwd = given["cwd"];
  const job = {
    command: null,
    script: null,
    arguments: "",
    ...work,
    pack: action.pack,
    url: `${String(scheme)}://${String(given["host"])}:${String(port)}/wsman`,
    username: given["username"],
    password: given["password"],
    transport: wanted("transport"),
    verify: wanted("verify_ssl_cert") !== false,
    cwd: typeof cwd === "string" && cwd !== "" ? cwd : null,
    env: texts(given["env"]),
  };
  return {
    ...call,
    action: { ...action, entryPath: program, parameters: {} },
    parameters: { job, timeout: wanted("timeout") },
    config: {},
  };
}

function defaultOf(name: keyof typeof connection): unknown {
  const schema = connection[name];
  return "default" in schema ? schema.default : undefined;
}

/** The keys and codes of StackStorm. */
function outcomeOf({ status, result }: Outcome): Outcome {
  const said = isObject(result) ? result : {};
  const report = isObject(said["result"]) ? said["result"] : {};
  const shown = { stdout: parsed(said["stdout"]), stderr: parsed(said["stderr"]) };
  const cut = said["truncated"] === true ? { truncated: true } : {};
  if (status === "timeout" || status === "canceled") {
    const code = status === "timeout" ? timeoutCode : canceledCode;
    const failed = { failed: true, succeeded: false, return_code: code };
    return { status, result: { ...failed, ...shown, error: said["error"], ...cut } };
  }
  const code = report["return_code"];
  if (typeof code === "number") {
    const succeeded = code === 0;
    const codes = { failed: !succeeded, succeeded, return_code: code };
    return { status: succeeded ? "succeeded" : "failed", result: { ...codes, ...shown, ...cut } };
  }
  return { status: status === "abandoned" ? status : "failed", result: failure(said, report) };
}

function failure(said: JsonObject, report: JsonObject): JsonObject {
  const error = report["error"] ?? said["error"] ?? said["stderr"];
  const traceback = report["traceback"];
  return { error, ...(traceback === undefined ? {} : { traceback }) };
}

/** JSON where it is JSON, as StackStorm answers. */
function parsed(text: unknown): unknown {
  if (typeof text !== "string") return "";
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
