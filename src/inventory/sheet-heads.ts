/** Headings of spreadsheets: the row, or the two rows, that name the columns, and which attribute of a type each of them means. */
import type { Cell, Grid } from "../model/grid.ts";
import type { KnownType } from "./catalogue.ts";
import type { Attribute } from "./definition.ts";
import { headingKey, headingsOf } from "./sheet-values.ts";
import { nearest } from "./text.ts";

/** Heading → attribute, or a path into the key of a reference (`rack.room`); "" = the column is not read. */
export type ColumnMapping = Readonly<Record<string, string>>;

export interface Column {
  readonly index: number;
  readonly heading: string;
  /** The attribute, then attributes of the key of what it refers to. */
  readonly path: readonly string[];
  readonly attribute: Attribute;
}

/** Rows at the top among which the headings are sought. */
const headRows = 30;

export interface Head {
  /** Last row of the headings, from 0. */
  readonly row: number;
  readonly headings: readonly string[];
}

/** How well a grid fits a type: columns that are understood. */
export function fitOf(grid: Grid, type: KnownType, mapping: ColumnMapping): number {
  const head = findHead(grid, type, mapping);
  if (head === undefined) return 0;
  const { columns } = columnsOf(head, type, mapping);
  const named = [type.name, type.label.ja, type.label.en].some(
    (name) => headingKey(name) === headingKey(grid.name),
  );
  return columns.length + (named ? 0.5 : 0);
}

export function textOf(cell: Cell | undefined): string {
  if (cell === undefined || cell === null) return "";
  return typeof cell === "object" ? "" : String(cell).replaceAll(/\s+/g, " ").trim();
}

/** The row, or the two rows, that name most attributes; of equal ones the first. */
export function findHead(grid: Grid, type: KnownType, mapping: ColumnMapping): Head | undefined {
  const understand = understanding(type, mapping);
  const top = spreadAcross(grid).slice(0, headRows);
  let best: { head: Head; score: number } | undefined;
  const consider = (head: Head): void => {
    const score = new Set(head.headings.flatMap((heading) => understand(heading)?.join(".") ?? []))
      .size;
    if (score > (best?.score ?? 0)) best = { head, score };
  };
  for (const [index, row] of top.entries()) {
    consider({ row: index, headings: row.map(textOf) });
    const below = top[index + 1];
    if (below !== undefined) consider({ row: index + 1, headings: joined(row, below, understand) });
  }
  return best?.head;
}

type Understand = (heading: string) => readonly string[] | undefined;

/** Two rows as one: the lower heading where that is understood, else both together (保守 over 開始日), else the upper one. */
function joined(
  upper: readonly Cell[],
  lower: readonly Cell[],
  understand: Understand,
): readonly string[] {
  const width = Math.max(upper.length, lower.length);
  let group = "";
  return Array.from({ length: width }, (_, column) => {
    const [high, low] = [textOf(upper[column]), textOf(lower[column])];
    if (high !== "") group = high;
    const both = [
      `${group} ${low}`,
      `${group}の${low}`,
      low,
      low === "" || low === group ? group : "",
    ];
    return (
      both.find((heading) => heading.trim() !== "" && understand(heading) !== undefined) ??
      (low === "" ? high : low)
    );
  });
}

/** The path that a heading means, "" in the mapping included; undefined when it means nothing. */
function understanding(type: KnownType, mapping: ColumnMapping): Understand {
  const known = headingsOf(type);
  const mapped = new Map(
    Object.entries(mapping).map(([heading, path]) => [headingKey(heading), path]),
  );
  return (heading) => {
    const key = headingKey(heading);
    if (key === "") return undefined;
    const path = mapped.get(key);
    if (path !== undefined) return path === "" ? undefined : path.split(".");
    const name = known.get(key);
    if (name !== undefined) return [name];
    if (key === "id") return ["id"];
    const parts = heading.trim().split(".");
    return parts.length > 1 && type.attributes.has(parts[0] ?? "") ? parts : undefined;
  };
}

export function columnsOf(head: Head, type: KnownType, mapping: ColumnMapping) {
  const understand = understanding(type, mapping);
  const names = [...headingsOf(type).keys()];
  const columns: Column[] = [];
  const unread: { heading: string; nearest: string | undefined }[] = [];
  for (const [index, heading] of head.headings.entries()) {
    const path = understand(heading);
    const attribute = type.attributes.get(path?.[0] ?? "");
    if (path !== undefined && attribute !== undefined)
      columns.push({ index, heading, path, attribute });
    else if (heading !== "" && path?.[0] !== "id" && !isSilenced(heading, mapping))
      unread.push({ heading, nearest: nearest(headingKey(heading), names) });
  }
  return { columns, unread };
}

function isSilenced(heading: string, mapping: ColumnMapping): boolean {
  return Object.entries(mapping).some(
    ([name, path]) => path === "" && headingKey(name) === headingKey(heading),
  );
}

export function idColumnOf({ headings }: Head): number {
  return headings.findIndex((heading) => headingKey(heading) === "id");
}

export function noHead({ name, rows }: Grid, type: KnownType): string {
  const seen = rows
    .slice(0, 5)
    .flatMap((row) => row.map(textOf))
    .filter((text) => text !== "")
    .slice(0, 8);
  const wanted = [...type.attributes.values()]
    .slice(0, 6)
    .map(({ name: own, label }) => (label.ja === own ? own : `${own} (${label.ja})`));
  return `sheet ${JSON.stringify(name)}: none of its first ${headRows} rows names an attribute of ${type.name}; expected headings as ${wanted.join(", ")}; found ${seen.map((text) => JSON.stringify(text)).join(", ")}`;
}

/** Headings merged over several columns count for each of them. */
function spreadAcross({ rows, merged }: Grid): readonly (readonly Cell[])[] {
  const result = rows.slice(0, headRows + 1).map((row) => [...row]);
  for (const { top, left, bottom, right } of merged)
    for (const row of result.slice(top, bottom + 1))
      for (let x = left; x <= right; x += 1) row[x] = rows[top]?.[left] ?? null;
  return result.map((row) => Array.from(row, (cell) => cell ?? null));
}
