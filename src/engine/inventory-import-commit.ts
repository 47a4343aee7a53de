/** Writes a plan: entries by upsert, with what the sheets claim in the same transactions. */
import type { ClaimChange } from "../inventory/import-cell.ts";
import { openStates, type Claim } from "../inventory/claims.ts";
import { passing } from "../model/crash-points.ts";
import type { JsonObject } from "../model/json.ts";
import {
  claimsOf,
  saveClaims,
  saveSignals,
  type ClaimWrite,
  type Signal,
} from "../store/inventory/claims.ts";
import { noteWritten } from "../store/inventory/imports.ts";
import type { Db } from "../store/schema.ts";
import { claimAfter, conflictSignal, driftSignal, type Subject } from "./inventory-claim-book.ts";
import type { EntryPlan, ImportPlan } from "./inventory-import-plan.ts";
import { upsertInRings } from "./inventory-import-rings.ts";
import type { ImportGround } from "./inventory-imports.ts";
import type { UpsertResult } from "./inventory-upsert-result.ts";
import { changesetOf, type Author } from "./inventory-write.ts";

export interface Committed extends JsonObject {
  readonly created: number;
  readonly updated: number;
  /** Versions that were made. */
  readonly changes: number;
  readonly failed: readonly JsonObject[];
}

interface Writing {
  readonly author: Author & { readonly changeset: string };
  readonly importId: string;
}

const batch = 1000;

/** Entries whose rows have errors are left out. */
export async function commitPlan(
  service: ImportGround,
  plan: ImportPlan,
  writing: Writing,
): Promise<Committed> {
  const sound = plan.entries.filter(({ problems }) => problems.length === 0);
  const written = sound.filter(({ row, set }) => row === undefined || Object.keys(set).length > 0);
  const untouched = sound.filter(
    ({ row, set }) => row !== undefined && Object.keys(set).length === 0,
  );
  const results = await upsertInRings(service, written, writing.author, async (tx, done) => {
    const entries = done.map(({ plan: one, result }) => ({
      plan: one,
      subject: subjectOf(one, result),
    }));
    await settle(tx, entries, writing);
    await noteWritten(tx, writing.importId, done.length);
    passing("import.before-commit");
  });
  for (let from = 0; from < untouched.length; from += batch) {
    const some = untouched.slice(from, from + batch).map((entry) => ({
      plan: entry,
      subject: { id: entry.row?.id ?? "", type: entry.type.name, name: entry.name },
    }));
    await service.workshop.database.transaction((tx) => settle(tx, some, writing));
  }
  const count = (wanted: UpsertResult["result"]): number =>
    results.filter(({ result }) => result === wanted).length;
  return {
    created: count("created"),
    updated: count("updated"),
    changes: count("created") + count("updated"),
    failed: results.flatMap(({ result, error }, index) =>
      ["created", "updated", "unchanged"].includes(result)
        ? []
        : [
            {
              type: written[index]?.type.name ?? "",
              entry: written[index]?.name ?? "",
              result,
              error: error ?? "",
            },
          ],
    ),
  };
}

function subjectOf({ type, name }: EntryPlan, result: UpsertResult): Subject {
  return { id: result.id ?? "", type: type.name, name: result.name ?? name };
}

/** Writes what the sheets said about these entries, and tells rules of conflicts and differences that are new. */
async function settle(
  tx: Db,
  entries: readonly { readonly plan: EntryPlan; readonly subject: Subject }[],
  { author, importId }: Writing,
): Promise<void> {
  const stored = Map.groupBy(
    await claimsOf(
      tx,
      entries.map(({ subject }) => subject.id),
    ),
    ({ entryId }) => entryId,
  );
  const changeset = changesetOf(author);
  const now = new Date().toISOString();
  const claims: ClaimWrite[] = [];
  const signals: Signal[] = [];
  for (const { plan, subject } of entries) {
    for (const [attribute, changes] of plan.claims) {
      const before = new Map(
        (stored.get(subject.id) ?? [])
          .filter(({ attr }) => attr === attribute)
          .map((claim) => [claim.source, claim]),
      );
      const after = changes.map((change) =>
        claimAfter(change, before.get(change.source), { now, by: author.actor }),
      );
      claims.push(
        ...after.map((claim) => ({ ...claim, entryId: subject.id, attr: attribute, importId })),
      );
      const document = attribute in plan.set ? plan.set[attribute] : plan.row?.doc[attribute];
      signals.push(...news({ subject, attribute, document, before, after, changeset }));
      signals.push(...contests(plan, { subject, attribute, changes, before, changeset }));
    }
  }
  await saveClaims(tx, claims);
  await saveSignals(tx, signals);
}

function news({
  subject,
  attribute,
  document,
  before,
  after,
  changeset,
}: {
  subject: Subject;
  attribute: string;
  document: unknown;
  before: ReadonlyMap<string, Claim>;
  after: readonly Claim[];
  changeset: ReturnType<typeof changesetOf>;
}): readonly Signal[] {
  return after.flatMap((claim) => {
    const old = before.get(claim.source);
    const [was, is] = [
      old !== undefined && openStates.includes(old.state),
      openStates.includes(claim.state),
    ];
    if (was === is && (!is || old?.firstSeen === claim.firstSeen)) return [];
    const signal = !is ? "resolved" : claim.state === "enforcing" ? "enforce" : "detected";
    const policy = claim.state === "enforcing" ? "enforce" : "report";
    return driftSignal({
      subject,
      attribute,
      verdict: { claim, write: false, signal },
      policy,
      document,
      changeset,
      written: true,
    });
  });
}

function contests(
  plan: EntryPlan,
  {
    subject,
    attribute,
    changes,
    before,
    changeset,
  }: {
    subject: Subject;
    attribute: string;
    changes: readonly ClaimChange[];
    before: ReadonlyMap<string, Claim>;
    changeset: ReturnType<typeof changesetOf>;
  },
): readonly Signal[] {
  const conflict = plan.conflicts.find((one) => one.attribute === attribute);
  if (conflict === undefined) return [];
  const value = attribute in plan.set ? plan.set[attribute] : plan.row?.doc[attribute];
  const about = { attribute, sides: conflict.sides, value, decided: conflict.decided };
  if (conflict.decided === null) return [conflictSignal("opened", subject, about, changeset)];
  const wasOpen = changes.some(({ source }) => before.get(source)?.state === "conflict");
  return wasOpen ? [conflictSignal("resolved", subject, about, changeset)] : [];
}
