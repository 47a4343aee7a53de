/** Explains what somebody may do: which grant allows or refuses which verb, with a type, an attribute, an entry. */
import { inventoryVerbs, type InventoryVerb } from "../model/inventory-grants.ts";
import type { Granted, Licence } from "./access.ts";
import type { KnownType } from "./catalogue.ts";

/** What is asked about. `holds`: of an entry, whether the licence holds there; undefined = no entry is asked about. */
export interface AccessQuestion {
  readonly type: KnownType;
  readonly attribute: string | undefined;
  readonly holds: ((licence: Licence) => boolean) | undefined;
}

export type Answer = "yes" | "some" | "no";

export interface VerbView {
  readonly verb: InventoryVerb;
  /** some: with entries of which a condition holds. */
  readonly allowed: Answer;
  /** With which attributes, at most; "all" that there are for whoever asks. */
  readonly attributes: "all" | readonly string[];
  /** Places of the grants that allow it, in the list of grants. */
  readonly by: readonly number[];
  readonly why: string;
}

export interface GrantVerdict {
  readonly applies: Answer;
  readonly attributes: "all" | readonly string[];
  readonly why: string;
}

/** What one verb comes to. `type` has the attributes that exist for whoever asks; no others are named. */
export function verbViews(
  licences: readonly Licence[],
  question: AccessQuestion,
): readonly VerbView[] {
  return inventoryVerbs.map((verb) => verbView(verb, licences, question));
}

function verbView(
  verb: InventoryVerb,
  licences: readonly Licence[],
  { type, attribute, holds }: AccessQuestion,
): VerbView {
  const granting = licences.filter(({ verbs }) => verb === "read" || verbs.has(verb));
  const naming = granting.filter(
    ({ attributes }) => attribute === undefined || attributes.has(attribute),
  );
  const holding = holds === undefined ? naming : naming.filter(holds);
  const view = (allowed: Answer, why: string): VerbView => ({
    verb,
    allowed,
    attributes: allowed === "no" ? [] : attributesOf(holding, type),
    by: [...new Set(holding.map(({ grant }) => grant))],
    why,
  });
  if (granting.length === 0) return view("no", `no grant allows to ${verb} a ${type.name}`);
  if (naming.length === 0)
    return view("no", `no grant that allows to ${verb} a ${type.name} includes ${attribute}`);
  if (holding.length === 0)
    return view("no", `no grant that allows to ${verb} a ${type.name} holds of this entry`);
  if (verb !== "read" && verb !== "export" && isComputed(type, attribute))
    return { ...view("no", `${attribute} is computed: nobody writes it`), by: [] };
  if (holds !== undefined) return view("yes", "a grant holds of this entry");
  return holding.some(({ rows }) => rows === undefined)
    ? view("yes", `every ${type.name}`)
    : view("some", "only entries of which a grant holds");
}

function isComputed(type: KnownType, attribute: string | undefined): boolean {
  return attribute !== undefined && type.attributes.get(attribute)?.computed !== undefined;
}

function attributesOf(licences: readonly Licence[], type: KnownType): "all" | readonly string[] {
  const granted = new Set(licences.flatMap(({ attributes }) => [...attributes]));
  const names = [...type.attributes.keys()].filter((name) => granted.has(name));
  return names.length === type.attributes.size ? "all" : names;
}

/** What one grant means for the question. `telling`: whether the reason why a grant is void may be told. */
export function grantVerdict(
  index: number,
  granted: Granted,
  { type, attribute, holds }: AccessQuestion,
  telling: boolean,
): GrantVerdict {
  const own = (granted.licences.get(type.id) ?? []).filter(({ grant }) => grant === index);
  const attributes = attributesOf(own, type);
  const verdict = (applies: Answer, why: string): GrantVerdict => ({
    applies,
    attributes: applies === "no" ? [] : attributes,
    why,
  });
  if (own.length === 0) {
    const problem = granted.voids.get(index);
    if (problem === undefined) return verdict("no", `it is not about ${type.name}`);
    const reason = telling ? problem : "whoever manages roles sees why";
    return verdict("no", `it means nothing here: ${reason}`);
  }
  if (attribute !== undefined && own.every((one) => !one.attributes.has(attribute)))
    return verdict("no", `it does not include ${attribute}`);
  if (holds !== undefined)
    return own.some(holds)
      ? verdict("yes", "it holds of this entry")
      : verdict("no", "it does not hold of this entry");
  return own.some(({ rows }) => rows === undefined)
    ? verdict("yes", `it is about every ${type.name}`)
    : verdict("some", "it is about those entries of which it holds");
}
