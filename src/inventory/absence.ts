/** What follows when a source no longer speaks of an entry: read from its declaration, and decided for a whole snapshot. */
import type { JsonObject } from "../model/json.ts";
import { noPatience, observe, type Claim, type Patience, type Verdict } from "./claims.ts";
import type { EntityType, EntityTypes } from "./definition.ts";
import type { Reader } from "./reader.ts";

export const absencePolicies = [
  "ignore",
  "report",
  "propose",
  "enforce",
  "retire",
  "delete",
] as const;

export interface AbsenceRule {
  /** Undefined: every type. */
  readonly type: string | undefined;
  readonly policy: (typeof absencePolicies)[number];
  /** What `retire` writes into an entry that is gone. */
  readonly set: JsonObject;
  readonly patience: Patience;
  /** Which entries may be missing: those that the source spoke of before, or all of the type. */
  readonly of: "reported" | "all";
}

/** A snapshot in which more is missing than both of these is taken for one that was cut short. */
export interface AbsenceLimit {
  readonly percent: number;
  readonly entries: number;
}

export const usualLimit: AbsenceLimit = { percent: 20, entries: 5 };
const usualRule: AbsenceRule = {
  type: undefined,
  policy: "report",
  set: {},
  patience: noPatience,
  of: "reported",
};

/** The rule that speaks of the type, else the one for every type, else `report`. */
export function absenceRule(rules: readonly AbsenceRule[], type: string): AbsenceRule {
  return (
    rules.find((rule) => rule.type === type) ??
    rules.find((rule) => rule.type === undefined) ??
    usualRule
  );
}

interface Reading {
  readonly reader: Reader;
  readonly types: EntityTypes;
  readonly patience: (body: JsonObject, at: (key: string) => string) => Patience;
}

export function readAbsence(given: unknown, reading: Reading): readonly AbsenceRule[] {
  const { reader } = reading;
  const rules = reader
    .list("absent", given)
    .map((item, index) => readRule(item, `absent[${index}]`, reading));
  for (const [index, { type, policy }] of rules.entries())
    if (rules.slice(0, index).some((other) => other.type === type))
      reader.report(
        `absent[${index}]`,
        `${type ?? "every type"} is ${policy} here, and something else above`,
      );
  return rules;
}

function readRule(item: unknown, path: string, { reader, types, patience }: Reading): AbsenceRule {
  const body = reader.mapping(path, item);
  reader.onlyKeys(path, body, ["type", "policy", "set", "hold", "of"]);
  const type = body["type"] === undefined ? undefined : reader.text(`${path}.type`, body["type"]);
  const known = type === undefined ? undefined : types.get(type);
  if (type !== undefined && known === undefined) reader.report(`${path}.type`, `no type ${type}`);
  const policy = reader.oneOf(`${path}.policy`, body["policy"], absencePolicies) ?? "report";
  const of =
    body["of"] === undefined
      ? "reported"
      : reader.oneOf(`${path}.of`, body["of"], ["reported", "all"]);
  return {
    type,
    policy,
    set: readSet(body["set"], `${path}.set`, { reader, known, policy }),
    patience: patience(body, (key) => `${path}.${key}`),
    of: of ?? "reported",
  };
}

function readSet(
  given: unknown,
  path: string,
  {
    reader,
    known,
    policy,
  }: { readonly reader: Reader; readonly known: EntityType | undefined; readonly policy: string },
): JsonObject {
  const set = given === undefined ? {} : reader.mapping(path, given);
  const names = Object.keys(set);
  if (policy === "retire" && names.length === 0)
    reader.report(
      path,
      "retire needs what is written into an entry that is gone, as {status: retired}",
    );
  if (policy !== "retire" && names.length > 0)
    reader.report(path, "set is for the policy retire alone");
  for (const name of names)
    if (known?.attributes.has(name) === false)
      reader.unknownAttribute(path, name, known.attributes);
  return set;
}

export function readAbsenceLimit(given: unknown, reader: Reader): AbsenceLimit {
  if (given === undefined) return usualLimit;
  const body = reader.mapping("absent_limit", given);
  reader.onlyKeys("absent_limit", body, ["percent", "entries"]);
  return {
    percent: reader.count("absent_limit.percent", body["percent"]) ?? usualLimit.percent,
    entries: reader.count("absent_limit.entries", body["entries"]) ?? usualLimit.entries,
  };
}

/** Why a snapshot is not believed; undefined when it is. */
export function implausible(
  {
    known,
    absent,
    seen,
  }: { readonly known: number; readonly absent: number; readonly seen: number },
  { percent, entries }: AbsenceLimit,
): string | undefined {
  if (absent === 0) return undefined;
  if (seen === 0) return `it speaks of none of ${known} entries`;
  const share = (100 * absent) / known;
  if (absent <= entries || share <= percent) return undefined;
  return `${absent} of ${known} entries would be missing (${Math.round(share)} %); at most ${percent} % or ${entries} entries are believed`;
}

/** The claim of a source that an entry is there at all stands under this instead of an attribute. */
export const wholeEntry = "*";

export interface Sighting {
  readonly rule: AbsenceRule;
  readonly before: Claim | undefined;
  readonly source: string;
  readonly present: boolean;
  readonly observedAt: string;
  readonly now: string;
}

/** What becomes of the claim; `act`: the policy is to be carried out. Undefined when the snapshot is older than what is known. */
export function sighted(
  given: Sighting,
): { readonly verdict: Verdict; readonly act: boolean } | undefined {
  const { rule, before, source, present, observedAt, now } = given;
  const value = present ? "present" : "absent";
  const settled =
    !present && before?.value === "absent" && ["agreed", "rejected"].includes(before.state);
  if (settled) {
    const claim = { ...before, observedAt, seen: before.seen + 1 };
    return { verdict: { claim, write: false, signal: undefined }, act: false };
  }
  const acting = rule.policy === "retire" || rule.policy === "delete";
  const verdict = observe({
    policy: rule.policy === "retire" || rule.policy === "delete" ? "report" : rule.policy,
    patience: rule.patience,
    document: "present",
    attribute: undefined,
    before,
    source,
    value,
    observedAt,
    place: null,
    now,
    outranked: false,
  });
  return verdict && { verdict, act: acting && verdict.claim.state === "drift" };
}

/** `complete` of a report: the types of which it speaks completely. */
export function completeTypes(
  given: unknown,
  items: readonly { readonly type: string }[],
): readonly string[] | undefined {
  if (given === undefined || given === null || given === false) return [];
  if (given === true) return [...new Set(items.map(({ type }) => type))];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.every((one) => typeof one === "string") ? list : undefined;
}

export function absenceView({ type, policy, set, patience, of }: AbsenceRule): JsonObject {
  return {
    type,
    policy,
    of,
    hold: patience,
    ...(Object.keys(set).length > 0 ? { set } : {}),
  };
}
