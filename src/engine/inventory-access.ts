/** "Explain my access": which grants somebody has, and what they come to.
 *
 * 1. It is told in the words that exist for whoever asks: no type, attribute or entry is named that the asking one may not read.
 * 2. Of a condition that asks what the asking one may not read, only is told that there is one. */
import type { Licence } from "../inventory/access.ts";
import {
  grantVerdict,
  verbViews,
  type AccessQuestion,
  type VerbView,
} from "../inventory/access-view.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import type { KnownType } from "../inventory/catalogue.ts";
import { always } from "../inventory/predicate.ts";
import { badRequest } from "../inventory/problem.ts";
import { nearest } from "../inventory/text.ts";
import { inventoryVerbs } from "../model/inventory-grants.ts";
import { unlimitedBy, type SourcedGrant } from "../model/inventory-rights.ts";
import { holdingOf } from "../store/inventory/sight.ts";
import type { Inventory } from "./inventory.ts";
import { mayReadQuery } from "./inventory-readable.ts";
import { meaningOf } from "./inventory-resolve.ts";
import type { EntryView } from "./inventory-view.ts";
import type { Viewer, Viewers } from "./inventory-viewers.ts";

export interface AccessWish {
  readonly type: string | undefined;
  /** An id; a name or the value of a key where the type is given. */
  readonly entry: string | undefined;
  readonly attribute: string | undefined;
}

type Granted = Exclude<Awaited<ReturnType<Viewers["granted"]>>, "everything">;

export interface GrantView {
  /** Its place among those of the user. */
  readonly grant: number;
  readonly role: string | null;
  readonly from: string;
  readonly types: readonly string[];
  readonly may: readonly string[];
  /** yes, some (of the entries), no; null where nothing of a type was asked. */
  readonly applies: string | null;
  readonly attributes: "all" | readonly string[] | null;
  /** It is only about entries of which this holds; "hidden" when whoever asks may not read it, null without condition. */
  readonly where: unknown;
  /** It is only about these entries; those that whoever asks may not see are counted in `hidden_entries`. */
  readonly entries: readonly unknown[] | null;
  readonly hidden_entries: number;
  readonly why: string;
}

export interface AccessView {
  readonly user: string;
  readonly roles: readonly string[];
  /** Why nothing limits that user; null when something does. */
  readonly unlimited: string | null;
  readonly type: string | null;
  readonly entry: { readonly id: string; readonly name: string } | null;
  readonly attribute: string | null;
  /** Of the type, attribute and entry that were asked about. */
  readonly verbs: readonly VerbView[];
  /** Without a type: what may be done with entries of each. */
  readonly types: readonly { readonly type: string; readonly verbs: readonly VerbView[] }[];
  readonly grants: readonly GrantView[];
}

/** Explains the access of `subject` to whoever asks through `asking`. Throws what looking up type, entry and attribute throws there. */
export async function explainAccess(
  viewers: Pick<Viewers, "granted">,
  asking: Inventory,
  { subject, wish }: { readonly subject: Viewer; readonly wish: AccessWish },
): Promise<AccessView> {
  const { type, entry } = await askedAbout(asking, wish);
  const all = await viewers.granted(subject);
  const head = {
    user: subject.name,
    roles: subject.roles,
    type: type?.name ?? null,
    entry: entry === undefined ? null : { id: entry.id, name: entry.name },
    attribute: wish.attribute ?? null,
  };
  const types = type === undefined ? [...asking.known.byName.values()] : [];
  if (all === "everything") {
    const why = unlimitedBy(subject) ?? "everything is allowed";
    const verbs = unlimited(why);
    return {
      ...head,
      unlimited: why,
      verbs: type === undefined ? [] : verbs,
      types: types.map(({ name }) => ({ type: name, verbs })),
      grants: [],
    };
  }
  const question =
    type === undefined
      ? undefined
      : { type, attribute: wish.attribute, holds: await holding(asking, all, { type, entry }) };
  const licencesOf = ({ id }: KnownType): readonly Licence[] => all.granted.licences.get(id) ?? [];
  return {
    ...head,
    unlimited: null,
    verbs: question === undefined ? [] : verbViews(licencesOf(question.type), question),
    types: types.map((one) => ({
      type: one.name,
      verbs: verbViews(licencesOf(one), { type: one, attribute: undefined, holds: undefined }),
    })),
    grants: await Promise.all(
      all.grants.map((_, index) => grantView(asking, all, { index, question })),
    ),
  };
}

