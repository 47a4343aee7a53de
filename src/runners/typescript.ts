import type { Outcome } from "../model/outcome.ts";
import { deadlineSeconds, watchEnd, type EndWatch } from "./ending.ts";
import type { RunCall, Runner } from "./runner.ts";
import { ActionHost, type HostEnd } from "./typescript-child.ts";

export interface TypescriptRunnerOptions {
  /** How long an aborted action may take to stop before its host is killed, in milliseconds; at most 4,000 keeps the runner's promise of 5 s. */
  readonly graceMs?: number;
  readonly outputLimit?: number;
  readonly resultLimit?: number;
  /** Seconds for actions that say nothing else. */
  readonly timeoutSeconds?: number;
}

/** How often a call whose host was lost through no fault of its own is started again, if its action allows it. */
const reruns = 2;

/**
 * Runs actions written in TypeScript or JavaScript in a warm child process per pack.
 *
 * 1. A call ends once: with the host's answer, or with the loss of the host.
 * 2. A host takes calls until its code changes on disk or one of its calls overstays; then a new one takes over.
 * 3. An action that ignores its abort signal is killed with its host. Other calls on that host are started again when their action says
 *    `rerun`, else end as abandoned: what they did is not known.
 */
export function typescriptRunner({
  graceMs = 3_000,
  outputLimit = 1_000_000,
  resultLimit = 16_000_000,
  timeoutSeconds = 600,
}: TypescriptRunnerOptions = {}): Runner {
  const hosts = new HostPool({ outputLimit, resultLimit });
  return {
    name: "typescript",
    aliases: ["javascript"],
    description: "Runs an action written in TypeScript or JavaScript (see raicho/pack)",
    parameters: {
      timeout: {
        type: "integer",
        description: "Seconds after which the action is stopped",
        default: timeoutSeconds,
      },
    },
    outputKey: undefined,
    outputSchema: {},
    onWorkerLost: "abandon",
    async run(call) {
      if (call.signal.aborted) return canceledBefore;
      const asked = call.parameters["timeout"];
      const deadline = deadlineSeconds(call.timeoutSeconds, asked, timeoutSeconds);
      const attempt = async (number: number): Promise<HostEnd> => {
        const watch = watchEnd(call.signal, deadline);
        try {
          return await runOnce({ ...call, attempt: number }, hosts, watch, graceMs);
        } finally {
          watch.release();
        }
      };
      let end = await attempt(call.attempt);
      for (let again = 1; again <= reruns && mayRerun(end, call); again += 1)
        end = await attempt(call.attempt + again);
      return outcomeOf(end);
    },
    close: () => hosts.close(graceMs),
  };
}

async function runOnce(
  call: RunCall,
  hosts: HostPool,
  watch: EndWatch,
  graceMs: number,
): Promise<HostEnd> {
  let host = hosts.take(call.action.packPath);
  let running = host.run(call);
  const stop = async (): Promise<void> => {
    const { message } = await watch.ended;
    await running.abort(message, graceMs);
    if (!running.ended) host.kill();
  };
  void stop();
  let end = await running.end;
  while (end.kind === "stale" && !watch.ending) {
    hosts.retire(host);
    host = hosts.take(call.action.packPath);
    running = host.run(call);
    end = await running.end;
  }
  return watch.ending ? { kind: "stopped", ending: watch.ending } : end;
}

/** One host per pack takes calls; retired ones finish theirs. */
class HostPool {
  readonly #limits: ConstructorParameters<typeof ActionHost>[1];
  readonly #current = new Map<string, ActionHost>();
  readonly #all = new Set<ActionHost>();

  constructor(limits: ConstructorParameters<typeof ActionHost>[1]) {
    this.#limits = limits;
  }

  take(packPath: string): ActionHost {
    const found = this.#current.get(packPath);
    if (found?.alive) return found;
    const host = new ActionHost(packPath, this.#limits);
    this.#current.set(packPath, host);
    void this.#remember(host);
    return host;
  }

  retire(host: ActionHost): void {
    if (this.#current.get(host.packPath) === host) this.#current.delete(host.packPath);
    host.finish();
  }

  async close(graceMs: number): Promise<void> {
    const late = setTimeout(() => {
      for (const host of this.#all) host.kill();
    }, graceMs);
    for (const host of this.#all) host.finish();
    await Promise.all([...this.#all].map((host) => host.gone));
    clearTimeout(late);
  }

  async #remember(host: ActionHost): Promise<void> {
    this.#all.add(host);
    await host.gone;
    this.#all.delete(host);
  }
}

const canceledBefore: Outcome = {
  status: "canceled",
  result: { error: "The action was canceled before it started." },
};

function mayRerun(end: HostEnd, call: RunCall): boolean {
  return end.kind === "lost" && !end.alone && call.action.onWorkerLost === "rerun";
}

function outcomeOf(end: HostEnd): Outcome {
  switch (end.kind) {
    case "succeeded":
    case "failed":
      return { status: end.kind, result: JSON.parse(end.json) as unknown };
    case "stopped":
      return { status: end.ending.status, result: { error: end.ending.message } };
    case "stale":
      throw new Error("The code of the action changes faster than it can be started");
    case "lost":
      return { status: end.alone ? "failed" : "abandoned", result: { error: end.reason } };
  }
}
