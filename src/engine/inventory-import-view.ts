/** Imports as they are stored, and as callers see them. */
import type { ImportRecord } from "../inventory/import-records.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { ImportRow, StagedRow } from "../store/inventory/imports.ts";
import type { ImportDecision, ImportPlan, PlanOptions } from "./inventory-import-plan.ts";

export interface ImportView extends JsonObject {
  readonly id: string;
  readonly state: ImportRow["state"];
}

export function refusedFile(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const kind = "original" in error ? error.original : error.name;
  if (kind === "SheetRefused")
    return new InventoryError("INVENTORY_SHEET_REFUSED", [error.message.replace(/\.$/, "")]);
  const because: Readonly<Record<string, string>> = {
    DeadlineExceeded: "reading it takes too long",
    ChildCrashed: "reading it takes too much memory",
    OutputTooLarge: "it holds too much",
  };
  const words = because[error.name];
  return words === undefined
    ? error
    : new InventoryError("INVENTORY_SHEET_REFUSED", [`${name} is refused: ${words}`]);
}

export function planOptions({ options, decisions }: ImportRow): PlanOptions {
  const { authority, newest, override } = options;
  return {
    authority: Array.isArray(authority) ? authority.map(String) : undefined,
    newest: newest === true,
    override: override === true,
    decisions: decisions.map(readDecision),
  };
}

/** Throws INVENTORY_REQUEST that says what was expected. */
export function readDecision(given: JsonObject): ImportDecision {
  const { type, entry, attribute, take } = given;
  if (typeof type !== "string" || typeof attribute !== "string")
    throw badRequest(
      "a decision names type and attribute, and entry unless it is for the whole column",
    );
  if (entry !== undefined && entry !== null && typeof entry !== "string")
    throw badRequest("entry: expected the name or the id of an entry");
  const about = { type, attribute, entry: entry ?? undefined };
  if (typeof take === "string") return { ...about, decision: { take } };
  if (Object.hasOwn(given, "value")) return { ...about, decision: { value: given["value"] } };
  throw badRequest('a decision says take (a source, or "document") or value');
}

export function summaryOf({ rows, conflicts }: ImportPlan): JsonObject {
  const count = (action: string): number => rows.filter((row) => row.action === action).length;
  return {
    rows: rows.length,
    create: count("create"),
    update: count("update"),
    unchanged: count("unchanged"),
    conflict: count("conflict"),
    error: count("error"),
    conflicts: conflicts.length,
    locked: rows.flatMap(({ changes }) => changes).filter(({ locked_by: by }) => by !== undefined)
      .length,
    undecided: conflicts.filter(({ decided }) => decided === null).length,
  };
}

export function importView(row: ImportRow): ImportView {
  const {
    createdBy,
    createdAt,
    committedBy,
    committedAt,
    fingerprint: _fingerprint,
    ...rest
  } = row;
  return {
    ...rest,
    // A commit that changed nothing left none.
    changeset: row.summary["changes"] === 0 ? null : row.changeset,
    created_by: createdBy,
    created_at: createdAt.toISOString(),
    committed_by: committedBy,
    committed_at: committedAt?.toISOString() ?? null,
  };
}

function textsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

/** A record as it was stored. */
export function recordOf(stored: JsonObject): ImportRecord {
  const text = (name: string): string => {
    const value = stored[name];
    return typeof value === "string" ? value : "";
  };
  const { id, set, row, problems } = stored;
  return {
    file: text("file"),
    sheet: text("sheet"),
    row: Number(row),
    source: text("source"),
    type: text("type"),
    asOf: text("asOf"),
    id: typeof id === "string" ? id : undefined,
    set: isObject(set) ? set : {},
    written: isObject(stored["written"]) ? stored["written"] : {},
    cells: textsOf(stored["cells"]),
    headings: textsOf(stored["headings"]),
    lacking: textsOf(stored["lacking"]),
    problems: Array.isArray(problems) ? problems : [],
  };
}

/** Equal for two words about the same cell. */
export function decisionKey({ type, entry, attribute }: JsonObject): string {
  return JSON.stringify([type, entry ?? null, attribute]);
}

/** A row with what it would do: where it stands, what it says, what is wrong with it. */
export function rowView({ ord, action, record, plan }: StagedRow): JsonObject {
  const { file, sheet, row, source, type, set } = record;
  return { number: ord, file, sheet, row, source, type, set, ...plan, action };
}
