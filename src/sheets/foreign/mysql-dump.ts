/**
 * What mysqldump and mariadb-dump write: CREATE TABLE says the columns, INSERT the rows. Read as bytes, since a dump holds text and binary
 * values side by side: each text is UTF-8 by itself.
 */
import { SheetRefused } from "../refused.ts";
import type { Row, Tables } from "./tables.ts";

/** Bytes that are no text, in hexadecimal. */
export interface Bytes {
  readonly bytes: string;
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  Z: "\x1a",
};

export function isMysqlDump(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 20_000)).toString("latin1");
  return /^(DROP TABLE IF EXISTS|CREATE TABLE|INSERT INTO|LOCK TABLES) `/m.test(head);
}

/** Throws SheetRefused with the table whose values cannot be read. */
export function readMysqlDump(name: string, bytes: Uint8Array): Tables {
  const text = Buffer.from(bytes).toString("latin1");
  const columns = columnsOf(text);
  const tables = new Map<string, Row[]>();
  const insert = /^(?:INSERT|REPLACE)(?: IGNORE)? INTO `([^`]+)`\s*(?:\(([^)]*)\)\s*)?VALUES\s*/gm;
  for (let found = insert.exec(text); found !== null; found = insert.exec(text)) {
    const [, table = "", named] = found;
    const names = named === undefined ? (columns.get(table) ?? []) : quoted(named);
    const { rows, end } = valuesAt(text, insert.lastIndex, { name, table });
    const list = tables.get(table) ?? [];
    tables.set(table, list);
    for (const row of rows)
      list.push(
        Object.fromEntries(
          row.map((value, index) => [names[index] ?? `column ${index + 1}`, value]),
        ),
      );
    insert.lastIndex = end;
  }
  return tables;
}

function quoted(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, column = ""]) => column);
}

function columnsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const columns = new Map<string, readonly string[]>();
  for (const { index } of text.matchAll(/^CREATE TABLE /gm)) {
    const end = text.indexOf("\n)", index);
    const [head = "", ...lines] = text.slice(index, end < 0 ? undefined : end).split("\n");
    const [table = ""] = quoted(head);
    columns.set(
      table,
      lines.flatMap((line) => /^\s*`([^`]+)`/.exec(line)?.[1] ?? []),
    );
  }
  return columns;
}

interface Where {
  readonly name: string;
  readonly table: string;
}

function valuesAt(
  text: string,
  from: number,
  where: Where,
): { readonly rows: readonly (readonly unknown[])[]; readonly end: number } {
  const rows: unknown[][] = [];
  const reader = new Reader(text, from, where);
  do {
    reader.expect("(");
    const row: unknown[] = [];
    do row.push(reader.value());
    while (reader.skip(","));
    reader.expect(")");
    rows.push(row);
  } while (reader.skip(","));
  return { rows, end: reader.at };
}

class Reader {
  readonly #text: string;
  readonly #where: Where;
  at: number;

  constructor(text: string, at: number, where: Where) {
    this.#text = text;
    this.#where = where;
    this.at = at;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.at] ?? "")) this.at += 1;
  }

  skip(sign: string): boolean {
    this.#blanks();
    if (this.#text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  expect(sign: string): void {
    if (this.skip(sign)) return;
    const { name, table } = this.#where;
    const found = JSON.stringify(this.#text.slice(this.at, this.at + 20));
    throw new SheetRefused(
      `${name}: the rows of table ${table} are broken: expected ${sign}, found ${found}`,
    );
  }

  value(): unknown {
    this.#blanks();
    const word = /(?:_binary |_utf8mb[34] |_utf8 |N)?'|[^\s,()']+/y;
    word.lastIndex = this.at;
    const [found = ""] = word.exec(this.#text) ?? [];
    this.at += found.length;
    if (found.endsWith("'")) return textOf(this.#string());
    if (found === "NULL") return null;
    if (/^0x[0-9a-f]+$/i.test(found))
      return textOf(Buffer.from(found.slice(2), "hex").toString("latin1"));
    return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(found) ? Number(found) : found;
  }

  /** The rest of a string whose first quote is passed. */
  #string(): string {
    const parts: string[] = [];
    const plain = /[^'\\]+/y;
    for (;;) {
      plain.lastIndex = this.at;
      const [run = ""] = plain.exec(this.#text) ?? [];
      parts.push(run);
      this.at += run.length;
      const [sign = "", next = ""] = [this.#text[this.at], this.#text[this.at + 1]];
      if (sign === "\\") {
        parts.push(escapes[next] ?? next);
        this.at += 2;
      } else if (sign === "'" && next === "'") {
        parts.push("'");
        this.at += 2;
      } else {
        if (sign === "") this.expect("'");
        this.at += 1;
        return parts.join("");
      }
    }
  }
}

function textOf(latin1: string): string | Bytes {
  const bytes = Buffer.from(latin1, "latin1");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { bytes: bytes.toString("hex") };
  }
}
