/** One run of an action that works outside the ledger: claim, carry out, finish.
 *
 * 1. The claim's fence goes into the finish: a run that lost its claim (its process was thought dead) cannot record anything.
 * 2. A finish waits for the database as long as it takes; the result of what was done is never thrown away.
 * 3. A child of a workflow that this process conducts is recorded by the workflow's own next unit: one commit for both. */
import { passing } from "../model/crash-points.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { poolOf } from "../model/pools.ts";
import { maskedCall, type MaskedCall } from "../runners/masked-call.ts";
import type { Runner } from "../runners/runner.ts";
import { isAway } from "../store/database.ts";
import type { ExecutionChange, Unit } from "../store/unit.ts";
import { telling } from "./announce.ts";
import type { Core } from "./core.ts";
import { rowsOf, userIn } from "./launch.ts";
import { whenBack } from "./in-ledger.ts";
import { outputSink } from "./output.ts";
import { checkedEnd } from "./output-check.ts";
import { packConfig } from "./pack-config.ts";
import { nextTry, taskOf, triedBefore } from "./retry.ts";
import { runToken } from "./run-token.ts";
import { SecretBook, secretsOf } from "./secrets.ts";
import { start } from "./start.ts";

/** An execution that this process may carry out, and nobody else. */
export interface Claim {
  readonly id: string;
  readonly action: string;
  readonly runner: string;
  readonly parameters: JsonObject;
  readonly context: JsonObject;
  readonly parent?: string | null | undefined;
  readonly task_key?: string | null | undefined;
  readonly fence: number;
  readonly attempt: number;
  /** When it was asked for; absent when this process has just made it. */
  readonly created_at?: Date;
}

/** Why a running action is aborted. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly kind: "canceled" | "stopping";
  /** What the ledger says since it was canceled: `message`, and `user` who asked for it. */
  readonly result: JsonObject;
  constructor(kind: "canceled" | "stopping", result?: unknown) {
    const message = kind === "canceled" ? "Action canceled by user." : "The worker is stopping.";
    super(message);
    this.kind = kind;
    this.result = isObject(result) ? result : { message };
  }
}

/** Carries out a claimed execution whose slot is taken, and gives the slot back. Never rejects. */
export async function runHere(core: Core, claim: Claim): Promise<void> {
  const controller = new AbortController();
  core.running.set(claim.id, controller);
  try {
    const secrets = new SecretBook();
    const outcome = await carryOut(core, claim, { signal: controller.signal, secrets });
    const end = afterInterruption(core, claim, outcome, controller.signal);
    await finish(core, claim, checkedEnd(core, claim, end), secrets);
  } catch (error) {
    core.log("error", "an execution could not be finished", {
      execution: claim.id,
      reason: error instanceof Error ? error.message : String(error),
    });
  } finally {
    core.running.delete(claim.id);
    core.slots.give();
  }
}

/** What to do with an execution whose worker is gone. */
export function lossPolicy(core: Core, action: string, runner: string): "rerun" | "abandon" {
  return (
    core.definitions().content.actions.get(action)?.onWorkerLost ??
    core.runners.get(runner)?.onWorkerLost ??
    "abandon"
  );
}

type End = Outcome | { readonly status: "requested"; readonly result: undefined };

interface Carriage {
  readonly signal: AbortSignal;
  /** Takes the secrets that the action was given. */
  readonly secrets: SecretBook;
}

function afterInterruption(core: Core, claim: Claim, outcome: End, signal: AbortSignal): End {
  if (!signal.aborted || outcome.status === "succeeded") return outcome;
  const reason: unknown = signal.reason;
  const { kind, result } = reason instanceof Interrupted ? reason : new Interrupted("canceled");
  // As in StackStorm: who canceled it. What it printed is in its output.
  if (kind === "canceled") return { status: "canceled", result };
  if (lossPolicy(core, claim.action, claim.runner) === "rerun")
    return { status: "requested", result: undefined };
  return { status: "abandoned", result: { error: "The worker stopped before the action ended." } };
}

/** What an exception makes of a run. The ledger being away is no fault of an action that works on nothing else: it runs again. */
function endOf(error: unknown, { inLedger }: Runner): End {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (inLedger === true && isAway(error)) return { status: "requested", result: undefined };
  return { status: "failed", result: { error: message, traceback: stack ?? "" } };
}

