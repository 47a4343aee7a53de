/** Files of other inventories: RackTables' database dump; NetBox' database dump, `dumpdata`, API pages and CSV exports. */
import type { Grid } from "../../model/grid.ts";
import { decodeText, readCsv } from "../read-csv.ts";
import { SheetRefused } from "../refused.ts";
import { isMysqlDump, readMysqlDump } from "./mysql-dump.ts";
import { netboxSheets } from "./netbox.ts";
import { netboxCsv, netboxCsvTable, netboxJson } from "./netbox-tables.ts";
import { isPostgresDump, readPostgresDump } from "./postgres-dump.ts";
import { rackTablesSheets } from "./racktables.ts";
import type { Tables } from "./tables.ts";

/** What the file says about entries; undefined when it is no file of another inventory. Throws SheetRefused. */
export function foreignSheets(
  name: string,
  bytes: Uint8Array,
  encoding?: string,
): readonly Grid[] | undefined {
  if (Buffer.from(bytes.subarray(0, 5)).toString("latin1") === "PGDMP")
    throw new SheetRefused(
      `${name} is a dump in pg_dump's own format; write it with --format=plain`,
    );
  if (isMysqlDump(bytes)) return rackTablesOf(name, readMysqlDump(name, bytes));
  const table = netboxCsvTable(name);
  if (table !== undefined)
    return netboxSheets(netboxCsv(table, readCsv(name, bytes, encoding).rows));
  const start = Buffer.from(bytes.subarray(0, 2000))
    .toString("latin1")
    .replace(/^\xEF\xBB\xBF/, "")
    .trimStart();
  if (/^[[{]/.test(start)) return jsonOf(name, decodeText(bytes, encoding));
  if (!isPostgresDump(start)) return undefined;
  const tables = readPostgresDump(decodeText(bytes, "utf-8"));
  if (tables.has("dcim_device")) return netboxSheets(tables);
  throw new SheetRefused(
    `${name} is a dump of PostgreSQL without the tables of NetBox (dcim_device, …)`,
  );
}

function rackTablesOf(name: string, tables: Tables): readonly Grid[] {
  if (tables.has("Object")) return rackTablesSheets(tables);
  throw new SheetRefused(
    `${name} is a dump of MySQL without the tables of RackTables (Object, RackSpace, …)`,
  );
}

/** A sheet of text may begin with a bracket as well: what is no JSON, and is not called so, is read as CSV. */
function jsonOf(name: string, text: string): readonly Grid[] | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    if (!/\.json(\.gz)?$/i.test(name)) return undefined;
    throw new SheetRefused(
      `${name} is no sound JSON: ${error instanceof Error ? error.message : ""}`,
    );
  }
  const tables = netboxJson(document);
  if (tables !== undefined) return netboxSheets(tables);
  throw new SheetRefused(
    `${name} is JSON, but neither NetBox' dumpdata ([{model, pk, fields}]) nor pages of its API ({results: [{url, …}]})`,
  );
}
