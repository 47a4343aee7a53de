/** What a cell means for an attribute. The attribute's type has the last word: what is not understood here goes to it unchanged. */
import type { Cell } from "../model/grid.ts";
import type { AttributeTypeName } from "./attribute-types.ts";
import type { Attribute, EntityType, Element } from "./definition.ts";
import { sameJson } from "./patch.ts";
import { atSite, dayText, momentText } from "./sheet-dates.ts";
import { fold, nearest } from "./text.ts";

export type CellReading =
  /** `value` undefined: the cell says nothing. `written`: as it was typed, where full or half width made a difference. */
  | { readonly value: unknown; readonly written?: unknown }
  | { readonly wrong: string; readonly expected: string; readonly nearest?: string };

const yes = new Set([
  "true",
  "yes",
  "y",
  "1",
  "on",
  "はい",
  "有",
  "あり",
  "有り",
  "○",
  "〇",
  "◯",
  "●",
  "済",
  "✓",
  "✔",
]);
const no = new Set([
  "false",
  "no",
  "n",
  "0",
  "off",
  "いいえ",
  "無",
  "なし",
  "無し",
  "×",
  "✕",
  "未",
  "-",
  "ー",
]);

/** `timeZone`: whose clock a time without an offset is read on. */
export function readCell(cell: Cell, attribute: Attribute, timeZone: string): CellReading {
  const { element } = attribute;
  if (cell === null || cell === "") return { value: undefined };
  if (typeof cell === "object" && "error" in cell)
    return { wrong: `the cell's formula failed: ${cell.error}`, expected: "a value" };
  if (typeof cell === "string" && cell.trim() === "") return { value: undefined };
  return attribute.array ? readList(cell, element, timeZone) : readOne(cell, element, timeZone);
}

function readList(cell: Exclude<Cell, null>, element: Element, timeZone: string): CellReading {
  const values: unknown[] = [];
  const written: unknown[] = [];
  for (const part of typeof cell === "string" ? partsOf(cell, element) : [cell]) {
    const one = readOne(part, element, timeZone);
    if ("wrong" in one) return one;
    values.push(one.value);
    written.push(one.written ?? one.value);
  }
  return { value: values, ...(sameJson(values, written) ? {} : { written }) };
}

