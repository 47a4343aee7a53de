/** Checks a whole document at once: every error, each with its path, what was expected and the nearest right name. */
import type { JsonObject } from "../model/json.ts";
import { attributeType } from "./attribute-types.ts";
import type { Attribute, EntityType, Label } from "./definition.ts";
import { sameJson } from "./patch.ts";
import { isReference, requestOf, withTarget, type Resolve } from "./references.ts";
import { nearest } from "./text.ts";

export interface EntryProblem {
  /** `rack`, `aliases[2]`. */
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
  readonly nearest?: string;
  /** What a type's own assertion says, in both languages; `message` is the English one. */
  readonly messages?: Label;
}

export type Checked =
  | { readonly document: JsonObject }
  | { readonly problems: readonly EntryProblem[] };

/**
 * The document in canonical form (references as ids, addresses and dates normalised, defaults of a new entry filled in),
 * or all that is wrong with it. Computed attributes are left out: they are made afterwards. `resolve` answers what each reference means;
 * a `part` of a document lacks nothing.
 */
export function validateEntry(
  type: EntityType,
  given: JsonObject,
  { resolve, complete }: { resolve: Resolve; complete: "new" | "stored" | "part" },
): Checked {
  const problems: EntryProblem[] = [];
  const document = new Map<string, unknown>();
  for (const [name, value] of Object.entries(given)) {
    const attribute = type.attributes.get(name);
    if (attribute === undefined) problems.push(unknownAttribute(type, name));
    else if (value === null || value === undefined) continue;
    else if (attribute.computed === undefined)
      document.set(name, checkAttribute(attribute, value, { resolve, problems }));
    else if (complete !== "stored") problems.push(unwritable(attribute));
  }
  if (complete !== "part") fillIn(type, document, { problems, isNew: complete === "new" });
  return problems.length > 0 ? { problems } : { document: Object.fromEntries(document) };
}

/** Defaults of a new entry; what is required and missing. */
function fillIn(
  type: EntityType,
  document: Map<string, unknown>,
  { problems, isNew }: { readonly problems: EntryProblem[]; readonly isNew: boolean },
): void {
  for (const attribute of type.attributes.values()) {
    if (document.has(attribute.name)) continue;
    if (isNew && attribute.default !== undefined) document.set(attribute.name, attribute.default);
    else if (attribute.required) problems.push(missing(attribute));
  }
}

interface Checking {
  readonly resolve: Resolve;
  readonly problems: EntryProblem[];
}

function checkAttribute(attribute: Attribute, value: unknown, checking: Checking): unknown {
  if (!attribute.array) return checkElement(attribute, attribute.name, value, checking);
  if (!Array.isArray(value)) {
    const { expected } = attributeType(attribute.element.type);
    checking.problems.push({
      path: attribute.name,
      message: `${shown(value)} is not a list`,
      expected: `a list, each ${expected}`,
    });
    return value;
  }
  const items: readonly unknown[] = value;
  return items.map((item, index) =>
    checkElement(attribute, `${attribute.name}[${index}]`, item, checking),
  );
}

function checkElement(
  attribute: Attribute,
  path: string,
  given: unknown,
  { resolve, problems }: Checking,
): unknown {
  let value = given;
  if (isReference(attribute)) {
    const resolution = resolve(requestOf(attribute, given));
    if (resolution !== undefined && "problem" in resolution) {
      problems.push({ path, message: resolution.problem, expected: expectedReference(attribute) });
      return given;
    }
    if (resolution !== undefined) value = withTarget(attribute, given, resolution.id);
  }
  const kind = attributeType(attribute.element.type);
  const parsed = kind.parse(value, attribute.element);
  if ("value" in parsed) return parsed.value;
  const because = parsed.wrong === "" ? "" : `: ${parsed.wrong}`;
  const wanted = isReference(attribute) ? expectedReference(attribute) : kind.expected;
  problems.push({
    path,
    message: `${shown(given)} is not ${wanted}${because}`,
    expected: attribute.element.type === "enum" ? parsed.wrong : wanted,
  });
  return given;
}

function expectedReference({ element }: Attribute): string {
  const target = element.to.length === 0 ? "an entry" : `a ${element.to.join(" or ")}`;
  const form = "by id, name or key";
  return element.type === "named_ref"
    ? `{label, ref} with ref ${target} ${form}`
    : `${target} ${form}`;
}

export function unknownAttribute(type: EntityType, name: string): EntryProblem {
  const near = nearest(name, type.attributes.keys());
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return {
    path: name,
    message: `${type.name} has no attribute ${name}${hint}`,
    expected: `one of ${[...type.attributes.keys()].join(", ")}`,
    ...(near === undefined ? {} : { nearest: near }),
  };
}

function unwritable({ name, computed }: Attribute): EntryProblem {
  return {
    path: name,
    message: `${name} is computed and cannot be written`,
    expected: `no value; it is made of ${computed?.formula.source ?? ""}`,
  };
}

/** What a patch of a stored entry may not say: computed attributes keep the value they have, and those made when they are read are left aside. */
export function computedProblems(
  type: EntityType,
  patch: JsonObject,
  present: JsonObject,
): readonly EntryProblem[] {
  return Object.entries(patch).flatMap(([name, value]) => {
    const attribute = type.attributes.get(name);
    const same = value === null || value === undefined || sameJson(value, present[name]);
    return attribute?.computed?.stored !== true || same ? [] : [unwritable(attribute)];
  });
}

function missing(attribute: Attribute): EntryProblem {
  const { expected } = attributeType(attribute.element.type);
  const wanted = isReference(attribute) ? expectedReference(attribute) : expected;
  return { path: attribute.name, message: `${attribute.name} is required`, expected: wanted };
}

/** A value in an error message: JSON, cut short. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
