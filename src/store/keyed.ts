/** Requests with an idempotency key: what they change says so in the same commit. Whoever gets the same request again knows then whether it was done, though the process
 * that did it ended before it answered; and a process that lost its key to another one meanwhile changes nothing any more. */
import { AsyncLocalStorage } from "node:async_hooks";
import { AppError } from "../model/errors.ts";
import type { KeyRow, Unit } from "./unit.ts";

export interface KeyedRequest {
  readonly scope: string;
  readonly key: string;
  readonly process: string;
  /** Nothing is left to say: it is on disk that it changes something, or it is answered. */
  told: boolean;
}

const requests = new AsyncLocalStorage<readonly KeyedRequest[]>();
/** Of almost every commit: asking costs it nothing. */
const nobody: readonly KeyedRequest[] = [];

/**
 * Everything that begins in `work` belongs to these requests, and to no other: several where callers are served together, none where nobody gave
 * a key. `those` may lose some before the commit: they have changed nothing.
 */
export function whileKeyed<Result>(those: readonly KeyedRequest[], work: () => Result): Result {
  return requests.run(those, work);
}

/** The requests that are worked on, as far as their changes must still say so. */
export function untoldRequests(): readonly KeyedRequest[] {
  return requests.getStore()?.filter(({ told }) => !told) ?? nobody;
}

/** What callers who are served together ask with keys. */
export function keysOf(
  those: readonly { readonly keyed: readonly KeyedRequest[] }[],
): KeyedRequest[] {
  return those.flatMap(({ keyed }) => keyed);
}

export function tell(those: readonly KeyedRequest[]): void {
  for (const request of those) request.told = true;
}

/** Whether a change was refused because its key is another process's by now. Of callers who are served together each then has to try by itself. */
export function isLostKey(error: unknown): boolean {
  return error instanceof AppError && error.code === "IDEMPOTENCY_RUNNING";
}

/** The unit with the word that it belongs to these requests. */
export function keyedUnit(unit: Unit, those: readonly KeyedRequest[]): Unit {
  const made = unit.executions?.[0]?.id ?? unit.finished?.[0]?.i;
  const keys = those.map(({ scope, key, process }): KeyRow => ({ scope, key, process, made }));
  return { ...unit, keys };
}
