/** What an action gets beside its parameters. */
import { setTimeout as wait } from "node:timers/promises";
import { inspect } from "node:util";
import { isObject, type JsonObject } from "../model/json.ts";
import type { ActionContext, ActionLog } from "../pack.ts";
import type { HostCall } from "./typescript-protocol.ts";

export function callContext(call: HostCall, signal: AbortSignal): ActionContext {
  const { executionId, attempt, idempotencyKey, config, context, environment } = call;
  const { ref, pack, packPath } = call.action;
  return {
    config,
    executionId,
    attempt,
    idempotencyKey,
    action: { ref, pack, packPath },
    context,
    environment,
    signal,
    log: { debug: line("DEBUG"), info: line("INFO"), warn: line("WARNING"), error: line("ERROR") },
    fetch(url, { timeoutMs = 30_000, signal: own, ...init } = {}) {
      const signals = [signal, AbortSignal.timeout(timeoutMs), ...(own ? [own] : [])];
      return fetch(url, { ...init, signal: AbortSignal.any(signals) });
    },
    async sleep(ms) {
      await wait(ms, undefined, { signal });
    },
  };
}

function line(level: string): ActionLog["info"] {
  return (message, details) => {
    const more = details === undefined ? "" : ` ${inspect(details, { breakLength: Infinity })}`;
    process.stderr.write(`${level} ${message}${more}\n`);
  };
}

export interface Failure {
  readonly message: string;
  readonly traceback: string;
  /** Set when the action said what its result is. */
  readonly result: JsonObject | undefined;
}

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error))
    return { message: inspect(error), traceback: "", result: undefined };
  const own: unknown =
    error.name === "ActionFailed" && "result" in error ? error.result : undefined;
  return {
    message: withCauses(error),
    traceback: error.stack ?? "",
    result: isObject(own) ? own : undefined,
  };
}

/** `fetch failed` alone helps nobody: its cause says why. */
function withCauses(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${withCauses(cause)}` : error.message;
}
