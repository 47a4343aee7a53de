/** What pg_dump writes in its plain format: `COPY table (columns) FROM stdin;`, rows with tabs, `\.`. */
import type { Row, Tables } from "./tables.ts";

const escapes: Readonly<Record<string, string>> = {
  t: "\t",
  n: "\n",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
};

export function isPostgresDump(text: string): boolean {
  return /^-- PostgreSQL database dump/m.test(text.slice(0, 2000));
}

/** Values as text; null for `\N`. */
export function readPostgresDump(text: string): Tables {
  const tables = new Map<string, Row[]>();
  let open: { readonly rows: Row[]; readonly columns: readonly string[] } | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open === undefined) {
      const [, table, columns = ""] =
        /^COPY (?:\w+\.)?"?(\w+)"? \((.*)\) FROM stdin;$/.exec(line) ?? [];
      if (table === undefined) continue;
      open = { rows: [], columns: columns.split(", ").map((name) => name.replaceAll('"', "")) };
      tables.set(table, open.rows);
    } else if (line === "\\.") open = undefined;
    else {
      const cells = line.split("\t").map(valueOf);
      open.rows.push(
        Object.fromEntries(open.columns.map((name, index) => [name, cells[index] ?? null])),
      );
    }
  }
  return tables;
}

function valueOf(cell: string): string | null {
  if (cell === "\\N") return null;
  return cell.replaceAll(/\\(.)/g, (_, sign: string) => escapes[sign] ?? sign);
}
