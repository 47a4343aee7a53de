/** Brings what was written under an earlier version of a type along to the present one. */
import { ExpressionError } from "../expressions/context.ts";
import type { Answer, Catalogue, KnownType } from "../inventory/catalogue.ts";
import { evolution, fittedDocument, renamedDocument, sameStructure } from "../inventory/evolve.ts";
import { formula } from "../inventory/formula.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { sameJson } from "../inventory/patch.ts";
import { isReference } from "../inventory/references.ts";
import type { EntryProblem } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide as decideAsking } from "../processes/ask.ts";
import { loadNames } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import type { Draft } from "./inventory-write.ts";

export function isOutdated({ type, before }: Pick<Draft, "type" | "before">): boolean {
  return before !== undefined && before.schemaVersion < type.schemaVersion;
}

/** The drafts in words of the present version of their types. */
export async function upgradedDrafts(
  db: Db,
  drafts: readonly Draft[],
  known: Catalogue,
): Promise<readonly Draft[]> {
  if (!drafts.some((draft) => draft.op !== "D" && isOutdated(draft))) return drafts;
  const names = await namesOfTargets(db, drafts);
  return Promise.all(
    drafts.map(async (draft) =>
      draft.op !== "D" && isOutdated(draft) ? upgraded(draft, names, known.answer) : draft,
    ),
  );
}

interface Pair {
  /** What is wanted. */
  readonly document: JsonObject;
  /** What is stored, brought along the same way: where both agree, nobody touched it. */
  readonly base: JsonObject;
  readonly faults: readonly EntryProblem[];
}

async function upgraded(
  draft: Draft,
  names: ReadonlyMap<string, string>,
  answer: Answer,
): Promise<Draft> {
  const { type, before, filled = [] } = draft;
  const old: Pair = { document: draft.document, base: before?.doc ?? {}, faults: [] };
  const from = before?.schemaVersion ?? 0;
  const pair = await brought(old, { type, from, to: type.schemaVersion, answer });
  const fit = (document: JsonObject): JsonObject =>
    fittedDocument(named(document, { type, before: before?.schemaVersion ?? 0, names }), type);
  const [document, base] = [fit(pair.document), fit(pair.base)];
  const own = Object.keys({ ...base, ...before?.doc }).filter(
    (name) => sameJson(document[name], base[name]) && !sameJson(base[name], before?.doc[name]),
  );
  return { ...draft, document, filled: [...filled, ...own], faults: pair.faults };
}

async function brought(
  pair: Pair,
  {
    type,
    from,
    to,
    answer,
  }: {
    readonly type: KnownType;
    readonly from: number;
    readonly to: number;
    readonly answer: Answer;
  },
): Promise<Pair> {
  let result = pair;
  for (let at = lastAlike(type, from); at < to; at = lastAlike(type, at + 1))
    result = await step(result, { type, version: at, answer });
  return result;
}

/** What an entry once was, and the version of its type that it was written under. */
export interface Past {
  readonly type: KnownType;
  readonly document: JsonObject;
  readonly schemaVersion: number;
}

/**
 * Documents of the past in words of the version that their entries are at now (`to`): what was renamed, cast or converted since is so in them, what the
 * type lost is left out. `faults`: what cannot be brought along.
 */
export async function broughtAlong(
  db: Db,
  pasts: readonly (Past & { readonly to: number })[],
  answer: Answer,
): Promise<readonly Pick<Pair, "document" | "faults">[]> {
  const names = await namesIn(
    db,
    pasts.filter(({ schemaVersion, to }) => schemaVersion < to),
  );
  return Promise.all(
    pasts.map(async ({ type, document, schemaVersion, to }) => {
      if (schemaVersion >= to) return { document, faults: [] };
      const pair = await brought(
        { document, base: document, faults: [] },
        { type, from: schemaVersion, to, answer },
      );
      // Of an entry that waits to follow its type the write does the rest.
      if (to < type.schemaVersion) return pair;
      const words = named(pair.document, { type, before: schemaVersion, names });
      return { document: fittedDocument(words, type), faults: pair.faults };
    }),
  );
}

