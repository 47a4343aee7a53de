/** Whether a write may be done: by the grants as they were before it, and as they are after it.
 *
 * 1. What the caller changes must be allowed on the entry as it was and on the entry as it becomes: nobody writes an entry into, or out
 *    of, somebody else's part.
 * 2. A fault never speaks of what the caller may not read. */
import { wholeEntry } from "../inventory/absence.ts";
import type { KnownType } from "../inventory/catalogue.ts";
import { sameJson } from "../inventory/patch.ts";
import { InventoryError, invalidEntry } from "../inventory/problem.ts";
import { unknownAttribute, type EntryProblem } from "../inventory/validate.ts";
import type { InventoryVerb } from "../model/inventory-grants.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { mayRead, type Allowed, type Eyes } from "./inventory-eyes.ts";
import type { Decided, Draft } from "./inventory-write.ts";

const verbs = { I: "create", U: "write", D: "delete", R: "create" } as const;
const deeds: Readonly<Record<InventoryVerb, string>> = {
  read: "read",
  write: "change",
  create: "create",
  delete: "delete",
  export: "export",
  approve: "approve changes of",
};

/** Says what may not be done, with what. */
export function deniedOf(verb: InventoryVerb, what: string): InventoryError {
  return new InventoryError("INVENTORY_DENIED", [`You may not ${deeds[verb]} ${what}.`]);
}

/** Attributes that the caller gives another value, or tries to. */
function touched({ before, document, op, filled = [] }: Draft): readonly string[] {
  if (op === "D" || op === "R") return [];
  const old = before?.doc ?? {};
  const names = Object.keys({ ...old, ...document }).filter((name) => !filled.includes(name));
  return names.filter((name) => !sameJson(old[name], document[name]));
}

/** Attributes that the caller, and no default or computation, gives another value. */
export function changedBy(one: Decided): readonly string[] {
  const names = touched(one.draft);
  if (one.kind !== "change") return names;
  // A reference may be written in other words than it is stored.
  const { changed } = one.change;
  return names.filter((name) => changed.includes(name));
}

/** The type as it exists for the caller. */
function shownType({ type, eyes }: Draft): KnownType {
  return eyes?.known.byId.get(type.id) ?? { ...type, attributes: new Map() };
}

/** Faults of a document in the caller's words: an attribute that does not exist for the caller is an unknown one. */
export function readableFault(draft: Draft, problems: readonly EntryProblem[]): InventoryError {
  const { type, eyes } = draft;
  if (eyes === undefined || eyes.unlimited) return invalidEntry(type.name, problems);
  const known = shownType(draft);
  const own = new Set(touched(draft));
  const told = problems.map((problem): EntryProblem => {
    const [name = ""] = problem.path.split("[", 1);
    if (known.attributes.has(name) || name === "") return problem;
    if (own.has(name)) return unknownAttribute(known, name);
    return { path: "", message: "something that you may not read is missing or not valid" };
  });
  return invalidEntry(type.name, told);
}

/** Why attributes that a caller names cannot be written at all; undefined when they can, somewhere. */
export function unwritable(
  draft: Pick<Draft, "type" | "eyes">,
  allowed: Allowed | undefined,
  names: readonly string[],
): InventoryError | undefined {
  const { eyes, type } = draft;
  if (eyes === undefined || eyes.unlimited) return undefined;
  const known = eyes.known.byId.get(type.id);
  const odd = names.filter((name) => known?.attributes.has(name) !== true);
  if (odd.length > 0 && known !== undefined)
    return invalidEntry(
      type.name,
      odd.map((name) => unknownAttribute(known, name)),
    );
  const unread = names.filter((name) => !mayRead(allowed, name));
  return unread.length === 0 ? undefined : deniedOf("write", `${unread.join(", ")} of this entry`);
}

/** Refuses what may not be done to the entries as they are; the others stay as they were decided. */
export async function permitted(db: Db, decided: readonly Decided[]): Promise<readonly Decided[]> {
  const limited = decided.filter(({ draft }) => isLimited(draft));
  if (limited.length === 0) return decided;
  const stored = await sightsOf(db, limited, ({ draft }) => draft.before);
  return decided.map((one): Decided => {
    const { draft } = one;
    if (!isLimited(draft)) return one;
    const error = faultBefore(one, stored.get(draft));
    return error === undefined ? one : { kind: "refused", draft, error };
  });
}

function isLimited({ eyes }: Draft): boolean {
  return eyes !== undefined && !eyes.unlimited;
}