function unlimited(why: string): readonly VerbView[] {
  return inventoryVerbs.map((verb) => ({ verb, allowed: "yes", attributes: "all", by: [], why }));
}

interface About {
  readonly type: KnownType | undefined;
  readonly entry: EntryView | undefined;
}

async function askedAbout(asking: Inventory, wish: AccessWish): Promise<About> {
  const { type: typeName, entry: given, attribute } = wish;
  if (given !== undefined) {
    const entry = await entryNamed(asking, typeName, given);
    return { type: typeWith(asking, entry.type, attribute), entry };
  }
  if (typeName !== undefined)
    return { type: typeWith(asking, typeName, attribute), entry: undefined };
  if (attribute === undefined) return { type: undefined, entry: undefined };
  throw badRequest("attribute belongs to a type; give type, or entry");
}

/** The type, which must have that attribute. */
function typeWith(asking: Inventory, name: string, attribute: string | undefined): KnownType {
  const type = asking.type(name);
  if (attribute === undefined || type.attributes.has(attribute)) return type;
  const near = nearest(attribute, type.attributes.keys());
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw badRequest(`${type.name} has no attribute ${attribute}${hint}`, { nearest: near ?? null });
}

function entryNamed(
  asking: Inventory,
  type: string | undefined,
  given: string,
): Promise<EntryView> {
  if (type !== undefined) return asking.find(type, given);
  if (isUuid(given)) return asking.get(given);
  throw badRequest("entry: give an id, or type as well");
}

/** Of which entries' licences the conditions hold. */
async function holding(
  asking: Inventory,
  { granted }: Granted,
  { type, entry }: { readonly type: KnownType; readonly entry: EntryView | undefined },
): Promise<AccessQuestion["holds"]> {
  if (entry === undefined) return undefined;
  const licences = granted.licences.get(type.id) ?? [];
  const asked = licences.map(({ rows = always, gone = always }) => ({ living: rows, gone }));
  const held = (await holdingOf(asking.ground.db, [entry.id], asked)).get(entry.id) ?? [];
  const holds = new Set(licences.filter((_, index) => held[index] === true));
  return (licence) => holds.has(licence);
}

async function grantView(
  asking: Inventory,
  { grants, granted }: Granted,
  { index, question }: { readonly index: number; readonly question: AccessQuestion | undefined },
): Promise<GrantView> {
  const grant = grants[index];
  if (grant === undefined) throw new RangeError(`there is no grant ${index}`);
  const { eyes } = asking;
  const verdict =
    question === undefined ? undefined : grantVerdict(index, granted, question, eyes.unlimited);
  const problem = granted.voids.get(index);
  const { entries, hidden } = await namedEntries(asking, grant);
  return {
    grant: index,
    role: grant.role ?? null,
    from: grant.from,
    types: grant.types.filter(
      (name) => name === "*" || eyes.unlimited || asking.known.byName.has(name),
    ),
    may: grant.may,
    applies: verdict?.applies ?? null,
    attributes: verdict?.attributes ?? null,
    where: await shownCondition(asking, grant),
    entries,
    hidden_entries: hidden,
    why: verdict?.why ?? voidText(problem, eyes.unlimited),
  };
}

function voidText(problem: string | undefined, telling: boolean): string {
  if (problem === undefined) return "";
  return telling ? problem : "a part of it means nothing here: whoever manages roles sees why";
}

async function namedEntries(
  asking: Inventory,
  { types, entries }: SourcedGrant,
): Promise<{ readonly entries: readonly unknown[] | null; readonly hidden: number }> {
  if (entries === undefined) return { entries: null, hidden: 0 };
  if (asking.eyes.unlimited) return { entries, hidden: 0 };
  const to = types.includes("*") ? [] : types.filter((name) => asking.known.byName.has(name));
  const shown: unknown[] = [];
  for (const given of entries) {
    const answer = await meaningOf(asking.ground.db, { to, given }, asking.eyes);
    if (answer !== undefined && "id" in answer) shown.push(given);
  }
  return { entries: shown, hidden: entries.length - shown.length };
}

/** The condition, unless it speaks of what whoever asks may not read. */
async function shownCondition(asking: Inventory, { types, where }: SourcedGrant): Promise<unknown> {
  if (where === undefined) return null;
  const query = { types: types.includes("*") ? undefined : types, where };
  return (await mayReadQuery(asking, query, { values: true })) ? where : "hidden";
}
