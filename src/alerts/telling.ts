import type { AlertEffect } from "./correlate.ts";
import type { Suppression } from "./suppress.ts";

/** What rules last heard of an alert; null = nothing yet. */
export type Told = "firing" | "resolved" | null;

export interface TellingInput {
  readonly effect: AlertEffect;
  /** Of the record before this message; null for a new one. */
  readonly told: Told;
  readonly held: readonly Suppression[] | null;
  /** What keeps the alert from being told now. */
  readonly suppressions: readonly Suppression[];
}

export interface Telling {
  /** What rules hear. */
  readonly event: "firing" | "repeated" | "resolved" | "suppressed" | undefined;
  readonly told: Told;
  /** Why they do not hear the newest; null = they do. */
  readonly held: readonly Suppression[] | null;
}

/**
 * Rules hear of an alert once it is not suppressed: of its beginning first, however long that was held back; of its recovery only when they
 * heard of its beginning. A silence does not hide the recovery of what was told before it, flapping does.
 */
export function telling(input: TellingInput): Telling {
  switch (input.effect) {
    case "firing":
    case "repeated":
      return tellingOfReport(input);
    case "resolved":
      return tellingOfRecovery(input);
    case "ack":
    case "duplicate":
    case "resolved-unknown":
      return { event: undefined, told: input.told, held: input.held };
  }
}

function tellingOfReport({ effect, told, held, suppressions }: TellingInput): Telling {
  const first = effect === "firing";
  const before = first ? null : told;
  if (suppressions.length > 0) {
    const event = first || held === null ? "suppressed" : undefined;
    return { event, told: before, held: suppressions };
  }
  return { event: before === null ? "firing" : "repeated", told: "firing", held: null };
}

function tellingOfRecovery({ told, suppressions }: TellingInput): Telling {
  if (told !== "firing") return { event: undefined, told, held: null };
  const flaps = suppressions.filter(({ by }) => by === "flapping");
  return flaps.length > 0
    ? { event: undefined, told, held: flaps }
    : { event: "resolved", told: "resolved", held: null };
}

/** What a held alert of that status says when nothing holds it any more. */
export function released(
  status: "open" | "acked" | "resolved",
  told: Told,
): "firing" | "repeated" | "resolved" | undefined {
  if (status === "resolved") return told === "firing" ? "resolved" : undefined;
  return told === null ? "firing" : "repeated";
}
