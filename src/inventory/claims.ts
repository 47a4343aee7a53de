/**
 * What sources say about attributes, against what the document says. One mechanism for drift (the world differs), for spreadsheets that
 * contradict each other, and for the question who may decide.
 */
import type { Attribute } from "./definition.ts";
import { isAwaited, type Echo } from "./echo.ts";
import { sameJson } from "./patch.ts";
import { plainValue } from "./plain-value.ts";

/** What a difference between a source and the document leads to. */
export const policies = [
  "adopt",
  "propose",
  "report",
  "enforce",
  "write_if_empty",
  "ignore",
] as const;
export type Policy = (typeof policies)[number];

/**
 * `agreed`: the document says the same. `holding`: it differs, but not often or long enough yet. `drift`: it differs. `proposed`: a change
 * request asks for it. `enforcing`: the world is being set right. `conflict`: sources contradict each other, somebody has to decide.
 * `rejected`: somebody decided against it; the same value is no question any more. `ignored`: kept, of no consequence.
 */
export type ClaimState =
  | "agreed"
  | "holding"
  | "drift"
  | "proposed"
  | "enforcing"
  | "conflict"
  | "rejected"
  | "ignored";

/** States in which a source and the document differ and somebody may want to know. */
export const openStates: readonly ClaimState[] = ["drift", "proposed", "enforcing"];

/** What one source says about one attribute of one entry. Moments are ISO 8601 in UTC. */
export interface Claim {
  readonly source: string;
  /** Null: it says that there is none. */
  readonly value: unknown;
  readonly state: ClaimState;
  readonly observedAt: string;
  /** Since when it says this value. */
  readonly firstSeen: string;
  /** Since when it is in this state. */
  readonly since: string;
  /** Observations of this value. */
  readonly seen: number;
  /** When the world was last told to be set right. */
  readonly enforcedAt: string | null;
  readonly decidedBy: string | null;
  readonly note: string | null;
  /** Where it was read: file, sheet and cell. */
  readonly place: string | null;
}

/** How long a difference is tolerated before it is drift, and how often the world is told again. */
export interface Patience {
  readonly observations: number;
  readonly minutes: number;
  /** Minutes until an attempt to set the world right is repeated. */
  readonly again: number;
}

export const noPatience: Patience = { observations: 1, minutes: 0, again: 10 };

export type ClaimSignal = "detected" | "resolved" | "enforce";

export interface Verdict {
  readonly claim: Claim;
  /** The document takes over the claim's value. */
  readonly write: boolean;
  readonly signal: ClaimSignal | undefined;
}

/** Null, undefined and nothing are the same. */
export function absent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Exactly the same, as documents keep it. */
export function same(left: unknown, right: unknown): boolean {
  return (absent(left) && absent(right)) || sameJson(left, right);
}

/** The same for a person: other writing of a text, other digits of an amount, other order of a list of references. */
export function alike(attribute: Attribute | undefined, left: unknown, right: unknown): boolean {
  if (same(left, right)) return true;
  if (attribute === undefined || absent(left) || absent(right)) return false;
  return sameJson(plainValue(attribute, left), plainValue(attribute, right));
}

export interface Observation {
  readonly policy: Policy;
  readonly patience: Patience;
  /** What the document says; undefined = nothing. */
  readonly document: unknown;
  readonly attribute: Attribute | undefined;
  readonly before: Claim | undefined;
  readonly source: string;
  readonly value: unknown;
  readonly observedAt: string;
  readonly place: string | null;
  /** The moment of the decision. */
  readonly now: string;
  /** A source of higher authority says what the document says. */
  readonly outranked: boolean;
  /** What it has to do with what we wrote there. */
  readonly echo?: Echo | undefined;
}

const ownPush = "it is what was last written there";

/** The claim as it is heard now, still in the state that it had. */
function hear({ before, observedAt, value, source, now, place }: Observation): Claim {
  const heard = { source, value: value ?? null, observedAt };
  if (before === undefined)
    return {
      ...heard,
      state: "agreed",
      firstSeen: observedAt,
      since: now,
      seen: 1,
      enforcedAt: null,
      decidedBy: null,
      note: null,
      place,
    };
  if (same(before.value, value)) {
    const note = before.note === ownPush ? null : before.note;
    return { ...before, ...heard, note, seen: before.seen + 1, place: place ?? before.place };
  }
  return {
    ...before,
    ...heard,
    firstSeen: observedAt,
    seen: 1,
    decidedBy: null,
    note: null,
    place,
  };
}

