import { isObject, type JsonObject } from "../model/json.ts";
import {
  attributeType,
  attributeTypes,
  isAttributeTypeName,
  type AttributeTypeName,
} from "./attribute-types.ts";
import type { Attribute, Element, IndexKind, Label } from "./definition.ts";
import { checkComputed, readComputed, readConvert } from "./compile-formula.ts";
import type { Reader } from "./reader.ts";

const indexKinds = ["range", "network", "lookup"] as const;
const elementKeys = ["type", "to", "on_delete", "values", "pattern", "min", "max"] as const;
const attributeKeys = [
  "label",
  "description",
  "required",
  "default",
  "index",
  "scope",
  "expiry",
  "aliases",
  "authority",
  "search",
  "impact",
  "items",
  "computed",
  "stored",
  "renamed_from",
  "convert",
] as const;
/** Types with a minimum and a maximum: of the value, or of a text's length. */
const bounded: ReadonlySet<string> = new Set(["string", "text", "integer", "decimal"]);

/** One attribute of the YAML; undefined when it is too broken to go on. */
export function readAttribute(
  name: string,
  path: string,
  given: unknown,
  reader: Reader,
): Attribute | undefined {
  const body = reader.mapping(path, given);
  const array = body["type"] === "array";
  reader.onlyKeys(
    path,
    body,
    array ? ["type", ...attributeKeys] : [...elementKeys, ...attributeKeys],
  );
  if (!array && body["items"] !== undefined)
    reader.report(`${path}.items`, "items belongs to type: array");
  const element = array
    ? readElement(`${path}.items`, reader.mapping(`${path}.items`, body["items"]), reader)
    : readElement(path, body, reader);
  if (element === undefined) return undefined;
  if (array)
    reader.onlyKeys(`${path}.items`, isObject(body["items"]) ? body["items"] : {}, elementKeys);
  const attribute: Attribute = {
    name,
    label: reader.label(`${path}.label`, body["label"], name),
    description: reader.text(`${path}.description`, body["description"]),
    array,
    element,
    required: reader.flag(`${path}.required`, body["required"], false),
    default: body["default"],
    index: readIndex(path, body, element.type, reader),
    scope: body["scope"] === undefined ? undefined : reader.text(`${path}.scope`, body["scope"]),
    expiry: readExpiry(path, body["expiry"], element.type, reader),
    aliases: reader.someNames(`${path}.aliases`, body["aliases"]),
    authority: reader.someNames(`${path}.authority`, body["authority"]),
    search: reader.flag(`${path}.search`, body["search"], attributeType(element.type).searched),
    impact: reader.flag(`${path}.impact`, body["impact"], element.type === "ref"),
    computed: readComputed(path, body, reader),
    renamedFrom: reader.someNames(`${path}.renamed_from`, body["renamed_from"]),
    convert: readConvert(path, body, reader),
  };
  checkComputed(path, attribute, reader);
  checkDefault(path, attribute, reader);
  return attribute;
}

function readElement(path: string, body: JsonObject, reader: Reader): Element | undefined {
  const type = body["type"];
  if (!isAttributeTypeName(type)) {
    reader.oneOf(`${path}.type`, type ?? "", [...Object.keys(attributeTypes), "array"]);
    return undefined;
  }
  const reference = type === "ref" || type === "named_ref";
  for (const key of ["to", "on_delete"])
    if (!reference && body[key] !== undefined)
      reader.report(`${path}.${key}`, `${key} belongs to references`);
  for (const key of ["min", "max"])
    if (!bounded.has(type) && body[key] !== undefined)
      reader.report(`${path}.${key}`, `${key} does not apply to ${type}`);
  return {
    type,
    to: reader.someNames(`${path}.to`, body["to"]),
    onDelete:
      reader.oneOf(`${path}.on_delete`, body["on_delete"], ["restrict", "unlink", "cascade"]) ??
      "restrict",
    values: readValues(path, body["values"], type, reader),
    pattern: readPattern(path, body["pattern"], type, reader),
    min: reader.count(`${path}.min`, body["min"]),
    max: reader.count(`${path}.max`, body["max"]),
  };
}

function readValues(
  path: string,
  given: unknown,
  type: AttributeTypeName,
  reader: Reader,
): ReadonlyMap<string, Label> {
  if ((type === "enum") !== (given !== undefined))
    reader.report(`${path}.values`, "an enum has values, and nothing else has");
  if (given === undefined) return new Map();
  if (!isObject(given))
    return new Map(
      reader.names(`${path}.values`, given).map((value) => [value, { ja: value, en: value }]),
    );
  return new Map(
    Object.entries(given).map(([value, label]) => [
      value,
      reader.label(`${path}.values.${value}`, label ?? undefined, value),
    ]),
  );
}

function readPattern(
  path: string,
  given: unknown,
  type: AttributeTypeName,
  reader: Reader,
): RegExp | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "string" || (type !== "string" && type !== "text")) {
    reader.report(`${path}.pattern`, "a pattern is a regular expression for string or text");
    return undefined;
  }
  try {
    return new RegExp(`^(?:${given})$`, "u");
  } catch (error) {
    reader.report(`${path}.pattern`, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function readIndex(
  path: string,
  body: JsonObject,
  type: AttributeTypeName,
  reader: Reader,
): IndexKind | undefined {
  const kind =
    reader.oneOf(`${path}.index`, body["index"], indexKinds) ??
    (body["expiry"] === undefined ? undefined : "range");
  const possible = Object.keys(attributeType(type).indexes);
  if (kind !== undefined && !possible.includes(kind)) {
    const instead = possible.length === 0 ? "no index" : `index: ${possible.join(" or ")}`;
    reader.report(`${path}.index`, `${type} has ${instead}, not ${kind}`);
    return undefined;
  }
  if (body["scope"] !== undefined && kind !== "network")
    reader.report(`${path}.scope`, "scope belongs to index: network");
  return kind;
}

function readExpiry(
  path: string,
  given: unknown,
  type: AttributeTypeName,
  reader: Reader,
): readonly number[] {
  const days = reader.list(`${path}.expiry`, given);
  if (given !== undefined && type !== "date" && type !== "datetime")
    reader.report(`${path}.expiry`, `${type} does not expire; only date and datetime do`);
  const numbers = days.filter((day) => typeof day === "number" && Number.isInteger(day));
  if (numbers.length !== days.length)
    reader.report(`${path}.expiry`, "expected days before the date, as [90, 30, 7]");
  return numbers.map(Number);
}

function checkDefault(path: string, attribute: Attribute, reader: Reader): void {
  const { default: value, element, array } = attribute;
  if (value === undefined) return;
  for (const one of array && Array.isArray(value) ? value : [value]) {
    const parsed = attributeType(element.type).parse(one, element);
    if ("wrong" in parsed)
      reader.report(
        `${path}.default`,
        `expected ${attributeType(element.type).expected}${parsed.wrong === "" ? "" : `: ${parsed.wrong}`}`,
      );
  }
}
