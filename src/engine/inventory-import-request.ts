/** A wish to import spreadsheets, as it comes in JSON. */
import { badRequest } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import type { ColumnMapping } from "../inventory/sheet-heads.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { ExportWish } from "./inventory-export.ts";
import type { ImportFile } from "./inventory-import-file.ts";
import type { ImportOptions } from "./inventory-imports.ts";

export interface ImportRequest {
  readonly files: readonly ImportFile[];
  readonly options: ImportOptions;
  /** A staged import that the files are added to. */
  readonly id: string | undefined;
}

function textIn(body: JsonObject, name: string, path: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`${path}${name} is ${shown(value)}; expected text`);
}

/** Throws INVENTORY_REQUEST that says where and what was expected. */
export function readImport(body: JsonObject): ImportRequest {
  const { files, newest, authority, override } = body;
  if (!Array.isArray(files) || files.length === 0)
    throw badRequest("files: expected a list of {name, source, content}, the content in base64");
  if (newest !== undefined && typeof newest !== "boolean")
    throw badRequest("newest: expected true or false");
  if (override !== undefined && override !== null && typeof override !== "boolean")
    throw badRequest("override: expected true or false");
  return {
    files: files.map((file: unknown, index) => readFile(file, `files[${index}].`)),
    options: {
      newest: newest === true,
      authority: authorityOf(authority),
      override: override === true,
    },
    id: textIn(body, "import", ""),
  };
}

function authorityOf(given: unknown): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given) && given.every((one) => typeof one === "string")) return given;
  throw badRequest("authority: expected a list of sources, best first");
}

function readFile(given: unknown, path: string): ImportFile {
  if (!isObject(given)) throw badRequest(`${path.slice(0, -1)} is not an object`);
  const source = textIn(given, "source", path);
  if (source === undefined)
    throw badRequest(`${path}source is missing; expected whose sheet it is, as ops-sheet`);
  const asOf = textIn(given, "as_of", path);
  const moment = asOf === undefined ? undefined : isoMoment(asOf);
  if (asOf !== undefined && moment === undefined)
    throw badRequest(`${path}as_of is ${shown(asOf)}; expected 2026-04-01T09:00:00+09:00`);
  return {
    name: textIn(given, "name", path) ?? source,
    content: contentOf(given, path),
    source,
    type: textIn(given, "type", path),
    sheet: textIn(given, "sheet", path),
    encoding: textIn(given, "encoding", path),
    columns: columnsOf(given["columns"], path),
    asOf: moment,
  };
}

function contentOf(given: JsonObject, path: string): string {
  const text = textIn(given, "text", path);
  if (text !== undefined) return Buffer.from(text, "utf8").toString("base64");
  const content = textIn(given, "content", path) ?? "";
  if (/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) return content;
  throw badRequest(`${path}content is no base64; send text as \`text\``);
}

function columnsOf(given: unknown, path: string): ColumnMapping {
  if (given === undefined || given === null) return {};
  if (!isObject(given))
    throw badRequest(`${path}columns: expected an object of headings and attributes`);
  return Object.fromEntries(
    Object.entries(given).map(([heading, attribute]) => {
      if (typeof attribute === "string" || attribute === null) return [heading, attribute ?? ""];
      throw badRequest(`${path}columns.${heading}: expected an attribute, or "" for none`);
    }),
  );
}

function oneOf<Name extends string>(
  body: JsonObject,
  name: string,
  names: readonly [Name, ...Name[]],
): Name {
  const given = textIn(body, name, "") ?? names[0];
  const found = names.find((one) => one === given);
  if (found !== undefined) return found;
  throw badRequest(`${name} is ${shown(given)}; expected ${names.join(", ")}`);
}

/** A wish to export entries. Throws INVENTORY_REQUEST that says what was expected. */
export function readExport(body: JsonObject): ExportWish {
  const { where, columns } = body;
  const type = textIn(body, "type", "");
  if (type === undefined) throw badRequest("type is missing; expected the name of a type");
  if (where !== undefined && !isObject(where)) throw badRequest("where: expected a condition");
  return {
    type,
    where: where ?? {},
    text: textIn(body, "text", ""),
    sort: textIn(body, "sort", ""),
    format: oneOf(body, "format", ["csv", "xlsx"]),
    encoding: oneOf(body, "encoding", ["utf-8", "cp932"]),
    columns: Array.isArray(columns) ? columns.map(String) : textIn(body, "columns", "")?.split(","),
    source: textIn(body, "source", ""),
    language: oneOf(body, "language", ["ja", "en", "name"]),
  };
}
