/** How many deliveries a door takes in at a time: what exceeds that is refused at once, before its body is read, and costs nothing that lasts.
 *
 * 1. Bounded are the deliveries under way and the bytes of their bodies, of all webhooks together: 503.
 * 2. A webhook may have a rate of its own (`RAICHO_WEBHOOK_RATE`): 429. One that is too busy takes nothing from the others. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../model/errors.ts";
import { Rates } from "../model/rates.ts";

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

/** A body whose length is not said may be as long as bodies may be. */
const unsaidBytes = 1_048_576;

export class Intake {
  readonly #options: Required<IntakeOptions>;
  readonly #rates: Rates | undefined;
  #under = 0;
  #bytes = 0;

  constructor({
    most = 1_000,
    mostBytes = 67_108_864,
    rate,
    now = () => performance.now(),
  }: IntakeOptions = {}) {
    this.#options = { most, mostBytes, rate, now };
    this.#rates = rate === undefined ? undefined : new Rates(rate);
  }

  /** Counts a delivery until its response is closed. Throws WEBHOOK_RATE or BUSY: then it is not to be read. */
  enter(name: string, request: IncomingMessage, response: ServerResponse): void {
    const { most, mostBytes, rate, now } = this.#options;
    const bytes = Number(request.headers["content-length"] ?? unsaidBytes);
    if (this.#under >= most) throw new AppError("BUSY", [`${most} deliveries are under way`]);
    if (this.#bytes + bytes > mostBytes)
      throw new AppError("BUSY", ["too many bytes are being received"]);
    if (this.#rates?.take(name, now()) === false)
      throw new AppError("WEBHOOK_RATE", [name, String(rate)]);
    this.#under += 1;
    this.#bytes += bytes;
    response.once("close", () => {
      this.#under -= 1;
      this.#bytes -= bytes;
    });
  }
}
