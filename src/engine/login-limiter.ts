/** Holds up guessing of passwords. Counts failures per name and per address; both lists are bounded, and whoever is held up learns for how long.
 * What does not exist is counted like what does: nothing tells which names there are. */

/** Failures in a window before nothing is tried any more. */
export const mostFailures = { name: 10, address: 50 } as const;
export const windowMs = 15 * 60_000;
const mostEntries = 10_000;

interface Failures {
  count: number;
  /** When they are forgotten. */
  until: number;
}

class Counter {
  readonly #entries = new Map<string, Failures>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Milliseconds for which nothing is tried; 0 = go on. */
  held(key: string, now: number): number {
    const known = this.#entries.get(key);
    if (known === undefined || known.until <= now) return 0;
    return known.count >= this.#most ? known.until - now : 0;
  }

  failed(key: string, now: number): void {
    const known = this.#entries.get(key);
    const live = known !== undefined && known.until > now ? known : { count: 0, until: 0 };
    // The last ones noted are the last to be forgotten when there is no room.
    this.#entries.delete(key);
    this.#entries.set(key, { count: live.count + 1, until: now + windowMs });
    if (this.#entries.size > mostEntries) this.#forget(now);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  takeBack(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    known.count -= 1;
    if (known.count <= 0) this.#entries.delete(key);
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= mostEntries) return;
      this.#entries.delete(key);
    }
  }
}

export class LoginLimiter {
  readonly #names = new Counter(mostFailures.name);
  readonly #addresses = new Counter(mostFailures.address);

  /** Seconds until it may be tried again; 0 = now. `now` in milliseconds of any steady clock. */
  wait(name: string, address: string, now: number): number {
    const held = Math.max(this.#names.held(name, now), this.#addresses.held(address, now));
    return Math.ceil(held / 1_000);
  }

  /** Counts a try as a failure until more is known: many at once are no way around. */
  tried(name: string, address: string, now: number): void {
    this.#names.failed(name, now);
    this.#addresses.failed(address, now);
  }

  /** A right password clears the name. Of the address only this try is taken back: its failures stay counted, or one good account would open the way
   * to guess others. */
  succeeded(name: string, address: string): void {
    this.#names.forget(name);
    this.#addresses.takeBack(address);
  }

  /** Nobody could say whether the password was right. */
  undecided(name: string, address: string): void {
    this.#names.takeBack(name);
    this.#addresses.takeBack(address);
  }
}
