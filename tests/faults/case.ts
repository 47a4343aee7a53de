/** One case of the harness: faults of one kind, and what must hold in spite of them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "./random.ts";
import type { Backend } from "./site.ts";

export type Profile = "ci" | "full" | "nightly";

export interface Context {
  readonly profile: Profile;
  readonly seed: number;
  readonly random: Random;
  readonly backend: Backend;
  /** Says how far it is; shown while it runs. */
  say(progress: string): void;
  /** How often what is done again and again is done; undefined = as the profile says. */
  readonly repeat: number | undefined;
  /** Only the crash points that begin so; undefined = all. */
  readonly points: string | undefined;
  /** Takes the one of this profile. */
  size<Value>(sizes: Readonly<Record<Profile, Value>>): Value;
}

export interface Report {
  /** What was done and counted, in the order in which it is shown. */
  readonly counts: Readonly<Record<string, number | string>>;
  /** What must not be; nothing when all is well. */
  readonly findings: readonly string[];
}

export interface Case {
  readonly name: string;
  /** Which promises of docs/guarantees.md it is about. */
  readonly promises: string;
  /** Both: once on PostgreSQL, once on Redis. */
  readonly backends: "both" | Backend;
  /** Profiles that leave it out. */
  readonly notIn?: readonly Profile[];
  /** Why it cannot be run here; undefined when it can. */
  cannot?(): string | undefined;
  run(context: Context): Promise<Report>;
}

/** Minutes that the work of a case may take. What takes longer stands still: it is broken off, with what is known of its processes. */
export const mostMinutes = { ci: 6, full: 120, nightly: 180 } as const;

/** Rejects when the work is not done in time. */
export async function inTime<Result>(work: Promise<Result>, minutes: number): Promise<Result> {
  const done = new AbortController();
  const late = async (): Promise<never> => {
    await delay(minutes * 60_000, undefined, { signal: done.signal });
    throw new Error(`it stood still, and was not done within ${minutes} minutes`);
  };
  try {
    return await Promise.race([work, late()]);
  } finally {
    done.abort();
  }
}
