/** Reads the JSONata of entity types, and checks that it names what there is. */
import { ExpressionError } from "../expressions/context.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Assertion, Attribute, Computed, EntityType, EntityTypes } from "./definition.ts";
import { formula, type Formula } from "./formula.ts";
import type { Reader } from "./reader.ts";
import { strayPath, type PathRules } from "./type-path.ts";

function readFormula(path: string, given: unknown, reader: Reader): Formula | undefined {
  if (typeof given !== "string" || given.trim() === "") {
    reader.report(path, "expected a JSONata expression");
    return undefined;
  }
  try {
    return formula(given);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    reader.report(path, `is no JSONata: ${error.message}`);
    return undefined;
  }
}

export function readComputed(path: string, body: JsonObject, reader: Reader): Computed | undefined {
  if (body["computed"] === undefined) {
    if (body["stored"] !== undefined)
      reader.report(`${path}.stored`, "stored belongs to computed attributes");
    return undefined;
  }
  const read = readFormula(`${path}.computed`, body["computed"], reader);
  const stored = reader.flag(`${path}.stored`, body["stored"], read?.timed !== true);
  if (read?.timed === true && stored)
    reader.report(`${path}.stored`, "a value that changes with the time cannot be stored");
  return read === undefined ? undefined : { formula: read, stored };
}

/** `convert`: JSONata over `value` (as it was) and `entry` (the document as it was). */
export function readConvert(path: string, body: JsonObject, reader: Reader): Formula | undefined {
  const { convert } = body;
  return convert === undefined ? undefined : readFormula(`${path}.convert`, convert, reader);
}

/** Nobody writes a computed attribute, and one that is not stored is nowhere to be looked up. */
export function checkComputed(path: string, attribute: Attribute, reader: Reader): void {
  const { computed, element } = attribute;
  if (computed === undefined) return;
  if (element.type === "ref" || element.type === "named_ref" || element.type === "secret_ref")
    reader.report(`${path}.type`, `a ${element.type} cannot be computed`);
  for (const [key, given] of [
    ["required", attribute.required],
    ["default", attribute.default !== undefined],
    ["convert", attribute.convert !== undefined],
  ] as const)
    if (given) reader.report(`${path}.${key}`, `${key} does not go with computed`);
  if (computed.stored) return;
  for (const [key, given] of [
    ["index", attribute.index !== undefined],
    ["expiry", attribute.expiry.length > 0],
  ] as const)
    if (given) reader.report(`${path}.${key}`, `${key} needs stored: true`);
}

/** `validate: [{assert, message, attribute}]`. */
export function readAssertions(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): readonly Assertion[] {
  return reader.list("validate", given).flatMap((item, index): readonly Assertion[] => {
    const path = `validate[${index}]`;
    if (!isObject(item)) {
      reader.report(path, "expected {assert, message}");
      return [];
    }
    reader.onlyKeys(path, item, ["assert", "message", "attribute"]);
    const read = readFormula(`${path}.assert`, item["assert"], reader);
    if (item["message"] === undefined)
      reader.report(`${path}.message`, "expected text, or {ja, en}, for who must repair the entry");
    const attribute =
      item["attribute"] === undefined ? "" : reader.text(`${path}.attribute`, item["attribute"]);
    if (attribute !== "" && !attributes.has(attribute))
      reader.unknownAttribute(`${path}.attribute`, attribute, attributes);
    const message = reader.label(`${path}.message`, item["message"], read?.source ?? "");
    return read === undefined ? [] : [{ formula: read, message, attribute }];
  });
}

/** Computed attributes, each after those that it uses; a ring is reported. */
export function computedOrder(
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): readonly string[] {
  const order = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    const computed = attributes.get(name)?.computed;
    if (computed === undefined || order.has(name)) return;
    if (way.includes(name)) {
      const ring = [...way.slice(way.indexOf(name)), name].join(" → ");
      return reader.report(`attributes.${name}.computed`, `needs itself: ${ring}`);
    }
    for (const [used = ""] of computed.formula.paths) visit(used, [...way, name]);
    order.add(name);
  };
  for (const name of attributes.keys()) visit(name, []);
  return [...order];
}

const rules = { beside: ["id", "type", "name"], open: ["json", "named_ref"] } as const;
const storedOnly: PathRules = { ...rules, unstored: "refused" };
const freshToo: PathRules = { ...rules, unstored: "own" };

/** Names in formulas that no type on their way has, each with the nearest right one. */
export function unknownNames(
  type: EntityType,
  types: EntityTypes,
): readonly { readonly path: string; readonly message: string }[] {
  const computed = [...type.attributes.values()].flatMap(({ name, computed: how }) =>
    how === undefined
      ? []
      : [
          {
            path: `attributes.${name}.computed`,
            read: how.formula,
            rules: how.stored ? storedOnly : freshToo,
          },
        ],
  );
  const assertions = type.assertions.map(({ formula: read }, index) => ({
    path: `validate[${index}].assert`,
    read,
    rules: storedOnly,
  }));
  return [...computed, ...assertions].flatMap(({ path, read, rules: which }) =>
    read.paths.flatMap((names) => {
      const message = strayPath(names, type, types, which);
      return message === undefined ? [] : [{ path, message }];
    }),
  );
}
