/** What an outage of our own ledger does to work that needs it: the work is done again or waits, and ends only by its own merits. */
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../model/errors.ts";
import type { Outcome } from "../model/outcome.ts";
import { isAway } from "../store/database.ts";

function refused({ message, code }: AppError): Outcome {
  return { status: "failed", result: { error: message, code } };
}

/** Ends an action that works in the ledger: what is refused (AppError) is its failure, by `failed`. Rejects when the ledger is away, after which an action of a runner
 * that is `inLedger` runs again, and for surprises. */
export async function endInLedger(
  work: () => Promise<unknown>,
  failed: (error: AppError) => Outcome = refused,
): Promise<Outcome> {
  try {
    return { status: "succeeded", result: await work() };
  } catch (error) {
    if (!(error instanceof AppError) || isAway(error)) throw error;
    return failed(error);
  }
}

const lookMs = 500;

/** Asks again until the ledger answers; rejects for everything that is no outage. `ask` may be done twice. */
export async function whenBack<Result>(
  ask: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error)) throw error;
      await delay(lookMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}
