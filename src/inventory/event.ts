/** A line of the change feed as the payload of its trigger. */
import type { JsonObject } from "../model/json.ts";
import type { EntityType } from "./definition.ts";
import { diff } from "./patch.ts";
import { storedReferences } from "./references.ts";

export const operations = { I: "created", U: "updated", D: "deleted", R: "restored" } as const;
export type OperationLetter = keyof typeof operations;
export type Operation = (typeof operations)[OperationLetter];

/** One event as the store reads it back, with both images of the document. */
export interface FeedRow {
  readonly xid: string;
  readonly seq: string;
  readonly op: OperationLetter;
  readonly at: string;
  readonly type: string;
  readonly entryId: string;
  readonly name: string;
  readonly version: number;
  /** Undefined when the entry did not live before. */
  readonly before: JsonObject | undefined;
  /** Undefined when the entry no longer lives. */
  readonly after: JsonObject | undefined;
  readonly changeset: FeedChangeset;
}

/** Who changed something, and why. */
export interface FeedChangeset {
  readonly id: string;
  readonly size: number;
  readonly actor: string;
  readonly originKind: string;
  readonly source: string | null;
  readonly message: string | null;
  readonly ticket: string | null;
  readonly execution: string | null;
  readonly ruleChain: readonly string[];
  readonly causes: readonly string[];
  readonly depth: number;
}

/** Ids that the change added or removed as references, with the attribute. */
export function referenceChanges(
  type: EntityType | undefined,
  row: Pick<FeedRow, "before" | "after">,
): { readonly added: readonly ReferenceChange[]; readonly removed: readonly ReferenceChange[] } {
  const before = type === undefined ? [] : storedReferences(type, row.before ?? {});
  const after = type === undefined ? [] : storedReferences(type, row.after ?? {});
  const text = (use: (typeof before)[number]): string => `${use.attribute.name} ${use.id}`;
  const [old, next] = [new Set(before.map(text)), new Set(after.map(text))];
  const change = (use: (typeof before)[number]) => ({ attribute: use.attribute.name, id: use.id });
  return {
    added: after.filter((use) => !old.has(text(use))).map(change),
    removed: before.filter((use) => !next.has(text(use))).map(change),
  };
}
export interface ReferenceChange {
  readonly attribute: string;
  readonly id: string;
}

/** The payload; `names` knows the type and name of every entry that `referenceChanges` mentions. */
export function eventPayload(
  row: FeedRow,
  type: EntityType | undefined,
  names: ReadonlyMap<string, { readonly type: string; readonly name: string }>,
): JsonObject {
  const { changeset } = row;
  const [before, after] = [row.before ?? {}, row.after ?? {}];
  const references = referenceChanges(type, row);
  const named = ({ attribute, id }: ReferenceChange) => ({
    attribute,
    id,
    type: names.get(id)?.type ?? null,
    name: names.get(id)?.name ?? null,
  });
  return {
    event_id: `${row.xid}-${row.seq}`,
    at: row.at,
    type: row.type,
    op: operations[row.op],
    entry: { id: row.entryId, name: row.name, version: row.version },
    changed: diff(before, after).map(({ attribute }) => attribute),
    before,
    after,
    refs: { added: references.added.map(named), removed: references.removed.map(named) },
    ...whyOf(changeset),
  };
}

function whyOf(changeset: FeedChangeset): { changeset: JsonObject; origin: JsonObject } {
  const { id, size, message, ticket, originKind: kind, actor, source, execution } = changeset;
  const { ruleChain: rule_chain, causes, depth } = changeset;
  return {
    changeset: { id, size, message, ticket },
    origin: { kind, actor, source, execution_id: execution, rule_chain, causes, depth },
  };
}

/** How many entries of a type a changeset changed, by what was done to them. */
export interface ChangesetCount {
  readonly type: string;
  readonly op: OperationLetter;
  readonly count: number;
}

/** The payload of a changeset that is complete. `reverts`: the changeset that it takes back. */
export function changesetPayload(
  changeset: FeedChangeset,
  {
    at,
    reverts,
    counts,
  }: {
    readonly at: string;
    readonly reverts: string | null;
    readonly counts: readonly ChangesetCount[];
  },
): JsonObject {
  const byType: Record<string, Record<string, number>> = {};
  for (const { type, op, count } of counts) (byType[type] ??= {})[operations[op]] = count;
  const { changeset: shown, origin } = whyOf(changeset);
  return {
    event_id: changeset.id,
    at,
    types: Object.keys(byType),
    counts: byType,
    changeset: { ...shown, reverts },
    origin,
  };
}
