/** What a tracker's answer means for what is to be done next. */
import { isObject, type JsonObject } from "../model/json.ts";

/**
 * - `unsure`: it may have been done; look before doing it again.
 * - `busy`: it asks to wait `retryAfter` seconds; with `scope: "ticket"` only for this ticket.
 * - `away`: it cannot be used now; nothing was done.
 * - `unconfigured`: somebody has to configure it; nothing was done.
 * - `refused`: it will never do that.
 */
export type BackendFailure = "unsure" | "busy" | "away" | "unconfigured" | "refused";

export type BackendAnswer =
  | { readonly ok: true; readonly result: JsonObject }
  | {
      readonly ok: false;
      readonly reason: BackendFailure;
      readonly error: string;
      readonly retryAfter: number | undefined;
      readonly scope: "ticket" | "backend";
    };

const reasons: readonly BackendFailure[] = ["unsure", "busy", "away", "unconfigured", "refused"];

/** Reads the outcome of a backend's action. What does not say why it failed may have been done. */
export function backendAnswer(outcome: {
  readonly status: string;
  readonly result?: unknown;
}): BackendAnswer {
  const { status, result } = outcome;
  const said = isObject(result) ? result : {};
  if (status === "succeeded") return { ok: true, result: said };
  const reason = reasons.find((one) => one === said["reason"]) ?? "unsure";
  const { error, retry_after: seconds } = said;
  return {
    ok: false,
    reason,
    error: typeof error === "string" ? error : `the call ended as ${status}`,
    retryAfter: typeof seconds === "number" ? seconds : undefined,
    scope: said["scope"] === "ticket" ? "ticket" : "backend",
  };
}

/** Seconds until the next try after so many failures in a row: soon at first, later every five minutes, for ever. */
export function pauseSeconds(failures: number): number {
  return Math.min(300, 2 ** Math.min(Math.max(failures, 1), 9));
}
