/** Who may close a ticket: an operator fixes, the leader reviews and closes. */
import { isObject } from "../model/json.ts";
import { number } from "./settings.ts";

export interface ReviewSettings {
  /** What becomes of a ticket that somebody else closed: it is sent back, it is marked, or nothing. */
  readonly close: "refuse" | "flag" | "off";
  /** Accounts that may close every ticket, beside its own leader. */
  readonly leaders: readonly string[];
  /** Kinds of tickets that are reviewed. */
  readonly kinds: readonly string[];
  /** Hours after which somebody is reminded. */
  readonly notStartedHours: number;
  readonly reviewHours: number;
}

/** Reads `review` of the configuration. */
export function reviewSettings(config: unknown): ReviewSettings {
  const given = isObject(config) ? config : {};
  const { close } = given;
  return {
    close: close === "refuse" || close === "off" ? close : "flag",
    leaders: list(given["leaders"]) ?? [],
    kinds: list(given["kinds"]) ?? ["alert", "digest", "unparsed"],
    notStartedHours: number(given["not_started_hours"], 24),
    reviewHours: number(given["review_hours"], 48),
  };
}

function list(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
}

/** `kinds` of `survey` (after which tickets people are asked how the work was) or `knowledge` (which ones get documents): none when the configuration says nothing. */
export function kindsOf(config: unknown): readonly string[] {
  return isObject(config) ? (list(config["kinds"]) ?? []) : [];
}

export interface Closing {
  readonly kind: string;
  readonly closedBy: string | null;
  readonly fixedBy: string | null;
  /** The ticket's leader; null when nobody is known. */
  readonly leader: string | null;
  /** The account under which Raicho works: what its workflows close is closed by design. */
  readonly own: string | null;
}

/** Why a closing is wrong; undefined when it is right, or when nobody can tell. */
export function wrongClosing(
  { kind, closedBy, fixedBy, leader, own }: Closing,
  { close, leaders, kinds }: ReviewSettings,
): "fixer" | "not the leader" | undefined {
  if (close === "off" || !kinds.includes(kind)) return undefined;
  if (closedBy === null || closedBy === own) return undefined;
  if (closedBy === fixedBy) return "fixer";
  const known = leader !== null || leaders.length > 0;
  const isLeader = closedBy === leader || leaders.includes(closedBy);
  return known && !isLeader ? "not the leader" : undefined;
}

export interface Standing {
  readonly kind: string;
  readonly stage: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly fixedAt: number | undefined;
}

/** Of what somebody has to be reminded, and since how many hours it waits. */
export function reminderOf(
  { kind, stage, createdAt, fixedAt }: Standing,
  now: number,
  { kinds, notStartedHours, reviewHours }: ReviewSettings,
): { readonly waitsFor: "start" | "review"; readonly hours: number } | undefined {
  if (!kinds.includes(kind) && kind !== "review") return undefined;
  const hours = (since: number): number => Math.floor((now - since) / 3_600_000);
  if (stage === "open" && hours(createdAt) >= notStartedHours)
    return { waitsFor: "start", hours: hours(createdAt) };
  if (stage === "fixed" && fixedAt !== undefined && hours(fixedAt) >= reviewHours)
    return { waitsFor: "review", hours: hours(fixedAt) };
  return undefined;
}
