import type { AttributeTypeName } from "./attribute-types.ts";
import type { EntityType, EntityTypes } from "./definition.ts";
import { isReference } from "./references.ts";
import { nearest } from "./text.ts";

export interface PathRules {
  /** Names that every entry has beside its attributes. */
  readonly beside: readonly string[];
  /** Below attributes of these types anything may stand. */
  readonly open: readonly AttributeTypeName[];
  /** Whether it may end at what is computed when it is read: nowhere, at the entry's own, anywhere. */
  readonly unstored: "refused" | "own" | "any";
}

/** Why a path over references (`rack.room.site`) from a type leads nowhere, with the nearest right name; undefined when it is sound. */
export function strayPath(
  names: readonly string[],
  type: EntityType,
  types: EntityTypes,
  { beside, open, unstored }: PathRules,
): string | undefined {
  let here: readonly EntityType[] = [type];
  for (const [index, name] of names.entries()) {
    const last = index === names.length - 1;
    const found = here.flatMap((one) => one.attributes.get(name) ?? []);
    if (found.length === 0)
      return beside.includes(name) ? undefined : unknown(name, names, { here, beside });
    const fresh = found.some(({ computed }) => computed?.stored === false);
    if (fresh && (unstored === "refused" || (unstored === "own" && index > 0)))
      return `${name} (in ${names.join(".")}) is computed when it is read; here only what is stored can stand`;
    if (last || found.some(({ element }) => open.includes(element.type))) return undefined;
    const references = found.filter(isReference);
    if (references.length === 0)
      return `${name} (in ${names.join(".")}) is no reference; a path can only end there`;
    const to = references.flatMap(({ element }) => element.to);
    here = to.length === 0 ? [...types.values()] : to.flatMap((one) => types.get(one) ?? []);
  }
  return undefined;
}

function unknown(
  name: string,
  names: readonly string[],
  { here, beside }: { readonly here: readonly EntityType[]; readonly beside: readonly string[] },
): string {
  const known = here.flatMap((one) => [...one.attributes.keys()]);
  const near = nearest(name, [...known, ...beside]);
  const whose = here.length === 1 ? `${here[0]?.name} has no` : "no";
  const within = names.length > 1 ? ` (in ${names.join(".")})` : "";
  return `${whose} attribute ${name}${within}${near === undefined ? "" : `; did you mean ${near}?`}`;
}