function faultBefore(one: Decided, allowed: Allowed | undefined): InventoryError | undefined {
  const { draft } = one;
  const { type, eyes, before } = draft;
  if (before !== undefined && allowed === undefined)
    return new InventoryError("INVENTORY_ENTRY_UNKNOWN", [draft.id]);
  const names = changedBy(one);
  const known = shownType(draft);
  const hidden = names.filter((name) => !known.attributes.has(name));
  if (one.kind === "refused") return undefined;
  if (hidden.length > 0)
    return invalidEntry(
      type.name,
      hidden.map((name) => unknownAttribute(known, name)),
    );
  if (one.kind === "unchanged") return undefined;
  const verb = verbs[draft.op];
  // A new entry is judged when it is there; before that only whether some could be made.
  const granted =
    draft.op === "I" || draft.op === "R" ? eyes?.ever(type.id, verb) : on(allowed, verb);
  return faultOf(verb, { type, names, granted });
}

function on(
  allowed: Allowed | undefined,
  verb: InventoryVerb,
): ReadonlySet<string> | "everything" | undefined {
  return allowed === "everything" ? allowed : allowed?.get(verb);
}

function faultOf(
  verb: InventoryVerb,
  {
    type,
    names,
    granted,
  }: {
    readonly type: KnownType;
    readonly names: readonly string[];
    readonly granted: ReadonlySet<string> | "everything" | undefined;
  },
): InventoryError | undefined {
  if (granted === "everything") return undefined;
  if (granted === undefined) return deniedOf(verb, `this ${type.name}`);
  const refused = names.filter((name) => !granted.has(name));
  return refused.length === 0
    ? undefined
    : deniedOf("write", `${refused.join(", ")} of this ${type.name}`);
}

/** Whether a difference about that attribute may be decided; of the whole entry (`*`) whether any may. */
export function mayApprove(allowed: Allowed | undefined, attribute: string): boolean {
  if (allowed === undefined) return false;
  if (allowed === "everything") return true;
  const granted = allowed.get("approve");
  return attribute === wholeEntry ? granted !== undefined : granted?.has(attribute) === true;
}

/** Throws INVENTORY_DENIED unless this may be done with these attributes of the entry. */
export async function insistOn(
  db: Db,
  eyes: Eyes,
  {
    row,
    type,
    verb,
    attributes,
  }: {
    readonly row: EntryRow;
    readonly type: KnownType;
    readonly verb: InventoryVerb;
    readonly attributes: readonly string[];
  },
): Promise<void> {
  const granted = on((await eyes.sights(db, [row])).get(row.id), verb);
  const refused = faultOf(verb, { type, names: attributes, granted });
  if (refused !== undefined) throw refused;
}

async function sightsOf(
  db: Db,
  decided: readonly Decided[],
  rowOf: (one: Decided) => { readonly id: string; readonly typeId: number } | undefined,
): Promise<ReadonlyMap<Draft, Allowed | undefined>> {
  const found = new Map<Draft, Allowed | undefined>();
  for (const [eyes, own] of Map.groupBy(decided, ({ draft }) => draft.eyes)) {
    const rows = own.flatMap((one) => rowOf(one) ?? []);
    const sights = await eyes?.sights(db, rows);
    for (const { draft } of own) found.set(draft, sights?.get(draft.id));
  }
  return found;
}

/** A write that led out of what the caller may write; `drafts` are those that did. */
export class OutOfReach extends InventoryError {
  readonly drafts: ReadonlySet<Draft>;

  constructor(drafts: ReadonlySet<Draft>) {
    const [first] = drafts;
    super("INVENTORY_DENIED", [
      `The ${first?.type.name ?? "entry"}, as it would be, is not one that you may ${first?.op === "U" ? "change" : "create"}.`,
    ]);
    this.drafts = drafts;
  }
}

/** Throws OutOfReach when what was written is no longer, or not, in the caller's reach. Call it in the transaction that wrote. */
export async function insistOnReach(tx: Db, decided: readonly Decided[]): Promise<void> {
  const written = decided.filter(
    ({ kind, draft }) => kind === "change" && draft.op !== "D" && isLimited(draft),
  );
  if (written.length === 0) return;
  const sights = await sightsOf(tx, written, ({ draft }) => ({
    id: draft.id,
    typeId: draft.type.id,
  }));
  const outside = written.filter((one) => {
    const { op, type } = one.draft;
    const granted = on(sights.get(one.draft), verbs[op]);
    return faultOf(verbs[op], { type, names: changedBy(one), granted }) !== undefined;
  });
  if (outside.length > 0) throw new OutOfReach(new Set(outside.map(({ draft }) => draft)));
}
