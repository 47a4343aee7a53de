/** One case of the harness: faults of one kind, and what must hold in spite of them. */
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
  /** Takes the one of this profile. */
  /** How often what is done again and again is done; undefined = as the profile says. */
  readonly repeat: number | undefined;
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
