/**
 * What we wrote into a service and what the service then reports: our own push that comes back is no news from there.
 *
 * 1. Only the last push counts: what was pushed before it, and is seen again after it, somebody put back.
 * 2. A reading older than the push was true before it.
 * 3. An echo is waited for, not forgotten: when the service still says so after the patience of its policy, that is a difference like others. But
 *    it is never adopted: the service has no word of its own there. */
import type { Claim, Patience } from "./claims.ts";
import type { Attribute } from "./definition.ts";
import { canonical } from "./canonical.ts";
import { plainValue } from "./plain-value.ts";

export interface Push {
  /** SHA-256 of `pushText`, in hex. */
  readonly hash: string;
  /** ISO 8601. */
  readonly pushedAt: string;
}

/** What is hashed of a value: the same for values that are the same for a person. */
export function pushText(attribute: Attribute | undefined, value: unknown): string {
  return canonical(attribute === undefined ? (value ?? null) : plainValue(attribute, value));
}

/** `echo`: the service says what we wrote there. `early`: the reading was taken before we wrote. */
export type Echo = "echo" | "early";

export function echoOf(
  push: Push | undefined,
  { hash, observedAt }: { readonly hash: string; readonly observedAt: string },
): Echo | undefined {
  if (push === undefined) return undefined;
  if (push.hash === hash) return "echo";
  return observedAt < push.pushedAt ? "early" : undefined;
}

/** Whether it is still expected that the service follows: `again` minutes have not passed since the document says something else. */
export function isAwaited(
  before: Claim | undefined,
  { again }: Pick<Patience, "again">,
  now: string,
): boolean {
  if (before === undefined || before.state === "agreed") return true;
  if (before.state !== "holding") return false;
  return (Date.parse(now) - Date.parse(before.since)) / 60_000 < again;
}
