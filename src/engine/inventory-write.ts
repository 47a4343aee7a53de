/** The one write path: resolve references, validate, compare, write.
 *
 * 1. A change that changes nothing leaves no version, no revision and no event.
 * 2. Entry, derived rows, revision and event are one transaction.
 * 3. What a reference names is held until the commit, so nothing ever refers to a deleted entry. */
import type { KnownType } from "../inventory/catalogue.ts";
import type { Cause } from "../inventory/cause.ts";
import { derive, derivedChange, type Derived } from "../inventory/derive.ts";
import type { OperationLetter } from "../inventory/event.ts";
import { diff } from "../inventory/patch.ts";
import { InventoryError, invalidEntry } from "../inventory/problem.ts";
import { referencesIn, requestKey, storedReferences } from "../inventory/references.ts";
import { validateEntry, type Checked } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import { findKeys, loadNames, type EntryRow, type KeyHit } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { writeChanges, type ChangesetRow, type EntryChange } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { resolveReferences, type ResolveOptions, type Resolutions } from "./inventory-resolve.ts";

/** Who changes something, and why. */
export interface Author {
  readonly actor: string;
  readonly kind: "api" | "workflow" | "import" | "system";
  /** System that the values come from; rules use it to ignore their own echo. */
  readonly source?: string | undefined;
  readonly reason?: string | undefined;
  readonly ticket?: string | undefined;
  readonly cause: Cause;
  /** The changeset that is taken back. */
  readonly reverts?: string | undefined;
}

export function changesetOf(author: Author): ChangesetRow {
  return {
    id: uuidv7(),
    actor: author.actor,
    origin_kind: author.kind,
    source: author.source ?? null,
    message: author.reason ?? null,
    ticket: author.ticket ?? null,
    execution: author.cause.execution,
    rule_chain: author.cause.ruleChain,
    causes: author.cause.changesets,
    depth: author.cause.depth,
    reverts: author.reverts ?? null,
  };
}

/** What an entry is to become. */
export interface Draft {
  readonly id: string;
  readonly type: KnownType;
  readonly op: OperationLetter;
  /** The stored entry, locked; undefined for a new one. */
  readonly before: EntryRow | undefined;
  /** Wanted document, references as written. Ignored when the entry is deleted. */
  readonly document: JsonObject;
}

export type Decided =
  | { readonly kind: "unchanged"; readonly draft: Draft }
  | { readonly kind: "change"; readonly draft: Draft; readonly change: EntryChange }
  | { readonly kind: "refused"; readonly draft: Draft; readonly error: InventoryError };

/** Resolves and validates the drafts together and finds what would change. Nothing is written. */
export async function decide(
  db: Db,
  drafts: readonly Draft[],
  options: ResolveOptions,
): Promise<readonly Decided[]> {
  const requests = drafts.flatMap((draft) => {
    const known = knownIds(draft);
    return draft.op === "D"
      ? []
      : referencesIn(draft.type, draft.document).filter(({ given }) => !known.has(given));
  });
  const resolutions = await resolveReferences(db, requests, options);
  const decided = drafts.map((draft) => decideOne(draft, resolutions));
  return refuseTakenKeys(db, decided, options);
}

/** References that the stored, living document has already need no second look. */
function knownIds({ type, before }: Draft): ReadonlySet<unknown> {
  if (before === undefined || before.deletedAt !== null) return new Set();
  return new Set(storedReferences(type, before.doc).map(({ id }) => id));
}

export function check(
  type: KnownType,
  document: JsonObject,
  resolutions: Resolutions,
  complete: "new" | "stored" | "part",
): Checked {
  const resolve = (request: Parameters<typeof requestKey>[0]) =>
    resolutions.get(requestKey(request));
  return validateEntry(type, document, { resolve, complete });
}

function decideOne(draft: Draft, resolutions: Resolutions): Decided {
  const { type, before, op } = draft;
  const old = before === undefined || before.deletedAt !== null ? undefined : before;
  const oldRows = old === undefined ? undefined : derive(type, old.doc);
  if (op === "D") return changeOf(draft, before?.doc ?? {}, { before: oldRows, after: undefined });
  const checked = check(type, draft.document, resolutions, op === "I" ? "new" : "stored");
  if ("problems" in checked)
    return { kind: "refused", draft, error: invalidEntry(type.name, checked.problems) };
  const rows = derive(type, checked.document);
  if (rows.name === "") {
    const problem = { path: "", message: `its name, made as ${type.title}, would be empty` };
    return { kind: "refused", draft, error: invalidEntry(type.name, [problem]) };
  }
  if (old !== undefined && diff(old.doc, checked.document).length === 0)
    return { kind: "unchanged", draft };
  return changeOf(draft, checked.document, { before: oldRows, after: rows });
}

