/** Paths through the inventory: `rack.room.site.name` follows references, `<Interface.device.mac` goes to those that refer here. */
import { targets, typeNamed, type Catalogue, type KnownType } from "./catalogue.ts";
import type { Attribute } from "./definition.ts";
import { all, always, any, type Predicate } from "./predicate.ts";
import { badRequest, type InventoryError } from "./problem.ts";
import { isReference } from "./references.ts";
import { nearest } from "./text.ts";

/** What every entry has beside its document. */
export const fields = ["id", "name", "type", "version", "created_at", "updated_at"] as const;
export type Field = (typeof fields)[number];

export interface Step {
  /** out: along a reference of this entry; in: to the entries whose reference leads here. */
  readonly direction: "out" | "in";
  readonly attribute: string;
  /** Types of the entries that the step leads to. */
  readonly types: readonly KnownType[];
  /** What must hold of the entry with the reference for it to be followed: the caller may read it there. */
  readonly guard: Predicate;
  /** One entry may lead to several. */
  readonly many: boolean;
}

/** Where a path ends: at attributes of a name (one per type that has it), at a field, or at the entry itself. */
export type Ending =
  | { readonly kind: "attribute"; readonly name: string; readonly by: readonly AttributeOf[] }
  | { readonly kind: "field"; readonly field: Field }
  | { readonly kind: "entry" };
export interface AttributeOf {
  readonly type: KnownType;
  readonly attribute: Attribute;
}

export interface Path {
  readonly text: string;
  readonly steps: readonly Step[];
  readonly ending: Ending;
  /** Types of the entries that the ending is asked of. */
  readonly types: readonly KnownType[];
}

/** What must hold of an entry for the caller to read the attribute there; undefined = wherever the entry may be seen. */
export interface Guard {
  (type: KnownType, attribute: string): Predicate | undefined;
}

/** The guards of attributes of one name, one per type, as one condition on entries of the types `here`. */
export function guardOf(
  by: readonly AttributeOf[],
  here: readonly KnownType[],
  guard: Guard,
): Predicate {
  const guards = by.map(({ type, attribute }) => guard(type, attribute.name));
  if (by.length === here.length && guards.every((one) => one === undefined)) return always;
  return any(
    ...by.map(({ type }, index) => all({ kind: "types", ids: [type.id] }, guards[index] ?? always)),
  );
}

/** Steps of one path. */
const longestPath = 8;

/** Throws INVENTORY_REQUEST for a name that none of the types has, with the nearest right one. */
export function readPath(
  text: string,
  types: readonly KnownType[],
  { known, guard }: { readonly known: Catalogue; readonly guard: Guard },
): Path {
  const parts = text.split(".");
  const steps: Step[] = [];
  let here = types;
  let rest = parts;
  for (;;) {
    if (steps.length > longestPath) throw badRequest(`${text}: more than ${longestPath} steps`);
    const [part = "", ...others] = rest;
    if (rest.length === 0) return { text, steps, ending: { kind: "entry" }, types: here };
    if (part.startsWith("<")) {
      const step = stepIn(text, part, others[0], { here, known, guard });
      steps.push(step);
      here = step.types;
      rest = others.slice(1);
      continue;
    }
    const by = attributesOf(part, here);
    if (others.length === 0)
      return { text, steps, ending: endingOf(text, part, by, here), types: here };
    const step = stepOut(text, part, by, { here, known, guard });
    steps.push(step);
    here = step.types;
    rest = others;
  }
}

function attributesOf(name: string, types: readonly KnownType[]): readonly AttributeOf[] {
  return types.flatMap((type) => {
    const attribute = type.attributes.get(name);
    return attribute === undefined ? [] : [{ type, attribute }];
  });
}

export function isField(name: string): name is Field {
  return (fields as readonly string[]).includes(name);
}

function endingOf(
  text: string,
  name: string,
  by: readonly AttributeOf[],
  here: readonly KnownType[],
): Ending {
  if (by.some(({ attribute }) => attribute.computed?.stored === false))
    throw badRequest(`${name} (in ${text}) is computed when it is read; queries need stored: true`);
  if (by.length > 0) return { kind: "attribute", name, by };
  if (isField(name)) return { kind: "field", field: name };
  throw unknown(text, name, here);
}

function unknown(text: string, name: string, here: readonly KnownType[]): InventoryError {
  const names = here.flatMap((type) => [...type.attributes.keys()]);
  const near = nearest(name, [...names, ...fields]);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  const within = text === name ? "" : ` (in ${text})`;
  const whose =
    here.length > 3 || here.length === 0
      ? "no type has an"
      : `${here.map((type) => type.name).join(", ")} has no`;
  return badRequest(`${whose} attribute ${name}${within}${hint}`, { nearest: near ?? null });
}

interface Place {
  readonly here: readonly KnownType[];
  readonly known: Catalogue;
  readonly guard: Guard;
}

function stepOut(
  text: string,
  part: string,
  by: readonly AttributeOf[],
  { here, known, guard }: Place,
): Step {
  const references = by.filter(({ attribute }) => isReference(attribute));
  if (references.length === 0) {
    if (by.length === 0) throw unknown(text, part, here);
    throw badRequest(`${part} (in ${text}) is no reference; a path can only end there`);
  }
  const names = new Set(
    references.flatMap(({ attribute }) =>
      targets(known, attribute.element.to).map(({ name }) => name),
    ),
  );
  return {
    direction: "out",
    attribute: part,
    types: [...names].flatMap((name) => known.byName.get(name) ?? []),
    guard: guardOf(references, here, guard),
    many: references.some(({ attribute }) => attribute.array),
  };
}

function stepIn(
  text: string,
  part: string,
  attribute: string | undefined,
  { here, known, guard }: Place,
): Step {
  const type = typeNamed(known, part.slice(1));
  if (attribute === undefined)
    throw badRequest(
      `${text}: after ${part} expected the attribute of ${type.name} that leads here`,
    );
  const found = attributesOf(attribute, [type])[0];
  if (found === undefined) throw unknown(text, attribute, [type]);
  if (!isReference(found.attribute))
    throw badRequest(`${type.name}.${attribute} (in ${text}) is no reference`);
  const to = new Set(targets(known, found.attribute.element.to).map(({ name }) => name));
  if (!here.some(({ name }) => to.has(name))) {
    throw badRequest(
      `${type.name}.${attribute} (in ${text}) leads to ${[...to].join(", ")}, never to ${here.map(({ name }) => name).join(", ")}`,
    );
  }
  return {
    direction: "in",
    attribute,
    types: [type],
    guard: guardOf([found], [type], guard),
    many: true,
  };
}
