/**
 * What an action written in TypeScript (or JavaScript) imports, as `raicho/pack`:
 *
 *     import { defineAction } from "raicho/pack";
 *     export const action = defineAction<{ name: string }>(({ name }) => `Hello ${name}`);
 */
import type { JsonObject } from "./model/json.ts";

export type { JsonObject } from "./model/json.ts";

/** What the engine knows about this call, and the means to do the work. */
export interface ActionContext<Config = JsonObject> {
  /** The pack's configuration (`<configs>/<pack>.yaml`), secrets decrypted. */
  readonly config: Partial<Config>;
  readonly executionId: string;
  /** 1 for the first attempt; higher when an earlier one was lost without a result. */
  readonly attempt: number;
  /** The same over all attempts, different for every execution. */
  readonly idempotencyKey: string;
  readonly action: { readonly ref: string; readonly pack: string; readonly packPath: string };
  /** StackStorm's action context: user, parent, trace … */
  readonly context: JsonObject;
  /** ST2_ACTION_* and the pack's own variables (they are not in `process.env`). */
  readonly environment: Readonly<Record<string, string>>;
  /** Aborted on cancel, on timeout and when the worker stops. Pass it on; what ignores it is killed. */
  readonly signal: AbortSignal;
  /** Lines for the execution's output. No secrets. */
  readonly log: ActionLog;
  /** As the global fetch, ended by `signal` and after `timeoutMs` (default 30,000). */
  readonly fetch: (url: string | URL, init?: ActionFetchInit) => Promise<Response>;
  /** Waits; rejects when `signal` is aborted. */
  readonly sleep: (ms: number) => Promise<void>;
}

export interface ActionLog {
  readonly debug: (message: string, details?: JsonObject) => void;
  readonly info: (message: string, details?: JsonObject) => void;
  readonly warn: (message: string, details?: JsonObject) => void;
  readonly error: (message: string, details?: JsonObject) => void;
}

export interface ActionFetchInit extends RequestInit {
  readonly timeoutMs?: number;
}

export type ActionBody<Parameters, Config> = (
  parameters: Parameters,
  context: ActionContext<Config>,
) => unknown;

export interface PackAction<Parameters = never, Config = never> {
  readonly kind: typeof actionKind;
  readonly run: ActionBody<Parameters, Config>;
}

/** Marks an action's export. A plain string, so that actions of another copy of this module are known too. */
export const actionKind = "raicho.action";

/**
 * Makes an action of a function. `parameters` are rendered, cast and checked against the action's YAML; what the function returns (or
 * resolves with) is the result and must be JSON; an exception ends the execution as `failed`.
 */
export function defineAction<Parameters = JsonObject, Config = JsonObject>(
  run: ActionBody<Parameters, Config>,
): PackAction<Parameters, Config> {
  return { kind: actionKind, run };
}

/** Ends the execution as `failed` with this result; a text becomes `{error: text}`. */
export class ActionFailed extends Error {
  override readonly name = "ActionFailed";
  readonly result: JsonObject;
  constructor(result: string | JsonObject, options?: ErrorOptions) {
    const object = typeof result === "string" ? { error: result } : result;
    const { error } = object;
    super(typeof error === "string" ? error : "The action failed.", options);
    this.result = object;
  }
}

/** What pack `ticket` asks of a tracker; docs/tickets.md, "Another tracker". */
export type TrackerVerb =
  | "open"
  | "get"
  | "changed"
  | "comment"
  | "attach"
  | "transition"
  | "assign"
  | "update"
  | "link";

/** Makes the action `ticket` of a pack that talks to a tracker. `verbs` are given what `connect` makes of the configuration; failures are `ActionFailed` with
 * their `reason`. */
export function defineTracker<Tracker, Config = JsonObject>(
  connect: (context: ActionContext<Config>) => Tracker | Promise<Tracker>,
  verbs: Readonly<
    Record<
      TrackerVerb,
      (tracker: Tracker, input: JsonObject, context: ActionContext<Config>) => Promise<JsonObject>
    >
  >,
): PackAction<{ readonly verb: string; readonly input: JsonObject }, Config> {
  return defineAction(async ({ verb, input }, context) => {
    const found = Object.entries(verbs).find(([name]) => name === verb)?.[1];
    if (found === undefined)
      throw new ActionFailed({
        error: `${context.action.pack} has no verb "${verb}"`,
        reason: "refused",
      });
    return found(await connect(context), input, context);
  });
}
