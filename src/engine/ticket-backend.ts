/** Asks a tracker through the action `ticket` of its pack. */
import { backendAnswer, type BackendAnswer } from "../tickets/answer.ts";
import type { JsonObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";
import type { Core } from "./core.ts";
import { packConfig } from "./pack-config.ts";

const timeoutSeconds = 120;

export interface BackendQuestion {
  readonly backend: string;
  readonly verb: string;
  readonly input: JsonObject;
  /** Names what is done, over all attempts. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/** Never rejects for what the tracker or its pack does; rejects when our own ledger is away. */
export async function askBackend(core: Core, question: BackendQuestion): Promise<BackendAnswer> {
  const { backend, verb, input, key, signal } = question;
  const { actions, packs } = core.definitions().content;
  const action = actions.get(`${backend}.ticket`);
  const runner = action === undefined ? undefined : core.runners.get(action.runner);
  if (action === undefined || runner === undefined) {
    const known = [...actions.values()]
      .filter(({ name, pack }) => name === "ticket" && pack !== "ticket")
      .map(({ pack }) => pack);
    return {
      ok: false,
      reason: "unconfigured",
      error: `no pack "${backend}" has an action "ticket"; backend in <configs>/ticket.yaml can be ${known.join(", ")}`,
      retryAfter: undefined,
      scope: "backend",
    };
  }
  const pack = packs.get(action.pack);
  const config = await packConfig(core, pack);
  const call: RunCall = {
    executionId: key,
    attempt: 1,
    idempotencyKey: key,
    action: {
      ref: action.ref,
      pack: action.pack,
      entryPath: action.entryPath,
      packPath: pack?.path ?? "",
      parameters: action.parameters,
      onWorkerLost: "abandon",
    },
    parameters: { verb, input },
    config,
    context: {},
    environment: {},
    timeoutSeconds,
    signal,
    emit: () => undefined,
  };
  try {
    return backendAnswer(await runner.run(call));
  } catch (error) {
    return backendAnswer({
      status: "failed",
      result: { error: error instanceof Error ? error.message : String(error) },
    });
  }
}
