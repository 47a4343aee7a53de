import type { ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";

/** One call of an action, with its parameters rendered, cast and checked. */
export interface RunCall {
  readonly executionId: string;
  /** 1 for the first attempt; higher after a lost worker. */
  readonly attempt: number;
  /** Stable over attempts; for `Idempotency-Key` headers and the like. */
  readonly idempotencyKey: string;
  readonly action: {
    readonly ref: string;
    readonly pack: string;
    readonly entryPath: string;
    readonly packPath: string;
    /** The action's own parameter schemas: shell scripts need their positions and types. */
    readonly parameters: ParameterSchemas;
    /** What is declared for lost workers; a runner with shared children does the same when one of them is lost. */
    readonly onWorkerLost: "rerun" | "abandon";
  };
  readonly parameters: JsonObject;
  /** The pack's configuration, rendered and decrypted. */
  readonly config: JsonObject;
  /** StackStorm's action context: user, pack, parent, orquesta … */
  readonly context: JsonObject;
  /** ST2_ACTION_*, among them a token for the API that is good as long as the run. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number | undefined;
  /** Aborted on cancel and when the worker stops; the runner ends everything it started within 5 s. */
  readonly signal: AbortSignal;
  emit(stream: "stdout" | "stderr", text: string): void;
}

/** Any JSON value, as StackStorm's runners declare it. */
export const anyValue: JsonObject = {
  anyOf: ["object", "string", "integer", "number", "boolean", "array", "null"].map((type) => ({
    type,
  })),
};

/** The schema of a result with those keys and no others. */
export function resultSchema(properties: JsonObject): JsonObject {
  return { type: "object", properties, additionalProperties: false };
}

/** Carries out one kind of action. Stateless: everything it needs is in the call. */
export interface Runner {
  /** StackStorm's runner name, e.g. `local-shell-cmd`. */
  readonly name: string;
  /** Aliases in use, e.g. `run-local`. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly parameters: ParameterSchemas;
  /** Where the action's own value stands inside the result, as in StackStorm; undefined = the whole result. */
  readonly outputKey: string | undefined;
  /** What results look like, where those of succeeded actions can be checked; undefined: they are not, as in StackStorm. */
  readonly outputSchema?: JsonObject;
  /** What to do with an execution whose worker was lost when the action does not say. */
  readonly onWorkerLost: "rerun" | "abandon";
  /** It works with our own ledger, and all it does may be done twice: when the ledger is away, the action runs again instead of failing. */
  readonly inLedger?: true;
  run(call: RunCall): Promise<Outcome>;
  /** Ends warm children; called once when the worker stops. */
  close?(): Promise<void>;
}
