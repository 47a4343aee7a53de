/** Writes what sources say, and tells rules of what that changes. Everything in the transaction of what caused it. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { review, type Claim, type ClaimSignal, type Verdict } from "../inventory/claims.ts";
import { echoOf, type Push } from "../inventory/echo.ts";
import type { ClaimChange, Side } from "../inventory/import-cell.ts";
import { policyFor } from "../inventory/sources.ts";
import { same } from "../inventory/claims.ts";
import type { JsonObject } from "../model/json.ts";
import {
  claimsOf,
  saveClaims,
  saveSignals,
  type ClaimRow,
  type ClaimWrite,
  type Signal,
} from "../store/inventory/claims.ts";
import { pushesOf } from "../store/inventory/pushes.ts";
import type { ChangeSet, ChangesetRow, EntryChange } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { pushHash } from "./inventory-push-hash.ts";

/** The entry that news are about. */
export interface Subject {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

/** Where news come from: the chain of causes goes on through them. */
export function originOf(changeset: ChangesetRow): JsonObject {
  return {
    kind: changeset.origin_kind,
    actor: changeset.actor,
    source: changeset.source,
    execution_id: changeset.execution,
    rule_chain: changeset.rule_chain,
    causes: changeset.causes,
    depth: changeset.depth,
  };
}

const triggers: Readonly<Record<ClaimSignal, string>> = {
  detected: "inventory.drift.detected",
  resolved: "inventory.drift.resolved",
  enforce: "inventory.drift.enforce",
};

export interface DriftNews {
  readonly subject: Subject;
  readonly attribute: string;
  readonly verdict: Verdict;
  readonly policy: string;
  /** What the document says now. */
  readonly document: unknown;
  readonly changeset: ChangesetRow;
  /** Whether the changeset is one that was written. */
  readonly written: boolean;
}

export function driftSignal(news: DriftNews): readonly Signal[] {
  const { subject, attribute, verdict, policy, document, changeset, written } = news;
  if (verdict.signal === undefined) return [];
  const { source, value, state, observedAt, firstSeen, since, place } = verdict.claim;
  return [
    {
      trigger: triggers[verdict.signal],
      payload: {
        type: subject.type,
        entry: { id: subject.id, type: subject.type, name: subject.name },
        attribute,
        source,
        policy,
        state,
        reported: value,
        document: document ?? null,
        observed_at: observedAt,
        first_seen: firstSeen,
        since,
        place,
        changeset: {
          id: written ? changeset.id : null,
          ticket: changeset.ticket,
          message: changeset.message,
        },
        origin: originOf(changeset),
      },
    },
  ];
}

export function conflictSignal(
  kind: "opened" | "resolved",
  subject: Subject,
  {
    attribute,
    sides,
    value,
    decided,
  }: { attribute: string; sides: readonly Side[]; value: unknown; decided: string | null },
  changeset: ChangesetRow,
): Signal {
  return {
    trigger: `inventory.conflict.${kind}`,
    payload: {
      type: subject.type,
      entry: { id: subject.id, type: subject.type, name: subject.name },
      attribute,
      sides: sides.map((side) => ({
        sources: side.sources,
        value: side.value ?? null,
        places: side.places,
      })),
      value: value ?? null,
      decided,
      changeset: { id: null, ticket: changeset.ticket, message: changeset.message },
      origin: originOf(changeset),
    },
  };
}

/** A claim as an import leaves it. */
export function claimAfter(
  change: ClaimChange,
  before: Claim | undefined,
  { now, by }: { readonly now: string; readonly by: string | null },
): Claim {
  const repeated = before !== undefined && same(before.value, change.value);
  const fresh = { firstSeen: change.asOf, since: now, seen: 1, enforcedAt: null };
  const history = repeated
    ? {
        ...before,
        since: before.state === change.state ? before.since : now,
        seen: before.seen + 1,
      }
    : fresh;
  return {
    ...history,
    source: change.source,
    value: change.value ?? null,
    state: change.state,
    observedAt: change.asOf,
    decidedBy: change.state === "rejected" ? decider(change, before, by) : null,
    note: change.note,
    place: change.place === "" ? (before?.place ?? null) : change.place,
  };
}

/** Who rejected it; nobody, when an order did without a word. */
function decider(change: ClaimChange, before: Claim | undefined, by: string | null): string | null {
  if (before?.state === "rejected" && same(before.value, change.value)) return before.decidedBy;
  return change.note === null ? null : by;
}

/**
 * Looks again at what sources said about attributes that a write changed: they may agree now, or no longer. What a source itself writes is
 * its claim. Imports and observations write their claims themselves.
 */
export async function reviewClaims(
  tx: Db,
  known: Catalogue,
  sets: readonly ChangeSet[],
): Promise<void> {
  const claims: ClaimWrite[] = [];
  const signals: Signal[] = [];
  const now = new Date().toISOString();
  const stored = await storedClaims(tx, sets);
  const pushes = await pushesOf(tx, [...stored.keys()]);
  for (const { changeset, changes } of sets)
    for (const change of changes) {
      if (change.op === "D") continue;
      const own = changeset.source !== null && ownWord(changeset) ? changeset.source : undefined;
      if (own !== undefined) claims.push(...ownClaims(change, own, now));
      const others = (stored.get(change.id) ?? []).filter(
        ({ attr, source }) => change.changed.includes(attr) && source !== changeset.source,
      );
      for (const claim of others) {
        const push = pushes.find(
          ({ entryId, attr, source }) =>
            entryId === change.id && attr === claim.attr && source === claim.source,
        );
        const done = reviewed(known, change, { claim, changeset, now, push });
        claims.push(...done.claims);
        signals.push(...done.signals);
      }
    }
  await saveClaims(tx, claims);
  await saveSignals(tx, signals);
}

/** Claims of the entries that were changed; new ones have none. */
async function storedClaims(
  tx: Db,
  sets: readonly ChangeSet[],
): Promise<ReadonlyMap<string, readonly ClaimRow[]>> {
  const changed = sets.flatMap(({ changes }) =>
    changes.filter(({ op }) => op === "U" || op === "R"),
  );
  if (changed.length === 0) return new Map();
  const names = [...new Set(changed.flatMap((change) => change.changed))];
  const rows = await claimsOf(
    tx,
    changed.map(({ id }) => id),
    names,
  );
  return Map.groupBy(rows, ({ entryId }) => entryId);
}

function ownWord({ origin_kind: kind }: ChangesetRow): boolean {
  return kind === "api" || kind === "workflow";
}

function ownClaims(change: EntryChange, source: string, now: string): readonly ClaimWrite[] {
  return change.changed.map((attr) => ({
    entryId: change.id,
    attr,
    source,
    value: change.doc[attr] ?? null,
    state: "agreed",
    observedAt: now,
    firstSeen: now,
    since: now,
    seen: 1,
    enforcedAt: null,
    decidedBy: null,
    note: null,
    place: null,
  }));
}

function reviewed(
  known: Catalogue,
  change: EntryChange,
  {
    claim,
    changeset,
    now,
    push,
  }: { claim: ClaimRow; changeset: ChangesetRow; now: string; push: Push | undefined },
): { readonly claims: readonly ClaimWrite[]; readonly signals: readonly Signal[] } {
  const type = known.byId.get(change.typeId);
  const about = { type: type?.name ?? "", attribute: claim.attr };
  const policy = policyFor(known.sources, claim.source, about)?.policy ?? "report";
  const document = change.doc[claim.attr];
  const attribute = type?.attributes.get(claim.attr);
  const hash = pushHash(attribute, claim.value);
  const echo = echoOf(push, { hash, observedAt: now });
  const verdict = review(claim, { policy, attribute, document, now, echo });
  if (verdict === undefined) return { claims: [], signals: [] };
  const subject = { id: change.id, type: about.type, name: change.name };
  return {
    claims: [
      {
        ...verdict.claim,
        entryId: claim.entryId,
        attr: claim.attr,
      },
    ],
    signals: driftSignal({
      subject,
      attribute: claim.attr,
      verdict,
      policy,
      document,
      changeset,
      written: true,
    }),
  };
}
