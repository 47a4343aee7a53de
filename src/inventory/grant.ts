/** Grants of roles on the inventory, as YAML files and the API write them. */
import { inventoryVerbs, isInventoryVerb, type InventoryGrant } from "../model/inventory-grants.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { InventoryError } from "./problem.ts";
import { readCondition } from "./query-condition.ts";
import { nearest } from "./text.ts";
import { shown } from "./validate.ts";

/** Where it stands in the grant, and what is wrong. */
export interface GrantFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const words = ["types", "may", "attributes", "except", "entries", "where"];

/** `{types, may, attributes, except, entries, where}`, or all that is wrong with it. */
export function readInventoryGrant(
  given: unknown,
): { readonly grant: InventoryGrant } | { readonly faults: readonly GrantFault[] } {
  if (!isObject(given)) {
    const message = `${shown(given)} is not a grant; expected {types, may}`;
    return { faults: [{ path: [], message }] };
  }
  const faults: GrantFault[] = [];
  for (const key of Object.keys(given))
    if (!words.includes(key))
      faults.push({ path: [key], message: `unknown key "${key}"${hintOf(key, words)}` });
  const grant = {
    types: needed(given, "types", faults),
    may: verbsOf(given, faults),
    attributes: textsOf(given, "attributes", faults),
    except: textsOf(given, "except", faults) ?? [],
    entries: entriesOf(given, faults),
    where: conditionOf(given, faults),
  };
  return faults.length > 0 ? { faults } : { grant };
}

function hintOf(wrong: string, names: readonly string[]): string {
  const near = nearest(wrong, names);
  return near === undefined ? `; expected ${names.join(", ")}` : `; did you mean ${near}?`;
}

function needed(given: JsonObject, name: string, faults: GrantFault[]): readonly string[] {
  const texts = textsOf(given, name, faults);
  if (texts !== undefined && texts.length > 0) return texts;
  const expected = name === "types" ? `types, or ["*"]` : inventoryVerbs.join(", ");
  faults.push({ path: [name], message: `${name}: expected a list of ${expected}` });
  return [];
}

function verbsOf(given: JsonObject, faults: GrantFault[]): InventoryGrant["may"] {
  const names = needed(given, "may", faults);
  for (const [index, verb] of names.entries()) {
    if (isInventoryVerb(verb)) continue;
    const message = `"${verb}" cannot be granted${hintOf(verb, inventoryVerbs)}`;
    faults.push({ path: ["may", index], message });
  }
  return names.filter(isInventoryVerb);
}

function entriesOf({ entries }: JsonObject, faults: GrantFault[]): InventoryGrant["entries"] {
  if (entries === undefined) return undefined;
  if (Array.isArray(entries)) return entries;
  faults.push({ path: ["entries"], message: "entries: expected a list of ids, names or keys" });
  return undefined;
}

function conditionOf({ where }: JsonObject, faults: GrantFault[]): unknown {
  if (where === undefined) return undefined;
  try {
    readCondition(where);
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    faults.push({ path: ["where"], message: error.message });
  }
  return where;
}

function textsOf(
  given: JsonObject,
  name: string,
  faults: GrantFault[],
): readonly string[] | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  faults.push({ path: [name], message: `${name}: expected a list of texts` });
  return undefined;
}

/** As a file would say it. */
export function grantDocument(grant: InventoryGrant): JsonObject {
  const { types, may, attributes, except, entries, where } = grant;
  return {
    types,
    may,
    ...(attributes === undefined ? {} : { attributes }),
    ...(except.length === 0 ? {} : { except }),
    ...(entries === undefined ? {} : { entries }),
    ...(where === undefined ? {} : { where }),
  };
}
