/** Excel workbooks (.xlsx). What a stranger sent is measured before it is unpacked, and read in a child that may be killed. */
import { strFromU8, unzipSync } from "fflate";
import readXlsx from "read-excel-file/universal";
import { cellAddress, type Cell, type Grid, type Merged } from "../model/grid.ts";
import { assertSize, sheetBounds, SheetRefused } from "./refused.ts";

/** Parts of the workbook that say what its sheets are called and which of their cells belong together. */
const partsWanted = /^xl\/(workbook\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml)$/;

/** Every visible sheet. Throws SheetRefused: no workbook, encrypted, with macros, too large, broken. */
export async function readWorkbook(name: string, bytes: Uint8Array): Promise<readonly Grid[]> {
  const parts = unpack(name, bytes);
  const info = sheetParts(parts);
  const sheets = await cellsOf(name, bytes);
  const grids = sheets.flatMap(({ sheet, data }): Grid[] => {
    const { xml, hidden } = info.get(sheet) ?? { xml: "", hidden: false };
    if (hidden) return [];
    const rows = withErrors(data, xml);
    assertSize(`sheet ${sheet} of ${name}`, rows);
    return [{ name: sheet, rows, merged: mergedOf(xml) }];
  });
  if (grids.length === 0) throw new SheetRefused(`${name} has no visible sheet`);
  return grids;
}

function unpack(name: string, bytes: Uint8Array): Readonly<Record<string, Uint8Array>> {
  let unpacked = 0;
  try {
    return unzipSync(bytes, {
      filter: (entry) => {
        unpacked += entry.originalSize;
        if (unpacked > sheetBounds.unpackedBytes)
          throw new SheetRefused(
            `${name} unpacks to more than ${sheetBounds.unpackedBytes / 1_000_000} MB; it is no spreadsheet that anybody typed`,
          );
        if (/vbaProject\.bin$/i.test(entry.name))
          throw new SheetRefused(
            `${name} contains macros; save it as a workbook without macros (.xlsx)`,
          );
        return partsWanted.test(entry.name);
      },
    });
  } catch (error) {
    if (error instanceof SheetRefused) throw error;
    throw new SheetRefused(`${name} is a broken workbook: it cannot be unpacked`);
  }
}

async function cellsOf(
  name: string,
  bytes: Uint8Array,
): Promise<readonly { sheet: string; data: readonly (readonly unknown[])[] }[]> {
  try {
    return await readXlsx(new Uint8Array(bytes).buffer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SheetRefused(`${name} is a broken workbook: ${reason}`);
  }
}

interface SheetPart {
  readonly xml: string;
  readonly hidden: boolean;
}

/** By the sheet's name. */
function sheetParts(parts: Readonly<Record<string, Uint8Array>>): ReadonlyMap<string, SheetPart> {
  const text = (path: string): string => {
    const bytes = parts[path];
    return bytes === undefined ? "" : strFromU8(bytes);
  };
  const targets = new Map(
    elements(text("xl/_rels/workbook.xml.rels"), "Relationship").map(({ Id, Target }) => [
      Id ?? "",
      (Target ?? "").replace(/^\/?(xl\/)?/, ""),
    ]),
  );
  return new Map(
    elements(text("xl/workbook.xml"), "sheet").map((sheet) => [
      sheet["name"] ?? "",
      {
        xml: text(`xl/${targets.get(sheet["r:id"] ?? "") ?? ""}`),
        hidden: /hidden/i.test(sheet["state"] ?? ""),
      },
    ]),
  );
}

/** Attributes of every element of that name. */
function elements(xml: string, name: string): readonly Readonly<Record<string, string>>[] {
  const tags = xml.matchAll(new RegExp(`<(?:\\w+:)?${name}\\s([^>]*)>`, "g"));
  return [...tags].map(([, inside = ""]) =>
    Object.fromEntries(
      [...inside.matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g)].map(([, key = "", value = ""]) => [
        key,
        unescaped(value),
      ]),
    ),
  );
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = {
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    amp: "&",
  };
  return text.replaceAll(
    /&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex, decimal, name: string) => {
      if (typeof hex === "string") return String.fromCodePoint(Number.parseInt(hex, 16));
      if (typeof decimal === "string") return String.fromCodePoint(Number(decimal));
      return named[name] ?? whole;
    },
  );
}

function mergedOf(xml: string): readonly Merged[] {
  return elements(xml.slice(xml.lastIndexOf("</sheetData>")), "mergeCell").flatMap(
    ({ ref = "" }) => {
      const [, left = "", top = "", right = "", bottom = ""] =
        /^([A-Z]+)(\d+):([A-Z]+)(\d+)$/.exec(ref) ?? [];
      if (bottom === "") return [];
      return [
        {
          top: Number(top) - 1,
          left: columnOf(left),
          bottom: Number(bottom) - 1,
          right: columnOf(right),
        },
      ];
    },
  );
}

function columnOf(letters: string): number {
  return (
    letters.split("").reduce((sum, letter) => sum * 26 + (letter.codePointAt(0) ?? 64) - 64, 0) - 1
  );
}

/** The reader shows cells whose formula failed, or was never worked out, as empty: they must not pass for that. */
function withErrors(data: readonly (readonly unknown[])[], xml: string): Cell[][] {
  const errors = new Map(
    [...xml.matchAll(/<c\s([^>]*\bt="e"[^>]*|[^>]*[^/](?=><f[\s>/]))>(.*?)<\/c>/gs)].flatMap(
      ([, head = "", inside = ""]) => {
        const address = /\br="([A-Z]+\d+)"/.exec(head)?.[1];
        const error = errorOf(head, inside);
        return address === undefined || error === undefined ? [] : [[address, error] as const];
      },
    ),
  );
  return data.map((row, y) =>
    row.map((value, x) => {
      const error = errors.size === 0 ? undefined : errors.get(cellAddress(y, x));
      return error === undefined ? cellOf(value) : { error };
    }),
  );
}

/** Programs that only write workbooks store formulas without what they come to; of text, nothing may be the result. */
function errorOf(head: string, inside: string): string | undefined {
  const value = /<v>([^<]*)<\/v>/.exec(inside)?.[1] ?? "";
  const type = /\bt="(\w+)"/.exec(head)?.[1];
  if (type === "e") return value;
  if (value !== "" || type === "str" || !/<f[\s>/]/.test(inside)) return undefined;
  return "the file has no result of it; save it once in a spreadsheet program";
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string")
    return value;
  if (value instanceof Date && !Number.isNaN(value.getTime())) {
    // The reader takes the cell's clock for UTC.
    const [day = "", time = ""] = value.toISOString().split("T");
    return time.startsWith("00:00:00") ? { day } : { moment: `${day}T${time.slice(0, 8)}` };
  }
  return null;
}
