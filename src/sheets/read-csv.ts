/** Text tables: UTF-8 with and without byte order mark, UTF-16, Shift_JIS as Windows writes it (CP932), EUC-JP; comma, tab, semicolon. */
import { parse } from "csv-parse/sync";
import type { Grid } from "../model/grid.ts";
import { assertSize, SheetRefused } from "./refused.ts";

/** What people call it → what `TextDecoder` calls it. The decoder's shift_jis is CP932: it has ① and ㈱. */
const encodings: Readonly<Record<string, string>> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  "utf-16": "utf-16le",
  "utf-16le": "utf-16le",
  "utf-16be": "utf-16be",
  cp932: "shift_jis",
  sjis: "shift_jis",
  shift_jis: "shift_jis",
  "shift-jis": "shift_jis",
  "windows-31j": "shift_jis",
  "euc-jp": "euc-jp",
  "iso-8859-1": "windows-1252",
};

/** The file as text. Throws SheetRefused when it is no text, or not of the encoding that was named. */
export function decodeText(bytes: Uint8Array, encoding?: string): string {
  if (encoding !== undefined) return decodedAs(bytes, encoding);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decoded(bytes, "utf-16le") ?? "";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decoded(bytes, "utf-16be") ?? "";
  if (bytes.includes(0)) throw new SheetRefused("the file is no text: it has NUL bytes");
  // Text in CP932 or EUC-JP is practically never valid UTF-8; EUC-JP is rare, and often valid CP932 (half-width katakana).
  const text = decoded(bytes, "utf-8") ?? likelier(decoded(bytes, "shift_jis"), bytes);
  if (text === undefined)
    throw new SheetRefused("the file is text of an unknown encoding; name it, as cp932");
  return text;
}

function decodedAs(bytes: Uint8Array, encoding: string): string {
  const known = encodings[encoding.toLowerCase()];
  if (known === undefined)
    throw new SheetRefused(
      `the encoding ${encoding} is not known; expected one of ${Object.keys(encodings).join(", ")}`,
    );
  const text = decoded(bytes, known);
  if (text === undefined) throw new SheetRefused(`the file is not text in ${encoding}`);
  return text;
}

function likelier(shiftJis: string | undefined, bytes: Uint8Array): string | undefined {
  const euc = decoded(bytes, "euc-jp");
  if (shiftJis === undefined || euc === undefined) return shiftJis ?? euc;
  return halfWidth(shiftJis) > halfWidth(euc) ? euc : shiftJis;
}

function halfWidth(text: string): number {
  return [...text.matchAll(/[\uFF61-\uFF9F]/g)].length;
}

function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The separator that splits the first lines most evenly. */
function separatorOf(text: string): string {
  const lines = text.split(/\r\n|\r|\n/, 20).filter((line) => line.trim() !== "");
  const plain = lines.map((line) => line.replaceAll(/"(?:[^"]|"")*"/g, ""));
  const score = (sign: string): number => {
    const counts = plain.map((line) => line.split(sign).length - 1).filter((count) => count > 0);
    return counts.length === 0 ? 0 : counts.length * 1000 + Math.min(...counts);
  };
  const signs = [",", "\t", ";", "|"];
  return signs.reduce((best, sign) => (score(sign) > score(best) ? sign : best), ",");
}

/** Throws SheetRefused with the line where its quoting is broken. */
export function readCsv(name: string, bytes: Uint8Array, encoding?: string): Grid {
  const text = decodeText(bytes, encoding).replace(/^\uFEFF/, "");
  const rows = parsed(name, text);
  assertSize(name, rows);
  return { name, rows: rows.map((row) => row.map((cell) => cell)), merged: [] };
}

function parsed(name: string, text: string): readonly (readonly string[])[] {
  try {
    const rows: string[][] = parse(text, {
      delimiter: separatorOf(text),
      relax_column_count: true,
      skip_empty_lines: false,
      max_record_size: 1_000_000,
    });
    return rows;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SheetRefused(`${name} is no sound CSV: ${reason}`);
  }
}
