/** What spreadsheets would do to the store. Nothing is written: this is the dry run, and what a commit goes by. */
import { createHash } from "node:crypto";
import { canonical } from "../inventory/canonical.ts";
import { typeNamed, type KnownType } from "../inventory/catalogue.ts";
import type { Claim } from "../inventory/claims.ts";
import { titleOf } from "../inventory/derive.ts";
import {
  answerCell,
  type CellAnswer,
  type ClaimChange,
  type Decision,
  type Side,
} from "../inventory/import-cell.ts";
import {
  grouped,
  inLettersOf,
  placeOf,
  statementsOf,
  type CheckedRecord,
  type ImportRecord,
  type RecordGroup,
} from "../inventory/import-records.ts";
import type { Lock } from "../inventory/lock.ts";
import type { CellProblem } from "../inventory/sheet-table.ts";
import { policyFor, type Sources } from "../inventory/sources.ts";
import type { JsonObject } from "../model/json.ts";
import { claimsOf, type ClaimRow } from "../store/inventory/claims.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { checkRecords } from "./inventory-import-check.ts";
import { lockedProblem, lockOfCell } from "./inventory-import-locks.ts";
import { rehearsed, unreadable } from "./inventory-import-rehearse.ts";

/** A person's word about one cell, or about a whole column when it names no entry. */
export interface ImportDecision {
  readonly type: string;
  /** Name or id. */
  readonly entry: string | undefined;
  readonly attribute: string;
  readonly decision: Decision;
}

export interface PlanOptions {
  /** Instead of the attributes' own. */
  readonly authority: readonly string[] | undefined;
  readonly newest: boolean;
  /** What sources own whose owner refuses edits is changed too. */
  readonly override: boolean;
  readonly decisions: readonly ImportDecision[];
}

export interface PlannedChange {
  readonly attribute: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Another source owns it. */
  readonly locked_by?: string;
}

export interface PlannedConflict {
  readonly type: string;
  readonly entry: string;
  readonly id: string | null;
  readonly attribute: string;
  readonly sides: readonly Side[];
  /** How it was decided; null: somebody has to. */
  readonly decided: string | null;
  /** The source that owns it. */
  readonly locked_by?: string;
}

/** One entry's part of the plan. */
export interface EntryPlan {
  readonly type: KnownType;
  readonly row: EntryRow | undefined;
  /** The entry that a commit has made of it already. */
  readonly written?: string;
  readonly name: string;
  readonly records: readonly CheckedRecord[];
  readonly set: JsonObject;
  readonly changes: readonly PlannedChange[];
  readonly claims: ReadonlyMap<string, readonly ClaimChange[]>;
  readonly conflicts: readonly PlannedConflict[];
  readonly problems: readonly CellProblem[];
}

export type RowAction = "create" | "update" | "unchanged" | "conflict" | "error";

export interface RowPlan {
  readonly action: RowAction;
  readonly entry: { readonly id: string | null; readonly name: string } | null;
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly CellProblem[];
}

export interface ImportPlan {
  readonly rows: readonly RowPlan[];
  readonly entries: readonly EntryPlan[];
  readonly conflicts: readonly PlannedConflict[];
  /** Equal for plans that would write the same to the same versions. */
  readonly fingerprint: string;
}

/** Decides what the rows would do, as far as the caller may do it. */
export async function planImport(
  service: ImportGround,
  records: readonly ImportRecord[],
  options: PlanOptions,
): Promise<ImportPlan> {
  const { ground } = service;
  const { sound, problems } = await checkRecords(ground, records);
  const groups = grouped(sound);
  const ids = groups.flatMap(({ entryId }) => entryId ?? []);
  const stored = await loadEntries(ground.db, ids);
  const claims = Map.groupBy(await claimsOf(ground.db, ids), ({ entryId }) => entryId);
  const drafts = groups.map((group) =>
    planGroup(group, {
      type: typeNamed(ground.known, group.type),
      row: stored.get(group.entryId ?? ""),
      claims: claims.get(group.entryId ?? "") ?? [],
      sources: ground.known.sources,
      options,
    }),
  );
  const entries = await rehearsed(service, await unreadable(service, drafts));
  return {
    rows: rowsOf(records, problems, entries),
    entries,
    conflicts: entries.flatMap(({ conflicts }) => conflicts),
    fingerprint: fingerprintOf(entries),
  };
}

interface GroupGround {
  readonly type: KnownType;
  readonly row: EntryRow | undefined;
  readonly claims: readonly ClaimRow[];
  readonly sources: Sources;
  readonly options: PlanOptions;
}

