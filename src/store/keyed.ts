/** Requests with an idempotency key: what they change says so in the same commit. Whoever gets the same request again knows then whether it was done, though the process
 * that did it ended before it answered; and a process that lost its key to another one meanwhile changes nothing any more. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { KeyRow, Unit } from "./unit.ts";

export interface KeyedRequest {
  readonly scope: string;
  readonly key: string;
  readonly process: string;
  /** Nothing is left to say: it is on disk that it changes something, or it is answered. */
  told: boolean;
}

const requests = new AsyncLocalStorage<KeyedRequest>();

/** Everything that begins in `work` belongs to that request. */
export function whileKeyed(request: KeyedRequest, work: () => void): void {
  requests.run(request, work);
}

/** The request that is worked on, if its changes must say so. */
export function untoldRequest(): KeyedRequest | undefined {
  const request = requests.getStore();
  return request?.told === false ? request : undefined;
}

/** The unit with the word that it belongs to that request. */
export function keyedUnit(unit: Unit, { scope, key, process }: KeyedRequest): Unit {
  const row: KeyRow = {
    scope,
    key,
    process,
    made: unit.executions?.[0]?.id ?? unit.finished?.[0]?.i,
  };
  return { ...unit, keys: [row] };
}
