/** Reads `allocate:` of an entity type. */
import type { JsonObject } from "../model/json.ts";
import type { Allocation } from "./allocate.ts";
import type { Attribute } from "./definition.ts";
import type { Reader } from "./reader.ts";

const kinds = new Set(["ip", "cidr", "integer"]);

export function readAllocation(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): Allocation | undefined {
  if (given === undefined) return undefined;
  const body = reader.mapping("allocate", given);
  reader.onlyKeys("allocate", body, ["from", "attribute", "within", "as", "copy", "size"]);
  const attribute = readTarget(body, attributes, reader);
  if (attribute === undefined) return undefined;
  const isNumber = attribute.element.type === "integer";
  const as = ownReference("as", body, attributes, reader);
  if (isNumber && as === undefined)
    reader.report("allocate.as", "expected the reference to the pool, to know what is taken");
  return {
    from: reader.names("allocate.from", body["from"]),
    attribute: attribute.name,
    within: isNumber
      ? readBounds(body["within"], reader)
      : reader.text("allocate.within", body["within"]),
    as,
    copy: readCopies(body["copy"], attributes, reader),
    size: body["size"] === undefined ? undefined : reader.text("allocate.size", body["size"]),
  };
}

/** The attribute that is allocated. */
function readTarget(
  body: JsonObject,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): Attribute | undefined {
  const name = reader.text("allocate.attribute", body["attribute"]);
  const attribute = attributes.get(name);
  if (attribute === undefined) {
    reader.unknownAttribute("allocate.attribute", name, attributes);
    return undefined;
  }
  if (attribute.array || !kinds.has(attribute.element.type)) {
    reader.report("allocate.attribute", `${name} is not a single ip, cidr or integer`);
    return undefined;
  }
  if (attribute.element.type !== "integer" && attribute.index !== "network")
    reader.report("allocate.attribute", `${name} needs index: network`);
  return attribute;
}

function readCopies(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): readonly string[] {
  const names = given === undefined ? [] : reader.names("allocate.copy", given);
  for (const name of names)
    if (!attributes.has(name)) reader.unknownAttribute("allocate.copy", name, attributes);
  return names;
}

function ownReference(
  key: string,
  body: JsonObject,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): string | undefined {
  if (body[key] === undefined) return undefined;
  const name = reader.text(`allocate.${key}`, body[key]);
  const attribute = attributes.get(name);
  if (attribute === undefined) reader.unknownAttribute(`allocate.${key}`, name, attributes);
  else if (attribute.array || attribute.element.type !== "ref")
    reader.report(`allocate.${key}`, `${name} is not a single reference`);
  else return name;
  return undefined;
}

function isBound(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function readBounds(given: unknown, reader: Reader): readonly [string | number, string | number] {
  const list = reader.list("allocate.within", given);
  const [low, high] = list;
  if (list.length === 2 && isBound(low) && isBound(high)) return [low, high];
  reader.report("allocate.within", "expected the lowest and the highest, as [1, units]");
  return [0, 0];
}
