/**
 * The program of an action host: loads actions of one pack and runs calls that come over IPC.
 * It is started by typescript-child.ts and ends when its worker does.
 */
import { Worker } from "node:worker_threads";
import { isObject } from "../model/json.ts";
import { loadAction } from "./typescript-load.ts";
import { callContext, toFailure } from "./typescript-context.ts";
import { captureOutput } from "./typescript-output.ts";
import type { FromHost, HostCall, HostOptions, ToHost } from "./typescript-protocol.ts";

const options = readOptions(process.argv[2]);
const aborts = new Map<number, AbortController>();
const output = captureOutput(tell, options.outputLimit);

process.on("message", (message) => {
  if (!isToHost(message)) return;
  if (message.kind === "abort") aborts.get(message.id)?.abort(new Error(message.reason));
  else void run(message.id, message.call);
});
process.on("disconnect", () => process.exit(0));
process.on("unhandledRejection", (reason) => {
  output.note(`An action left a promise alone that failed: ${toFailure(reason).traceback}\n`);
});
endWithWorker(options.workerPid);

async function run(id: number, call: HostCall): Promise<void> {
  const controller = new AbortController();
  aborts.set(id, controller);
  await output.during(id, async () => {
    try {
      const action = await loadAction(call.action.entryPath);
      if (action === "stale") return tell({ kind: "stale", id });
      const result = await action.run(call.parameters, callContext(call, controller.signal));
      tell({ kind: "succeeded", id, json: resultText(result) });
    } catch (error) {
      tell({ kind: "failed", id, json: failureText(error) });
    }
  });
  aborts.delete(id);
}

/** A result that is nothing is null; a result that is not JSON or too long is the action's fault. */
function resultText(result: unknown): string {
  const json = JSON.stringify(result ?? null) as string | undefined;
  if (json === undefined) throw new TypeError("The action's result is not JSON");
  if (json.length > options.resultLimit)
    throw new RangeError(
      `The action's result has ${json.length} characters of JSON; at most ${options.resultLimit} are kept`,
    );
  return json;
}

function failureText(error: unknown): string {
  const { result, message, traceback } = toFailure(error);
  try {
    return resultText(result ?? { error: message, traceback });
  } catch (unfit) {
    return JSON.stringify({ error: `${message} (${toFailure(unfit).message})` });
  }
}

function tell(message: FromHost): void {
  if (process.connected) process.send?.(message);
}

/**
 * Ends this process when its worker is gone, also while an action keeps the event loop busy for ever (the `disconnect` event
 * is not seen then).
 */
function endWithWorker(workerPid: number): void {
  const watch = `setInterval(() => { if (process.ppid !== ${workerPid}) process.kill(process.pid, "SIGKILL"); }, 500);`;
  const watcher = new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } });
  watcher.unref();
}

function readOptions(text: string | undefined): HostOptions {
  const value: unknown = JSON.parse(text ?? "null");
  const { workerPid, outputLimit, resultLimit } = isObject(value) ? value : {};
  if (
    typeof workerPid !== "number" ||
    typeof outputLimit !== "number" ||
    typeof resultLimit !== "number"
  )
    throw new TypeError("This program is started by a worker only");
  return { workerPid, outputLimit, resultLimit };
}

function isToHost(message: unknown): message is ToHost {
  return isObject(message) && (message["kind"] === "run" || message["kind"] === "abort");
}
