/** Entries as spreadsheets: the columns are those that an import understands, so that what was exported can be imported again. */
import { typeNamed, type KnownType } from "../inventory/catalogue.ts";
import type { Attribute } from "../inventory/definition.ts";
import { badRequest } from "../inventory/problem.ts";
import { keyLeaves, pathText } from "../inventory/reference-paths.ts";
import { isReference } from "../inventory/references.ts";
import type { ColumnMapping } from "../inventory/sheet-heads.ts";
import { headingKey, headingsOf } from "../inventory/sheet-values.ts";
import { cellOf, guarded } from "../inventory/sheet-writing.ts";
import { nearest } from "../inventory/text.ts";
import { shown } from "../inventory/validate.ts";
import type { Cell, Grid } from "../model/grid.ts";
import { lackingInCp932 } from "../sheets/cp932.ts";
import type { SheetBook, SheetFormat, TextEncoding } from "../sheets/write-file.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { rememberedColumns, sharedNames } from "../store/inventory/imports.ts";
import { mayRead, type Allowed } from "./inventory-eyes.ts";
import type { Inventory } from "./inventory.ts";
import type { SearchQuery } from "./inventory-search.ts";
import type { EntryView } from "./inventory-view.ts";

export interface ExportWish {
  readonly type: string;
  readonly where: unknown;
  readonly text: string | undefined;
  readonly sort: string | undefined;
  readonly format: SheetFormat;
  /** Of CSV. */
  readonly encoding: TextEncoding;
  /** Attributes, in order; all but empty computed ones when left out. */
  readonly columns: readonly string[] | undefined;
  /** Whose headings: those that the source's sheets had. */
  readonly source: string | undefined;
  readonly language: "ja" | "en" | "name";
}

export interface Exported {
  readonly name: string;
  readonly contentType: string;
  /** Base64. */
  readonly content: string;
  readonly rows: number;
}

export type ExportGround = Pick<Inventory, "ground" | "search" | "sheets">;

const mostRows = 200_000;
const page = 1000;

/** Throws INVENTORY_REQUEST for columns that are not there. */
export async function exportEntries(service: ExportGround, wish: ExportWish): Promise<Exported> {
  const type = typeNamed(service.ground.known, wish.type);
  const attributes = columnsOf(type, wish.columns);
  const entries = await allOf(service, wish);
  const names = await referenceNames(service, type, entries);
  const allowed = await exportable(service, type, entries);
  const headings = await headingsFor(service, type, wish);
  const rows = entries.map((entry) => [
    entry.id,
    ...attributes.map((attribute): Cell => {
      if (!mayExport(allowed.get(entry.id), attribute.name)) return null;
      const value = entry.attributes[attribute.name];
      return guarded(
        cellOf(value, attribute, { name: (id) => names.get(id) ?? id, language: wish.language }),
      );
    }),
  ]);
  const keyless = type.keys.length === 0;
  const head = ["id", ...attributes.map(({ name }) => headings(name))];
  const grid: Grid = {
    name: type.label.ja,
    merged: [],
    // The keys say which entry a row is about; an id would only be in the way of a person.
    rows: [head, ...rows].map((row) => (keyless ? row : row.slice(1))),
  };
  return {
    name: `${type.name}.${wish.format}`,
    contentType:
      wish.format === "csv"
        ? `text/csv; charset=${wish.encoding === "cp932" ? "shift_jis" : "utf-8"}`
        : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    content: await service.sheets.write(writable(grid, wish)),
    rows: entries.length,
  };
}

/** Throws INVENTORY_REQUEST for what the encoding cannot say: a question mark in its place would be lost at the next import. */
function writable(grid: Grid, { format, encoding }: ExportWish): SheetBook {
  const texts =
    format === "csv" && encoding === "cp932"
      ? grid.rows.flatMap((row, index) => row.map((cell) => ({ cell, row: index + 1 })))
      : [];
  for (const { cell, row } of texts) {
    const lacking = typeof cell === "string" ? lackingInCp932(cell) : undefined;
    if (lacking !== undefined)
      throw badRequest(
        `CP932 has no ${lacking} (row ${row}: ${shown(cell)}); export as UTF-8, or as xlsx`,
      );
  }
  return { format, encoding, grids: [grid] };
}

