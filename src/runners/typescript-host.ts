/**
 * The program of an action host: loads actions of one pack and runs calls that come over IPC.
 * It is started by typescript-child.ts and ends when its worker does.
 */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { isObject } from "../model/json.ts";
import { processFamily } from "../processes/process-family.ts";
import { markChildren } from "./typescript-children.ts";
import { loadAction } from "./typescript-load.ts";
import { callContext, toFailure } from "./typescript-context.ts";
import { captureOutput } from "./typescript-output.ts";
import type { FromHost, HostCall, HostOptions, ToHost } from "./typescript-protocol.ts";

const options = readOptions(process.argv[2]);
const aborts = new Map<number, AbortController>();
const output = captureOutput(tell, options.outputLimit);
const children = markChildren(options.mark, () => output.current());

process.on("message", (message) => {
  if (!isToHost(message)) return;
  if (message.kind === "abort") aborts.get(message.id)?.abort(new Error(message.reason));
  else void run(message.id, message.call);
});
process.on("disconnect", () => end());
process.on("unhandledRejection", (reason) => {
  output.note(`An action left a promise alone that failed: ${toFailure(reason).traceback}\n`);
});
endWithWorker();

/** The worker is gone, or wants no more of this host: what is still at work ends with it, and what that started. */
function end(): void {
  if (aborts.size > 0) processFamily(process.pid, options.mark).kill();
  process.exit(0);
}

async function run(id: number, call: HostCall): Promise<void> {
  const controller = new AbortController();
  aborts.set(id, controller);
  await output.during(id, async () => {
    try {
      const action = await loadAction(call.action.entryPath);
      if (action === "stale") return tell({ kind: "stale", id });
      const result = await action.run(call.parameters, callContext(call, controller.signal));
      if (controller.signal.aborted) children.kill(id);
      tell({ kind: "succeeded", id, json: resultText(result) });
    } catch (error) {
      if (controller.signal.aborted) children.kill(id);
      tell({ kind: "failed", id, json: failureText(error) });
    }
  });
  aborts.delete(id);
  children.forget(id);
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
 * Ends this process and everything it started when its worker is gone, also while an action keeps the event loop busy for ever (the
 * `disconnect` event is not seen then).
 */
function endWithWorker(): void {
  const program = new URL(`./typescript-watch${extname(import.meta.url)}`, import.meta.url);
  const { workerPid, mark } = options;
  const watcher = new Worker(program, {
    workerData: { workerPid, mark },
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  watcher.unref();
}

function readOptions(text: string | undefined): HostOptions {
  const value: unknown = JSON.parse(text ?? "null");
  const { workerPid, mark, outputLimit, resultLimit } = isObject(value) ? value : {};
  if (
    typeof workerPid !== "number" ||
    typeof mark !== "string" ||
    typeof outputLimit !== "number" ||
    typeof resultLimit !== "number"
  )
    throw new TypeError("This program is started by a worker only");
  return { workerPid, mark, outputLimit, resultLimit };
}

function isToHost(message: unknown): message is ToHost {
  return isObject(message) && (message["kind"] === "run" || message["kind"] === "abort");
}
