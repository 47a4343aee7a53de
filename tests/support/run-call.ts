import type { JsonObject } from "../../src/model/json.ts";
import type { RunCall } from "../../src/runners/runner.ts";

export interface RecordedCall extends RunCall {
  /** What the action said so far. */
  readonly said: { stdout: string; stderr: string };
  /** Resolves when the action has said this on either stream. */
  saying(text: string): Promise<void>;
}

/** A call of `core.test` with these parameters; everything else may be replaced. */
export function runCall(
  parameters: JsonObject = {},
  {
    action,
    ...replaced
  }: Partial<Omit<RunCall, "action">> & { action?: Partial<RunCall["action"]> } = {},
): RecordedCall {
  const said = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  return {
    executionId: "65a000000000000000000001",
    attempt: 1,
    idempotencyKey: "65a000000000000000000001",
    action: {
      ref: "core.test",
      pack: "core",
      entryPath: "",
      packPath: "/nowhere",
      parameters: {},
      onWorkerLost: "abandon",
      ...action,
    },
    parameters,
    config: {},
    context: { user: "stanley" },
    environment: { ST2_ACTION_PACK_NAME: "core" },
    timeoutSeconds: undefined,
    signal: new AbortController().signal,
    emit(stream, text) {
      said[stream] += text;
      for (const check of waiting) check();
    },
    ...replaced,
    said,
    saying: (text) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!said.stdout.includes(text) && !said.stderr.includes(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}