function columnsOf(type: KnownType, wanted: readonly string[] | undefined): readonly Attribute[] {
  // What is computed cannot be imported, so it comes only when it is asked for.
  if (wanted === undefined)
    return [...type.attributes.values()].filter(({ computed }) => computed === undefined);
  return wanted.map((name) => {
    const attribute = type.attributes.get(name);
    if (attribute !== undefined) return attribute;
    const near = nearest(name, type.attributes.keys());
    throw badRequest(
      `columns: ${type.name} has no attribute ${name}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  });
}

async function allOf(service: ExportGround, wish: ExportWish): Promise<readonly EntryView[]> {
  const entries: EntryView[] = [];
  let after: string | undefined;
  do {
    const query: SearchQuery = {
      type: wish.type,
      where: wish.where ?? {},
      text: wish.text,
      sort: wish.sort,
      limit: page,
      after,
    };
    const found = await service.search(query);
    entries.push(...found.entries);
    if (entries.length > mostRows)
      throw badRequest(`more than ${mostRows} entries fit; narrow the search`);
    after = found.next ?? undefined;
  } while (after !== undefined);
  return entries;
}

async function exportable(
  { ground }: ExportGround,
  type: KnownType,
  entries: readonly EntryView[],
): Promise<ReadonlyMap<string, Allowed>> {
  const asked = entries.map(({ id }) => ({ id, typeId: type.id }));
  return ground.eyes.sights(ground.db, asked);
}

function mayExport(allowed: Allowed | undefined, attribute: string): boolean {
  if (allowed === undefined) return false;
  return allowed === "everything" || allowed.get("export")?.has(attribute) === true;
}

/** The headings that a source's sheets had, else the labels. */
async function headingsFor(
  { ground }: ExportGround,
  type: KnownType,
  { source, language }: ExportWish,
): Promise<(attribute: string) => string> {
  const remembered: ColumnMapping =
    source === undefined
      ? {}
      : {
          ...ground.known.sources.get(source)?.columns[type.name],
          ...(await rememberedColumns(ground.db, source))[type.name],
        };
  const own = new Map(Object.entries(remembered).map(([heading, path]) => [path, heading]));
  const known = headingsOf(type);
  return (name) => {
    const label = language === "name" ? name : (type.attributes.get(name)?.label[language] ?? name);
    // A label that means another attribute first would come back as that.
    const plain = known.get(headingKey(label)) === name ? label : name;
    return own.get(name) ?? plain;
  };
}

/** What references are called so that they mean the same entry again: the name where it is the only one, else the values of its key. */
async function referenceNames(
  { ground }: ExportGround,
  type: KnownType,
  entries: readonly EntryView[],
): Promise<ReadonlyMap<string, string>> {
  const names = [...type.attributes.values()].filter(isReference).map(({ name }) => name);
  const used = entries.flatMap(({ references }) => names.flatMap((name) => references[name] ?? []));
  const distinct = new Map(used.flat().map((reference) => [reference.id, reference]));
  const shared = await sharedNames(ground.db, [
    ...new Set([...distinct.values()].map(({ name }) => name)),
  ]);
  const twice = [...distinct.values()].filter(({ name }) => shared.has(name)).map(({ id }) => id);
  const paths = await keyTexts(ground, twice);
  return new Map(
    [...distinct.values()].map(({ id, name }) => [
      id,
      shared.has(name) ? (paths.get(id) ?? id) : name,
    ]),
  );
}

async function keyTexts(
  { db, known, eyes }: ExportGround["ground"],
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, EntryRow>();
  let wanted = ids;
  for (let depth = 0; wanted.length > 0 && depth < 5; depth += 1) {
    for (const [id, row] of await loadEntries(db, wanted)) rows.set(id, row);
    wanted = [...rows.values()]
      .flatMap((row) => keyReferences(known.byId.get(row.typeId), row))
      .filter((id) => !rows.has(id));
  }
  const sights = await eyes.sights(db, [...rows.values()]);
  const at = (id: string, [first = "", ...rest]: readonly string[]): unknown => {
    const row = rows.get(id);
    const value = mayRead(sights.get(id), first) ? row?.doc[first] : undefined;
    return rest.length === 0 ? value : at(typeof value === "string" ? value : "", rest);
  };
  return new Map(
    ids.flatMap((id) => {
      const type = known.byId.get(rows.get(id)?.typeId ?? 0);
      const leaves = type === undefined ? undefined : keyLeaves(known, type);
      const text =
        leaves === undefined || leaves.length < 2
          ? undefined
          : pathText(leaves, (leaf) => at(id, leaf));
      return text === undefined ? [] : [[id, text] as const];
    }),
  );
}

function keyReferences(type: KnownType | undefined, { doc }: EntryRow): readonly string[] {
  const [key] = type?.keys ?? [];
  return (key?.attributes ?? []).flatMap((name) => {
    const attribute = type?.attributes.get(name);
    const value = doc[name];
    return attribute?.element.type === "ref" && typeof value === "string" ? [value] : [];
  });
}