/** Elements of a list stand on lines of their own, or between commas; a comma inside an element is written `\,`. */
function partsOf(text: string, { type }: Element): readonly string[] {
  const trimmed = text.trim();
  if (type === "json" && trimmed.startsWith("[")) return [trimmed];
  const lines = trimmed.split(/\r?\n/);
  const parts =
    lines.length > 1
      ? lines
      : trimmed
          .split(/(?<!\\)[,、，;；]/)
          .map((part) => part.replaceAll(/\\([,、，;；\\])/g, "$1"));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

type Plain = string | number | boolean;
type ReadPlain = (cell: Plain, element: Element, timeZone: string) => CellReading;

const texted: ReadPlain = (cell) => ({ value: plainText(cell) });
/** Names and numbers in one writing: `Ｒ１２` is R12. Texts of several lines stay as they were written. */
const named: ReadPlain = (cell) => {
  const written = plainText(cell);
  const value = written.normalize("NFKC").trim();
  return value === written ? { value } : { value, written };
};
const number: ReadPlain = (cell) => ({ value: typeof cell === "string" ? readNumber(cell) : cell });
/** Types whose cells need more than their text in one writing. */
const readers: Partial<Record<AttributeTypeName, ReadPlain>> = {
  date: (cell) => ({ value: typeof cell === "boolean" ? cell : dayText(cell) }),
  datetime: (cell, _, timeZone) => ({
    value: typeof cell === "boolean" ? cell : momentText(cell, timeZone),
  }),
  boolean: readBoolean,
  integer: number,
  decimal: number,
  money: (cell) => ({ value: typeof cell === "string" ? moneyText(cell) : cell }),
  enum: (cell, element) => readEnum(String(cell), element),
  json: (cell) => ({ value: readJson(cell) }),
  string: named,
  text: texted,
  ref: texted,
  named_ref: (cell) => readNamed(plainText(cell)),
};

function readOne(cell: Exclude<Cell, null>, element: Element, timeZone: string): CellReading {
  if (typeof cell === "object") return dated(cell, element, timeZone);
  const given = typeof cell === "string" ? unguarded(cell) : cell;
  const reader = readers[element.type];
  if (reader !== undefined) return reader(given, element, timeZone);
  return { value: plainText(given).normalize("NFKC") };
}

/** An apostrophe before what would be a formula keeps it text; it is not part of the value. */
function unguarded(text: string): string {
  return /^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}

function dated(
  cell: Exclude<Cell, string | number | boolean | null>,
  { type }: Element,
  timeZone: string,
): CellReading {
  if ("day" in cell)
    return { value: type === "datetime" ? atSite(`${cell.day}T00:00:00`, 0, timeZone) : cell.day };
  if ("moment" in cell) {
    if (type === "date") return { value: cell.moment.slice(0, 10) };
    return { value: type === "datetime" ? atSite(cell.moment, 0, timeZone) : cell.moment };
  }
  return { wrong: `the cell's formula failed: ${cell.error}`, expected: "a value" };
}

/** Numbers that stand for names (`7` in a column of rack names) are what a person reads. */
function plainText(cell: string | number | boolean): string {
  return String(cell).trim();
}

function readBoolean(cell: string | number | boolean): CellReading {
  if (typeof cell === "boolean") return { value: cell };
  const text = fold(String(cell));
  if (yes.has(text)) return { value: true };
  if (no.has(text)) return { value: false };
  return {
    wrong: `${JSON.stringify(cell)} is neither yes nor no`,
    expected: "○ or ×, true or false",
  };
}

/** `1,234`, `１２`, `42U`, `▲5` … */
function readNumber(text: string): number | string {
  const plain = text.normalize("NFKC").trim().replace(/^[▲△]/, "-").replaceAll(",", "");
  const match = /^([+-]?\d+(?:\.\d+)?)\s*(?:u|w|kw|台|個|gb|mb|m|mm|a|v|回|日)?$/i.exec(plain);
  return match === null ? text.trim() : Number(match[1]);
}

function moneyText(text: string): string {
  const plain = text.normalize("NFKC").trim().replace(/^[▲△]/, "-").replaceAll(",", "");
  const match = /^([+-]?)\s*[¥\\$€]?\s*([+-]?\d+(?:\.\d+)?)\s*(?:円|yen|jpy|usd)?(?:-)?$/i.exec(
    plain,
  );
  return match === null ? text.trim() : `${match[1] ?? ""}${match[2] ?? ""}`.replace("+", "");
}

/** By its value or its label in any language. */
function readEnum(text: string, { values }: Element): CellReading {
  const wanted = fold(text);
  const found = [...values].find(([value, { ja, en }]) =>
    [value, ja, en].some((name) => fold(name) === wanted),
  );
  if (found !== undefined) return { value: found[0] };
  const names = [...values].flatMap(([value, { ja }]) => (ja === value ? [value] : [value, ja]));
  const near = nearest(text, names);
  return {
    wrong: `${JSON.stringify(text)} is not one of the values`,
    expected: `one of ${names.join(", ")}`,
    ...(near === undefined ? {} : { nearest: near }),
  };
}

function readJson(cell: string | number | boolean): unknown {
  if (typeof cell !== "string") return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}

/** `db_master=db01` */
function readNamed(text: string): CellReading {
  const [, label, ref] = /^([^=:：＝]+)[=:：＝](.+)$/.exec(text) ?? [];
  if (label === undefined || ref === undefined)
    return { wrong: `${JSON.stringify(text)} has no label`, expected: "label=name" };
  return { value: { label: label.trim(), ref: ref.trim() } };
}

/** All headings under which an attribute is known. */
export function headingsOf({ attributes }: EntityType): ReadonlyMap<string, string> {
  const headings = new Map<string, string>();
  for (const { name, label, aliases } of attributes.values())
    for (const heading of [name, label.ja, label.en, ...aliases]) {
      const key = headingKey(heading);
      if (!headings.has(key)) headings.set(key, name);
    }
  return headings;
}

/** Headings are the same in any writing, with or without blanks, line breaks and marks: `ホスト名 *`, `ﾎｽﾄ名`. */
export function headingKey(heading: string): string {
  return fold(heading)
    .replaceAll(/[(（【[][^)）】\]]*(?:必須|required|任意)[^)）】\]]*[)）】\]]/g, "")
    .replaceAll(/[\s_\-・:*※]/g, "");
}
