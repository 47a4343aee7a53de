/** How often a rule fires on one entry of the inventory, or because of what it itself had started. More often than it may within the window: it is held
 * off that entry, or off what it leads to. */
import { isObject, type JsonObject } from "../model/json.ts";

export interface BreakerSettings {
  /** Firings within the window that are still fine; 0 = no limit. */
  readonly firings: number;
  readonly seconds: number;
}

const usual: BreakerSettings = { firings: 20, seconds: 60 };

const number = (value: unknown, otherwise: number): number =>
  typeof value === "number" && value >= 0 ? value : otherwise;

/** The settings in the configuration of pack `inventory`. */
export function breakerSettings({ breaker }: JsonObject): BreakerSettings {
  const given = isObject(breaker) ? breaker : {};
  return {
    firings: number(given["firings"], usual.firings),
    seconds: number(given["seconds"], usual.seconds),
  };
}

/** Of rules that go round: what they start makes them fire again. */
export interface LoopSettings extends BreakerSettings {
  /** Seconds for which such a rule is held off; 0 = until somebody resets it. */
  readonly hold: number;
  /** Rules that may fire one because of the other; 0 = no limit. */
  readonly depth: number;
}

const usualLoops: LoopSettings = { firings: 100, seconds: 60, hold: 600, depth: 50 };

/** So many causes of an event are known (inventory/cause.ts). */
const deepest = 100;

/** The settings in the configuration of pack `core`. */
export function loopSettings({ loops }: JsonObject): LoopSettings {
  const given = isObject(loops) ? loops : {};
  return {
    firings: number(given["firings"], usualLoops.firings),
    seconds: number(given["seconds"], usualLoops.seconds),
    hold: number(given["hold"], usualLoops.hold),
    depth: Math.min(number(given["depth"], usualLoops.depth), deepest),
  };
}

/** One firing: which rule, on which entry, because of which event. */
export interface Firing {
  readonly rule: string;
  /** Empty: the rule fired because of what it had started. */
  readonly entry: string;
  /** Tells events apart; the same one again is no further firing. */
  readonly event: string;
}

export function firingKey({ rule, entry }: Pick<Firing, "rule" | "entry">): string {
  return `${rule}@${entry}`;
}

const mostKept = 10_000;

/** Firings of the last seconds, by rule and entry. */
export class Firings {
  readonly #times = new Map<string, Map<string, number>>();

  /** How many there were within the window, this one included. `now`: milliseconds of any clock. */
  add(firing: Firing, now: number, seconds: number): number {
    const key = firingKey(firing);
    const since = now - seconds * 1_000;
    if (this.#times.size >= mostKept) this.#forget(since);
    const times = this.#times.get(key) ?? new Map<string, number>();
    this.#times.set(key, times);
    if (!times.has(firing.event)) times.set(firing.event, now);
    // In the order in which they came, so the old ones are in front.
    for (const [event, time] of times) {
      if (time > since) break;
      times.delete(event);
    }
    return times.size;
  }

  /** Starts anew for what `firingKey` gave that key. */
  clear(key: string): void {
    this.#times.delete(key);
  }

  #forget(since: number): void {
    for (const [key, times] of this.#times)
      if ([...times.values()].every((time) => time <= since)) this.#times.delete(key);
  }
}