function planGroup(given: RecordGroup, ground: GroupGround): EntryPlan {
  const { type, row } = ground;
  const records = given.records.map((record) => inLettersOf(row?.doc ?? {}, record));
  const group = { ...given, records };
  const { statements, contradictions } = statementsOf(group);
  const contradicted = new Set(contradictions.map(({ attribute }) => attribute));
  const values = Object.fromEntries(
    group.records.flatMap((record) => Object.entries(record.values)),
  );
  const name = row?.name ?? titleOf(type, values);
  const answers = [...statements].flatMap(([attribute, said]) => {
    const answer = contradicted.has(attribute)
      ? undefined
      : answerOf(attribute, said, name, ground);
    if (answer === undefined) return [];
    const lock = lockOfCell(attribute, answer, said, ground);
    return [{ attribute, answer, lock }];
  });
  const written = answers.filter(({ answer }) => answer.write !== undefined);
  return {
    type,
    row,
    name,
    records: group.records,
    set: Object.fromEntries(
      written.map(({ attribute, answer }) => [attribute, answer.write?.value]),
    ),
    changes: written.map(({ attribute, answer, lock }) => ({
      attribute,
      before: row?.doc[attribute] ?? null,
      after: answer.write?.value ?? null,
      ...ownerIn(lock),
    })),
    claims: new Map(answers.map(({ attribute, answer }) => [attribute, answer.claims])),
    conflicts: answers.flatMap(({ attribute, answer, lock }) => {
      const about = { type: type.name, entry: name, id: row?.id ?? null, attribute };
      return conflictOf(answer, { ...about, ...ownerIn(lock) });
    }),
    problems: [
      ...contradictions.map(({ attribute, record, other }) => ({
        cell: record.cells[attribute] ?? "",
        heading: record.headings[attribute] ?? "",
        attribute,
        value: record.values[attribute],
        message: `the sheet contradicts itself: ${placeOf(other, attribute)} says ${JSON.stringify(other.values[attribute])}`,
        expected: "one value for one entry",
      })),
      ...written.flatMap(({ lock }) =>
        lock?.edits === "refuse" && !ground.options.override ? [lockedProblem(group, lock)] : [],
      ),
    ],
  };
}

function ownerIn(lock: Lock | undefined): Pick<PlannedChange, "locked_by"> {
  return lock === undefined ? {} : { locked_by: lock.locked_by };
}

function conflictOf(
  { contest }: CellAnswer,
  about: Omit<PlannedConflict, "sides" | "decided">,
): readonly PlannedConflict[] {
  if (contest === undefined) return [];
  return [{ ...about, sides: contest.sides, decided: contest.decided ?? null }];
}

function answerOf(
  attribute: string,
  statements: Parameters<typeof answerCell>[0]["statements"],
  name: string,
  { type, row, claims, sources, options }: GroupGround,
): CellAnswer | undefined {
  const definition = type.attributes.get(attribute);
  if (definition === undefined) return undefined;
  const known: readonly Claim[] = claims.filter(({ attr }) => attr === attribute);
  const word = options.decisions.find(
    (one) =>
      one.type === type.name &&
      one.attribute === attribute &&
      (one.entry === undefined || one.entry === name || one.entry === row?.id),
  );
  return answerCell({
    attribute: definition,
    document: row?.doc[attribute],
    statements,
    claims: known,
    policyOf: (source) => policyFor(sources, source, { type: type.name, attribute })?.policy,
    authority: options.authority ?? definition.authority,
    newest: options.newest,
    decision: fitting(word, statements, known),
  });
}

/** A word about a whole column is for the cells that the source speaks of. */
function fitting(
  word: ImportDecision | undefined,
  statements: readonly { readonly source: string; readonly value: unknown }[],
  claims: readonly Claim[],
): Decision | undefined {
  if (word === undefined || word.entry !== undefined) return word?.decision;
  const { decision } = word;
  if (!("take" in decision)) return undefined;
  const speaks = [...statements, ...claims].some(({ source }) => source === decision.take);
  const differ =
    new Set([...statements, ...claims].map(({ value }) => JSON.stringify(value))).size > 1;
  return (speaks || decision.take === "document") && differ ? decision : undefined;
}

function rowsOf(
  records: readonly ImportRecord[],
  problems: ReadonlyMap<number, readonly CellProblem[]>,
  entries: readonly EntryPlan[],
): readonly RowPlan[] {
  const byRow = new Map(
    entries.flatMap((plan) => plan.records.map((record) => [record.index, plan] as const)),
  );
  return records.map((record, index): RowPlan => {
    const plan = byRow.get(index);
    if (plan === undefined)
      return { action: "error", entry: null, changes: [], problems: problems.get(index) ?? [] };
    const entry = { id: plan.row?.id ?? null, name: plan.name };
    if (plan.problems.length > 0)
      return { action: "error", entry, changes: [], problems: plan.problems };
    const changes = plan.changes.filter(({ attribute }) => attribute in record.set);
    const open = plan.conflicts.some(
      ({ attribute, decided }) => decided === null && attribute in record.set,
    );
    const action = plan.row === undefined ? "create" : changes.length > 0 ? "update" : "unchanged";
    return { action: open ? "conflict" : action, entry, changes, problems: [] };
  });
}

function fingerprintOf(entries: readonly EntryPlan[]): string {
  const deeds = entries
    .filter(({ problems }) => problems.length === 0)
    .map(({ type, row, name, set, conflicts }) => [
      type.name,
      row?.id ?? name,
      row !== undefined && Object.keys(set).length > 0 ? row.version : 0,
      set,
      Object.fromEntries(
        conflicts.map(({ attribute, sides, decided }) => [attribute, [sides, decided]]),
      ),
    ]);
  return createHash("sha256").update(canonical(deeds)).digest("hex");
}