/** What an observation changes; undefined when it is older than what is known. */
export function observe(given: Observation): Verdict | undefined {
  const { before, observedAt, value, now } = given;
  if (before !== undefined && observedAt < before.observedAt) return undefined;
  const heard = hear(given);
  if (alike(given.attribute, given.document, value)) return settle(heard, before, now, "agreed");
  if (given.echo === "early") return undefined;
  const rejected = before?.state === "rejected" && same(before.value, value);
  if (rejected) return { claim: heard, write: false, signal: undefined };
  // The source is still being set right: the same word from it asks nobody again.
  const awaited = before?.state === "enforcing" && same(before.value, value);
  if (awaited) return enforcing(heard, given);
  return given.echo === "echo" ? echoing(heard, given) : differing(heard, given);
}

/** The service says what we wrote there, and the document says something else since: it is expected to follow. */
function echoing(heard: Claim, given: Observation): Verdict {
  const { before, now, patience, policy } = given;
  if (policy === "enforce" || policy === "ignore") return differing(heard, given);
  if (isAwaited(before, patience, now))
    return settle({ ...heard, note: ownPush }, before, now, "holding");
  if (policy === "adopt" || policy === "write_if_empty")
    return settle({ ...heard, note: ownPush }, before, now, "drift");
  return differing(heard, given);
}

function differing(heard: Claim, given: Observation): Verdict {
  const { policy, before, now, document, outranked } = given;
  switch (policy) {
    case "adopt":
      return outranked
        ? settle(
            { ...heard, note: "a source of higher authority says otherwise" },
            before,
            now,
            "rejected",
          )
        : { ...settle(heard, before, now, "agreed"), write: true };
    case "write_if_empty":
      return absent(document)
        ? { ...settle(heard, before, now, "agreed"), write: true }
        : settle(heard, before, now, "ignored");
    case "ignore":
      return settle(heard, before, now, "ignored");
    case "propose":
      return settle(heard, before, now, "proposed");
    case "enforce":
      return enforcing(heard, given);
    case "report":
      return reporting(heard, given);
  }
}

/** The claim in that state, and the news of it. A state that is new counts from now. */
function settle(heard: Claim, before: Claim | undefined, now: string, state: ClaimState): Verdict {
  const claim = { ...heard, state, since: before?.state === state ? before.since : now };
  const wasOpen = before !== undefined && openStates.includes(before.state);
  const isOpen = openStates.includes(state);
  const valueIsNew = before === undefined || !same(before.value, heard.value);
  const signal =
    isOpen && (!wasOpen || valueIsNew) ? "detected" : wasOpen && !isOpen ? "resolved" : undefined;
  return { claim, write: false, signal };
}

function minutesBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 60_000;
}

function reporting(heard: Claim, { before, now, patience }: Observation): Verdict {
  const patient =
    heard.seen < patience.observations ||
    minutesBetween(heard.firstSeen, heard.observedAt) < patience.minutes;
  if (patient && before?.state !== "drift") return settle(heard, before, now, "holding");
  return settle(heard, before, now, "drift");
}

function enforcing(heard: Claim, given: Observation): Verdict {
  const { before, now, patience } = given;
  const held = reporting(heard, given);
  if (held.claim.state === "holding") return held;
  const verdict = settle(heard, before, now, "enforcing");
  const last = before?.state === "enforcing" ? heard.enforcedAt : null;
  const due = last === null || minutesBetween(last, now) >= patience.again;
  if (!due) return { ...verdict, signal: undefined };
  return { claim: { ...verdict.claim, enforcedAt: now }, write: false, signal: "enforce" };
}

/** What becomes of a claim when the document changed; undefined = nothing. */
export function review(
  before: Claim,
  given: Pick<Observation, "policy" | "attribute" | "document" | "now" | "echo">,
): Verdict | undefined {
  const { policy, attribute, document, now, echo } = given;
  if (alike(attribute, document, before.value))
    return before.state === "agreed" ? undefined : settle(before, before, now, "agreed");
  if (before.state !== "agreed" && before.state !== "enforcing") return undefined;
  if (policy === "ignore" || policy === "write_if_empty")
    return settle(before, before, now, "ignored");
  // It says what we wrote there last: it will follow.
  if (policy !== "enforce" && before.state === "agreed" && echo === "echo")
    return settle({ ...before, note: ownPush }, before, now, "holding");
  if (policy !== "enforce")
    return before.state === "agreed" ? settle(before, before, now, "drift") : undefined;
  const { claim } = settle(before, before, now, "enforcing");
  return { claim: { ...claim, enforcedAt: now }, write: false, signal: "enforce" };
}

/** Whether a source that ranks above `source` says what the document says. */
export function outrankedBy(
  authority: readonly string[],
  source: string,
  others: readonly Claim[],
  saysTheSame: (value: unknown) => boolean,
): boolean {
  const rank = rankOf(authority, source);
  return others.some(
    (other) =>
      other.source !== source &&
      rankOf(authority, other.source) < rank &&
      other.state === "agreed" &&
      saysTheSame(other.value),
  );
}

/** 0 is the best; sources that are not listed come last. */
export function rankOf(authority: readonly string[], source: string): number {
  const rank = authority.indexOf(source);
  return rank < 0 ? Infinity : rank;
}
