/** Values as people compare them: other writing of a text, other digits of an amount, other order of a list of references are the same. */
import type { Attribute } from "./definition.ts";
import { fold } from "./text.ts";

/** Two values of the attribute are the same for a person when these are the same. */
export function plainValue(attribute: Attribute, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return plainElement(attribute, value);
  const parts = value.map((one: unknown) => plainElement(attribute, one));
  if (attribute.element.type !== "ref") return parts;
  return parts.map((one) => JSON.stringify(one)).toSorted();
}

function plainElement({ element }: Attribute, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (element.type === "money") return Number(value);
  return element.type === "ref" ? value : fold(value);
}
