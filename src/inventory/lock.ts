/**
 * Attributes that another source owns: who edits them by hand is warned, or refused.
 *
 * 1. A source owns the value when it is the best of those in the attribute's `authority` that spoke of the entry; without such an order when the
 *    document is made to follow it (`adopt`).
 * 2. Who stands before it in `authority` may overrule it; `document` there stands for what is put there by hand.
 * 3. To say what the owner says is no edit of its value. What somebody decided against (`rejected`) owns nothing. */
import { alike, rankOf, type Claim, type Policy } from "./claims.ts";
import type { Attribute } from "./definition.ts";
import { policyFor, type Edits, type Sources } from "./sources.ts";

const handMade = "document";

export interface Lock {
  readonly attribute: string;
  /** The source that owns it. */
  readonly locked_by: string;
  readonly edits: Exclude<Edits, "allow">;
  readonly policy: Policy;
  /** What the owner says. */
  readonly value: unknown;
  readonly observed_at: string;
  readonly message: string;
}

export interface Editing {
  readonly type: string;
  readonly attribute: Attribute;
  readonly claims: readonly Claim[];
  readonly sources: Sources;
  /** In whose name it is edited; undefined = by hand. */
  readonly source: string | undefined;
  /** What it is to say. */
  readonly value: unknown;
}

/** Who owns what is edited; undefined when nobody else does, or when its owner lets others edit it. */
export function lockOf(editing: Editing): Lock | undefined {
  const { attribute, type, sources, source, value } = editing;
  const { authority } = attribute;
  const about = { type, attribute: attribute.name };
  const owned = editing.claims
    .filter(({ state }) => state !== "rejected" && state !== "ignored")
    .map((claim) => {
      const rule = policyFor(sources, claim.source, about);
      const policy = rule?.policy ?? "report";
      const edits = rule?.edits ?? "warn";
      return { claim, policy, edits, rank: rankOf(authority, claim.source) };
    })
    .filter(({ policy, rank }) => rank !== Infinity || policy === "adopt")
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
  const [owner] = owned;
  if (owner === undefined || owner.edits === "allow") return undefined;
  const { claim, policy, edits, rank } = owner;
  const writer = source ?? handMade;
  if (claim.source === writer || rankOf(authority, writer) < rank) return undefined;
  if (alike(attribute, claim.value, value)) return undefined;
  return {
    attribute: attribute.name,
    locked_by: claim.source,
    edits,
    policy,
    value: claim.value ?? null,
    observed_at: claim.observedAt,
    message: messageOf(attribute.name, { claim, policy }),
  };
}

function messageOf(
  attribute: string,
  { claim, policy }: { readonly claim: Claim; readonly policy: Policy },
): string {
  const owner = `${claim.source} owns ${attribute} and says ${JSON.stringify(claim.value ?? null)}`;
  const follows =
    policy === "adopt"
      ? "its next report puts that back"
      : "the difference stays open until somebody decides it";
  return `${owner}; ${follows}, unless the edit overrides it`;
}