function changeOf(
  draft: Draft,
  document: JsonObject,
  rows: { before: Derived | undefined; after: Derived | undefined },
): Decided {
  const { id, type, op, before } = draft;
  const gone = { name: before?.name ?? "", search: "", grams: [] };
  const { name, search, grams } = rows.after ?? gone;
  const was = rows.before === undefined ? {} : (before?.doc ?? {});
  const is = op === "D" ? {} : document;
  const change: EntryChange = {
    id,
    typeId: type.id,
    schemaVersion: type.schemaVersion,
    op,
    name,
    doc: document,
    version: (before?.version ?? 0) + 1,
    changed: diff(was, is).map(({ attribute }) => attribute),
    search,
    grams,
    derived: derivedChange(rows.before, rows.after),
  };
  return { kind: "change", draft, change };
}

const keyText = (typeId: number, name: string, value: string): string =>
  JSON.stringify([typeId, name, value]);

async function refuseTakenKeys(
  db: Db,
  decided: readonly Decided[],
  { known }: ResolveOptions,
): Promise<readonly Decided[]> {
  const wanted = decided.flatMap((one) =>
    one.kind === "change"
      ? one.change.derived.keys.added.map((key) => ({ type_id: one.change.typeId, ...key }))
      : [],
  );
  const held = await findKeys(db, wanted);
  if (held.length === 0) return decided;
  // A key that another entry of the same call gives up is free.
  const released = new Set(
    decided.flatMap((one) =>
      one.kind === "change"
        ? one.change.derived.keys.removed.map((key) =>
            keyText(one.change.typeId, key.key_name, key.key_value),
          )
        : [],
    ),
  );
  const holders = new Map(
    held.map((hit) => [keyText(hit.type_id, hit.key_name, hit.key_value), hit]),
  );
  const names = await loadNames(
    db,
    held.map(({ entry_id }) => entry_id),
  );
  return decided.map((one) => {
    if (one.kind !== "change") return one;
    const taken = one.change.derived.keys.added.flatMap((key) => {
      const text = keyText(one.change.typeId, key.key_name, key.key_value);
      const hit = holders.get(text);
      return hit === undefined || released.has(text) || hit.entry_id === one.change.id ? [] : [hit];
    });
    if (taken.length === 0) return one;
    const type = known.byId.get(one.change.typeId)?.name ?? "entry";
    return { kind: "refused", draft: one.draft, error: keyTaken(type, taken, names) };
  });
}

function keyTaken(
  type: string,
  taken: readonly KeyHit[],
  names: ReadonlyMap<string, { readonly name: string }>,
): InventoryError {
  const conflicts = taken.map(({ key_name, key_value, entry_id }) => ({
    key: key_name,
    value: key_value,
    entry: { id: entry_id, type, name: names.get(entry_id)?.name ?? null },
  }));
  const list = conflicts.map(
    ({ key, value, entry }) => `${key} ${value} belongs to ${type} ${entry.name} (${entry.id})`,
  );
  return new InventoryError("INVENTORY_KEY_TAKEN", [list.join("; ")], { conflicts });
}

/** Writes what was decided to change. */
export async function apply(
  db: Db,
  decided: readonly Decided[],
  changeset: ChangesetRow,
): Promise<number> {
  const changes = decided.flatMap((one) => (one.kind === "change" ? [one.change] : []));
  await writeChanges(db, [{ changeset, changes }]);
  return changes.length;
}

/** All or nothing: the first refusal is thrown. */
export function insist(decided: readonly Decided[]): void {
  for (const one of decided) if (one.kind === "refused") throw one.error;
}

/** True when somebody else was faster: the same work, done again, will see it. */
export function isRace(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "23505" || error.code === "RA001")
  );
}

/** Runs the transaction again when it lost a race (another writer took the key or created the same entry). */
export async function withoutRaces<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isRace(error) || attempt === 5) throw error;
    }
  }
}
