/** The one write path: resolve references, validate, compare, write.
 *
 * 1. A change that changes nothing leaves no version, no revision and no event.
 * 2. Entry, derived rows, revision and event are one transaction.
 * 3. What a reference names is held until the commit, so nothing ever refers to a deleted entry. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import type { Cause } from "../inventory/cause.ts";
import { derive, derivedChange, type Derived } from "../inventory/derive.ts";
import type { OperationLetter } from "../inventory/event.ts";
import { diff } from "../inventory/patch.ts";
import { invalidEntry, type InventoryError } from "../inventory/problem.ts";
import { referencesIn, requestKey, storedReferences } from "../inventory/references.ts";
import { validateEntry, type Checked, type EntryProblem } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { ChangesetRow, EntryChange } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { openEyes, type Eyes } from "./inventory-eyes.ts";
import { isOutdated, upgradedDrafts } from "./inventory-evolve.ts";
import { checkedGroups } from "./inventory-group-check.ts";
import { finished } from "./inventory-formulas.ts";
import { permitted, readableFault } from "./inventory-permit.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import { refuseTakenKeys } from "./inventory-taken-keys.ts";

/** Who changes something, and why. */
export interface Author {
  readonly actor: string;
  readonly kind: "api" | "workflow" | "import" | "system";
  /** System that the values come from; rules use it to ignore their own echo. */
  readonly source?: string | undefined;
  readonly reason?: string | undefined;
  readonly ticket?: string | undefined;
  readonly cause: Cause;
  /** Id of the changeset, where the caller has to know it before. */
  readonly changeset?: string | undefined;
  /** True: also what another source owns is edited, against its word. */
  readonly override?: boolean;
  /** The changeset that is taken back. */
  readonly reverts?: string | undefined;
  /** True: more is written with the same changeset; whoever does so closes it. */
  readonly open?: boolean;
}

