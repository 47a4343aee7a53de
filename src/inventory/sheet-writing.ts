/** Values as cells of a spreadsheet, so that reading the cells gives the values again. */
import type { Cell } from "../model/grid.ts";
import { isObject } from "../model/json.ts";
import type { AttributeTypeName } from "./attribute-types.ts";
import type { Attribute, Element } from "./definition.ts";

export interface CellWriting {
  /** What a reference to that entry is called. */
  readonly name: (id: string) => string;
  /** Of headings and enums; `name` = as programs write them. */
  readonly language: "ja" | "en" | "name";
}

/** The way back: a value as its cell. */
export function cellOf(value: unknown, attribute: Attribute, writing: CellWriting): Cell {
  if (value === undefined || value === null) return null;
  if (!attribute.array || !Array.isArray(value)) return oneCell(value, attribute.element, writing);
  const parts = value.map((one: unknown) => {
    const cell = oneCell(one, attribute.element, writing);
    return typeof cell === "object" && cell !== null && "day" in cell
      ? cell.day
      : typeof cell === "object"
        ? ""
        : String(cell);
  });
  // On lines of their own nothing has to be escaped; one element alone must not be taken apart at its commas.
  if (parts.length === 1) return (parts[0] ?? "").replaceAll(/[\\,、，;；]/g, String.raw`\$&`);
  return parts.join("\n");
}

type WriteOne = (value: unknown, element: Element, writing: CellWriting) => Cell | undefined;

/** Types that are not simply what the document says. Undefined: the value is not as the type has it. */
const writers: Partial<Record<AttributeTypeName, WriteOne>> = {
  ref: (value, _, { name }) => (typeof value === "string" ? name(value) : undefined),
  named_ref: (value, _, { name }) =>
    isObject(value) ? `${String(value["label"])}=${name(String(value["ref"]))}` : undefined,
  date: (value) => (typeof value === "string" ? { day: value } : undefined),
  enum: (value, { values }, { language }) =>
    typeof value !== "string" || language === "name" ? undefined : values.get(value)?.[language],
  json: (value) => JSON.stringify(value),
};

function oneCell(value: unknown, element: Element, writing: CellWriting): Cell {
  const cell = writers[element.type]?.(value, element, writing);
  if (cell !== undefined) return cell;
  const plain =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return plain ? value : JSON.stringify(value);
}

/** Text that a spreadsheet would run as a formula is written with an apostrophe before it, which reading takes away again. */
export function guarded(cell: Cell): Cell {
  return typeof cell === "string" && /^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
