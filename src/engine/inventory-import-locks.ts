/** Cells of an import that would change what another source owns: shown in the plan, and errors where the owner lets nobody. */
import type { KnownType } from "../inventory/catalogue.ts";
import { alike, rankOf } from "../inventory/claims.ts";
import type { CellAnswer, Statement } from "../inventory/import-cell.ts";
import type { RecordGroup } from "../inventory/import-records.ts";
import { lockOf, type Lock } from "../inventory/lock.ts";
import type { CellProblem } from "../inventory/sheet-table.ts";
import type { Sources } from "../inventory/sources.ts";
import type { ClaimRow } from "../store/inventory/claims.ts";

interface Ground {
  readonly type: KnownType;
  readonly claims: readonly ClaimRow[];
  readonly sources: Sources;
}

/** Who owns the cell that the answer is about, where somebody wants to change it. */
export function lockOfCell(
  attribute: string,
  { write, contest }: CellAnswer,
  statements: readonly Statement[],
  { type, claims, sources }: Ground,
): Lock | undefined {
  const definition = type.attributes.get(attribute);
  if (definition === undefined) return undefined;
  // Not the order that the import was given: that decides between sources, and makes nobody the owner.
  const { authority } = definition;
  const values =
    write === undefined ? (contest?.sides ?? []).map(({ value }) => value) : [write.value];
  for (const value of values) {
    const [source] = statements
      .filter((statement) => alike(definition, statement.value, value))
      .map((statement) => statement.source)
      .toSorted((a, b) => (rankOf(authority, a) < rankOf(authority, b) ? -1 : 1));
    const lock = lockOf({
      type: type.name,
      attribute: definition,
      claims: claims.filter(({ attr }) => attr === attribute),
      sources,
      source,
      value,
    });
    if (lock !== undefined) return lock;
  }
  return undefined;
}

/** A cell that stays as it is, since its owner refuses edits. */
export function lockedProblem({ records }: RecordGroup, lock: Lock): CellProblem {
  const record = records.find(({ values }) => lock.attribute in values) ?? records[0];
  const says = JSON.stringify(lock.value);
  return {
    cell: record?.cells[lock.attribute] ?? "",
    heading: record?.headings[lock.attribute] ?? "",
    attribute: lock.attribute,
    value: record?.values[lock.attribute] ?? null,
    message: `${lock.attribute} is owned by ${lock.locked_by}, which says ${says}`,
    expected: `${says}, or an import that overrides ${lock.locked_by}`,
  };
}
