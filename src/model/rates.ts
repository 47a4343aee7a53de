/** How often each of many names may do something: so many times a second, a second's worth at once. */

interface Bucket {
  left: number;
  at: number;
}

/** Names come from outside: only so many are remembered. */
const mostNames = 10_000;

export class Rates {
  readonly #rate: number;
  readonly #buckets = new Map<string, Bucket>();

  /** `rate`: times a second. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Whether that name may do it once more at that time (milliseconds that only grow); then it counts. */
  take(name: string, at: number): boolean {
    if (this.#buckets.size > mostNames) this.#buckets.clear();
    const bucket = this.#buckets.get(name) ?? { left: this.#rate, at };
    const left = Math.min(this.#rate, bucket.left + ((at - bucket.at) * this.#rate) / 1_000);
    if (left < 1) return false;
    this.#buckets.set(name, { left: left - 1, at });
    return true;
  }
}
