/** How many deliveries a door takes in at a time: what exceeds that is refused at once, before its body is read, and costs nothing that lasts.
 *
 * 1. Bounded are the deliveries under way and the bytes of their bodies, of all webhooks together: 503.
 * 2. A webhook may have a rate of its own (`RAICHO_WEBHOOK_RATE`): 429. One that is too busy takes nothing from the others. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../model/errors.ts";

export interface IntakeOptions {
  /** Deliveries under way. */
  readonly most?: number;
  /** Bytes of their bodies. */
  readonly mostBytes?: number;
  /** Deliveries a second of one webhook; a second's worth may come at once. */
  readonly rate?: number | undefined;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

interface Bucket {
  left: number;
  at: number;
}

/** Names come from outside: only so many are remembered. */
const mostNames = 10_000;
/** A body whose length is not said may be as long as bodies may be. */
const unsaidBytes = 1_048_576;

export class Intake {
  readonly #options: Required<IntakeOptions>;
  readonly #buckets = new Map<string, Bucket>();
  #under = 0;
  #bytes = 0;

  constructor({
    most = 1_000,
    mostBytes = 67_108_864,
    rate,
    now = () => performance.now(),
  }: IntakeOptions = {}) {
    this.#options = { most, mostBytes, rate, now };
  }

  /** Counts a delivery until its response is closed. Throws WEBHOOK_RATE or BUSY: then it is not to be read. */
  enter(name: string, request: IncomingMessage, response: ServerResponse): void {
    const { most, mostBytes } = this.#options;
    const bytes = Number(request.headers["content-length"] ?? unsaidBytes);
    if (this.#under >= most) throw new AppError("BUSY", [`${most} deliveries are under way`]);
    if (this.#bytes + bytes > mostBytes)
      throw new AppError("BUSY", ["too many bytes are being received"]);
    this.#pass(name);
    this.#under += 1;
    this.#bytes += bytes;
    response.once("close", () => {
      this.#under -= 1;
      this.#bytes -= bytes;
    });
  }

  #pass(name: string): void {
    const { rate, now } = this.#options;
    if (rate === undefined) return;
    if (this.#buckets.size > mostNames) this.#buckets.clear();
    const at = now();
    const bucket = this.#buckets.get(name) ?? { left: rate, at };
    const left = Math.min(rate, bucket.left + ((at - bucket.at) * rate) / 1_000);
    if (left < 1) throw new AppError("WEBHOOK_RATE", [name, String(rate)]);
    this.#buckets.set(name, { left: left - 1, at });
  }
}