export function changesetOf(author: Author): ChangesetRow {
  return {
    id: author.changeset ?? uuidv7(),
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
    ...(author.open === true ? { open: true } : {}),
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
  /** Who wants it; undefined = the system itself, as where a deleted entry is let go of. */
  readonly eyes: Eyes | undefined;
  /** Attributes that come from elsewhere than the caller: the place in a pool, and what is copied from it. */
  readonly filled?: readonly string[];
  /** References by id, by `requestKey`, that were looked up through the same eyes in this transaction, and are held. */
  readonly resolved?: ReadonlySet<string>;
  /** Of one of many: its place among them. */
  readonly place?: number;
  /** What went wrong already, when the entry was brought along to the present version of its type. */
  readonly faults?: readonly EntryProblem[];
  /** True: what is derived is derived anew also where the document stays as it is. */
  readonly again?: boolean;
}

export type Decided =
  | { readonly kind: "unchanged"; readonly draft: Draft }
  | { readonly kind: "change"; readonly draft: Draft; readonly change: EntryChange }
  | { readonly kind: "refused"; readonly draft: Draft; readonly error: InventoryError };

/**
 * Resolves and validates the drafts together and finds what would change, and may be. Nothing is written. `free`: keys, by `keyText`, of which
 * this transaction knows that nobody holds them.
 */
export async function decide(
  db: Db,
  given: readonly Draft[],
  known: Catalogue,
  free: ReadonlySet<string> = new Set(),
): Promise<readonly Decided[]> {
  const drafts = await upgradedDrafts(db, given, known);
  const open = openEyes(() => known);
  const resolved = new Map<Draft, Resolutions>();
  for (const [eyes, own] of Map.groupBy(drafts, (draft) => draft.eyes ?? open)) {
    const asked = own.flatMap((draft) => referencesOf(draft));
    const resolutions = await resolveReferences(db, asked, { eyes, hold: true });
    // What a deleted entry refers to is its own matter, not the caller's.
    const stored = eyes.unlimited ? [] : own.flatMap((draft) => storedOf(draft));
    const again = await resolveReferences(db, stored, { eyes: open, hold: true });
    const all = again.size === 0 ? resolutions : new Map([...resolutions, ...again]);
    for (const draft of own)
      resolved.set(draft, draft.op === "R" || isOutdated(draft) ? all : resolutions);
  }
  const written = await checkAll(db, drafts, { known, resolved });
  const checks = await checkedGroups(db, drafts, { checks: written, known });
  const decided = drafts.map((draft, index) => decideOne(draft, checks[index]));
  return refuseTakenKeys(db, await permitted(db, decided), { open, free });
}

function referencesOf(draft: Draft) {
  if (draft.op === "D") return [];
  // References that the stored, living document has already need no second look, unless its type may refer to something else by now.
  const living = draft.before?.deletedAt === null && !isOutdated(draft);
  const known = living ? storedOnes(draft) : new Set();
  const { resolved } = draft;
  return referencesIn(draft.type, draft.document).filter((request) => {
    if (known.size === 0 && resolved === undefined) return true;
    const key = requestKey(request);
    return !known.has(key) && resolved?.has(key) !== true;
  });
}

/** The references of the stored document, each as a request for its id. */
function storedOnes({ type, before }: Draft): ReadonlySet<string> {
  const stored = before === undefined ? [] : storedReferences(type, before.doc);
  return new Set(
    stored.map(({ attribute, id }) => requestKey({ to: attribute.element.to, given: id })),
  );
}

/** The references of a deleted entry that comes back, or of one whose type has changed, as it had them. */
function storedOf(draft: Draft) {
  if (draft.op !== "R" && !isOutdated(draft)) return [];
  const own = storedOnes(draft);
  return referencesIn(draft.type, draft.document).filter((request) => own.has(requestKey(request)));
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

/** What each draft's document becomes, computed attributes included; nothing for deletions. */
async function checkAll(
  db: Db,
  drafts: readonly Draft[],
  {
    known,
    resolved,
  }: { readonly known: Catalogue; readonly resolved: ReadonlyMap<Draft, Resolutions> },
): Promise<readonly (Checked | undefined)[]> {
  const written = drafts.map((draft) => {
    const { op, type, document, faults = [] } = draft;
    if (op === "D") return undefined;
    if (faults.length > 0) return { problems: faults };
    return check(type, document, resolved.get(draft) ?? new Map(), op === "I" ? "new" : "stored");
  });
  const sound = drafts.flatMap(({ id, type }, index) => {
    const one = written[index];
    return one !== undefined && "document" in one ? [{ index, id, type, ...one }] : [];
  });
  const done = await finished(db, sound, { known, hold: true });
  const byIndex = new Map(sound.map(({ index }, place) => [index, done[place]]));
  return written.map((one, index) => byIndex.get(index) ?? one);
}

function livingOf({ before }: Draft): EntryRow | undefined {
  return before === undefined || before.deletedAt !== null ? undefined : before;
}

/** What is derived of the entry now. What was derived under an earlier version of the type is not what would be derived today: all of it goes. */
function presentRows(draft: Draft): Derived | undefined {
  const old = livingOf(draft);
  return old === undefined || isOutdated(draft) ? undefined : derive(draft.type, old.doc);
}

function decideOne(draft: Draft, checked: Checked | undefined): Decided {
  const { type, before, op } = draft;
  const old = livingOf(draft);
  const oldRows = presentRows(draft);
  if (op === "D" || checked === undefined)
    return changeOf(draft, before?.doc ?? {}, { before: oldRows, after: undefined });
  if ("problems" in checked)
    return { kind: "refused", draft, error: readableFault(draft, checked.problems) };
  const rows = derive(type, checked.document);
  if (rows.name === "") {
    const problem = { path: "", message: `its name, made as ${type.title}, would be empty` };
    return { kind: "refused", draft, error: invalidEntry(type.name, [problem]) };
  }
  if (draft.again !== true && old !== undefined && diff(old.doc, checked.document).length === 0)
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
  const was = livingOf(draft)?.doc ?? {};
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
    replace: isOutdated(draft),
  };
  return { kind: "change", draft, change };
}

/** All or nothing: the first refusal is thrown. */
export function insist(decided: readonly Decided[]): void {
  for (const one of decided) if (one.kind === "refused") throw one.error;
}

/** A key that was taken meanwhile; an entry that changed meanwhile; two that waited for each other. */
const races: ReadonlySet<unknown> = new Set(["23505", "RA001", "40P01"]);

/** True when somebody else was faster: the same work, done again, will see it. */
export function isRace(error: unknown): boolean {
  return error instanceof Error && "code" in error && races.has(error.code);
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