/** The last version in which the type was made as in this one: what was changed and put back meanwhile takes nothing away. */
function lastAlike({ definitions, schemaVersion }: KnownType, version: number): number {
  const own = definitions.get(version);
  if (own === undefined) return version;
  for (let later = schemaVersion; later > version; later -= 1) {
    const other = definitions.get(later);
    if (other !== undefined && sameStructure(own, other)) return later;
  }
  return version;
}

async function step(
  pair: Pair,
  {
    type,
    version,
    answer,
  }: { readonly type: KnownType; readonly version: number; readonly answer: Answer },
): Promise<Pair> {
  const { definitions } = type;
  const [before, after] = [definitions.get(version), definitions.get(version + 1)];
  if (before === undefined || after === undefined) return pair;
  const how = evolution(before, after);
  let document = renamedDocument(pair.document, how);
  let base = renamedDocument(pair.base, how);
  const faults = [...pair.faults];
  for (const [name, source] of how.converted) {
    const old = base[name];
    const touched = !sameJson(document[name], old);
    if (old === undefined) continue;
    const value = await converted(source, { value: old, entry: base }, answer);
    if ("fault" in value) {
      if (!touched)
        faults.push({ path: name, message: `${name} cannot be converted: ${value.fault}` });
      continue;
    }
    base = put(base, name, value.value);
    if (!touched) document = put(document, name, value.value);
  }
  return { document, base, faults };
}

function put(document: JsonObject, name: string, value: unknown): JsonObject {
  const rest = Object.entries(document).filter(([key]) => key !== name);
  return Object.fromEntries(
    value === undefined || value === null ? rest : [...rest, [name, value]],
  );
}

async function converted(
  source: string,
  variables: JsonObject,
  answer: Answer,
): Promise<{ readonly value: unknown } | { readonly fault: string }> {
  try {
    const read = formula(source);
    return { value: await decideAsking((ask) => read.evaluate(variables, ask), answer) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { fault: error.message };
  }
}

/** Whether an attribute was a reference when the entry was written. */
function wasReference(type: KnownType, version: number, name: string): boolean {
  const attributes = type.definitions.get(version)?.["attributes"];
  const body = isObject(attributes) ? attributes[name] : undefined;
  if (!isObject(body)) return false;
  const { items } = body;
  const kind = body["type"] === "array" && isObject(items) ? items["type"] : body["type"];
  return kind === "ref" || kind === "named_ref";
}

/** What referred to an entry and is now text, or another value, is what that entry is called. */
function named(
  document: JsonObject,
  {
    type,
    before,
    names,
  }: {
    readonly type: KnownType;
    readonly before: number;
    readonly names: ReadonlyMap<string, string>;
  },
): JsonObject {
  const nameOf = (value: unknown): unknown => {
    const id = isObject(value) ? value["ref"] : value;
    return typeof id === "string" ? (names.get(id) ?? value) : value;
  };
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      const attribute = type.attributes.get(name);
      const olds = [name, ...(attribute?.renamedFrom ?? [])];
      const lost =
        attribute !== undefined &&
        !isReference(attribute) &&
        olds.some((old) => wasReference(type, before, old));
      if (!lost) return [name, value];
      return [name, Array.isArray(value) ? value.map(nameOf) : nameOf(value)];
    }),
  );
}

function namesOfTargets(db: Db, drafts: readonly Draft[]): Promise<ReadonlyMap<string, string>> {
  return namesIn(
    db,
    drafts.flatMap((draft) => {
      const { type, before } = draft;
      return before === undefined || !isOutdated(draft)
        ? []
        : [{ type, document: before.doc, schemaVersion: before.schemaVersion }];
    }),
  );
}

/** What the entries are called that the documents refer to. */
async function namesIn(db: Db, pasts: readonly Past[]): Promise<ReadonlyMap<string, string>> {
  const ids = pasts.flatMap(({ type, document, schemaVersion }) =>
    Object.entries(document).flatMap(([name, value]) =>
      wasReference(type, schemaVersion, name)
        ? [value].flat().map((one: unknown) => (isObject(one) ? one["ref"] : one))
        : [],
    ),
  );
  const names = await loadNames(db, [...new Set(ids.filter(isUuid))]);
  return new Map([...names.values()].map(({ id, name }) => [id, name]));
}