async function carryOut(core: Core, claim: Claim, { signal, secrets }: Carriage): Promise<End> {
  const runner = core.runners.get(claim.runner);
  await core.seek(claim.action);
  const definition = core.definitions().content.actions.get(claim.action);
  if (runner === undefined || definition === undefined)
    return {
      status: "failed",
      result: {
        error:
          runner === undefined
            ? `There is no runner "${claim.runner}".`
            : `Action "${claim.action}" cannot be found.`,
      },
    };
  const pack = core.definitions().content.packs.get(definition.pack);
  const sink = outputSink(core, claim.id);
  const timeoutSeconds = timeoutOf(claim.parameters);
  const environment = environmentOf(core, claim, definition.pack);
  let masked: MaskedCall | undefined;
  try {
    const config = await whenBack(() => packConfig(core, pack, userIn(claim.context)), signal);
    secrets.add([...secretsOf(core, claim, config), environment.ST2_ACTION_AUTH_TOKEN]);
    masked = maskedCall(
      {
        executionId: claim.id,
        attempt: claim.attempt,
        idempotencyKey: idempotencyKey(claim),
        action: {
          ref: definition.ref,
          pack: definition.pack,
          entryPath: definition.entryPath,
          packPath: pack?.path ?? "",
          parameters: definition.parameters,
          onWorkerLost: lossPolicy(core, claim.action, claim.runner),
        },
        parameters: claim.parameters,
        config,
        context: claim.context,
        environment,
        timeoutSeconds,
        signal,
        emit: (stream, text) => sink.emit(stream, text),
      },
      secrets.masker(),
    );
    passing("run.before-action");
    const outcome = await runner.run(masked.call);
    passing("run.after-action");
    return outcome;
  } catch (error) {
    return endOf(error, runner);
  } finally {
    masked?.end();
    await sink.close();
  }
}

function environmentOf(core: Core, claim: Claim, pack: string) {
  return {
    ST2_ACTION_PACK_NAME: pack,
    ST2_ACTION_EXECUTION_ID: claim.id,
    ST2_ACTION_API_URL: `${core.apiUrl}/v1`,
    ST2_ACTION_AUTH_TOKEN: runToken(core, claim),
    RAICHO_IDEMPOTENCY_KEY: idempotencyKey(claim),
  };
}

function timeoutOf({ timeout }: JsonObject): number | undefined {
  return typeof timeout === "number" && timeout > 0 ? timeout : undefined;
}

/** Stable over attempts and over the tries of a retry policy: the same step of the same workflow, or the same execution. */
function idempotencyKey(claim: Claim): string {
  const { id, parent, task_key } = claim;
  if (parent === undefined || parent === null) return triedBefore(claim).first;
  return `${parent}:${taskOf(task_key ?? id)}`;
}

/** Records how a claimed execution ended (or that it waits), and tells its workflow. */
export async function finish(
  core: Core,
  claim: Claim,
  { status, result }: End,
  book: SecretBook,
): Promise<void> {
  const ended = isFinished(status);
  const child = claim.parent !== undefined && claim.parent !== null;
  const again = nextTry(core, claim, status);
  const { recorded: shown, visible, secrets } = book.shown(result);
  const change: ExecutionChange = {
    id: claim.id,
    fence: claim.fence,
    status,
    ...shown,
    ended,
    delivered: !child || status === "requested" || again !== undefined,
    released: true,
  };
  const { instances, after } = telling(core, claim, { status, result: visible });
  if (again !== undefined) {
    const unit = { changes: [change], instances, ...rowsOf([again]) };
    if (!(await recorded(core, claim, unit))) return;
    start(core, [again]);
    after();
    return;
  }
  const conducted = child ? core.conducted.get(claim.parent) : undefined;
  if (conducted !== undefined && status !== "requested") {
    passing("finish.before-deliver");
    conducted.deliver({
      id: claim.id,
      context: claim.context,
      status,
      result,
      secrets,
      change: { ...change, delivered: true },
      instances,
      recorded: after,
    });
    return;
  }
  if (!(await recorded(core, claim, { changes: [change], instances }))) return;
  if (child) core.bells.ring({ kind: "advance", id: claim.parent });
  if (status === "requested")
    await core.queue
      .ring([{ name: "run", execution: claim.id, attempt: claim.attempt + 1, pool: poolOf(claim) }])
      .catch(() => undefined);
  after();
}

/** False when this run had lost its claim: then nothing is recorded. */
async function recorded(core: Core, claim: Claim, unit: Unit): Promise<boolean> {
  try {
    passing("finish.before-commit");
    await core.pump.commit(unit, { persistent: true });
    passing("finish.after-commit");
    return true;
  } catch (error) {
    stale(core, claim, error);
    return false;
  }
}

function stale(core: Core, claim: Claim, error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "RA001")) throw error;
  core.log("warn", "stale_result: this run had lost its claim; its result is not recorded", {
    execution: claim.id,
    fence: claim.fence,
  });
}
