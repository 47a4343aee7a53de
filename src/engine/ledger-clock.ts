/** The database's clock, read without asking it: all machines of a site agree on it, whatever their own clocks say. */

/** How far the clock of this machine may be off before somebody is told. */
const tolerableMs = 1_000;

export class LedgerClock {
  /** From the monotonic clock of this process to the database's, in milliseconds. */
  #offset = Date.now() - performance.now();
  #told = false;

  /** Takes in what the database's clock said between two moments of the monotonic clock. What is known stays while it is not proven wrong: a slow answer moves nothing. */
  heard(at: Date, { before, after }: { readonly before: number; readonly after: number }): void {
    const ms = at.getTime();
    const possible = ms - after <= this.#offset && this.#offset <= ms - before;
    if (!possible) this.#offset = ms - (before + after) / 2;
  }

  /** Until it heard something: the clock of this machine. */
  now(): Date {
    return new Date(performance.now() + this.#offset);
  }

  /** Seconds by which the clock of this machine is ahead, when that is too much and was not told yet. */
  news(): number | undefined {
    const ahead = Date.now() - (performance.now() + this.#offset);
    const far = Math.abs(ahead) > tolerableMs;
    const news = far && !this.#told ? Math.round(ahead / 1_000) : undefined;
    this.#told = far;
    return news;
  }
}
