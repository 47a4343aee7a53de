/**
 * Spreadsheets on their way into the inventory: staged, which is the dry run; decided; committed as one changeset; taken back.
 *
 * 1. Nothing is written before the commit, and the commit writes only what was shown: when the store moved on, the plan is shown again.
 * 2. What a row may not do leaves the other rows alone.
 * 3. The claims of a row are written in the transaction that writes the row. */
import { InventoryError, badRequest } from "../inventory/problem.ts";
import type { ImportRecord } from "../inventory/import-records.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { passing } from "../model/crash-points.ts";
import type { JsonObject } from "../model/json.ts";
import {
  changeImport,
  createImport,
  listImports,
  loadImport,
  loadRows,
  saveRows,
  type ImportRow,
} from "../store/inventory/imports.ts";
import { loadChangeset } from "../store/inventory/changesets.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { Inventory } from "./inventory.ts";
import type { Sheets } from "./inventory-sheets.ts";
import { readCursor } from "./inventory-changesets.ts";
import { pageLength } from "./inventory-history.ts";
import { commitPlan, type Committed } from "./inventory-import-commit.ts";
import { readFile, rememberFile, type ImportFile } from "./inventory-import-file.ts";
import { planImport, type ImportPlan } from "./inventory-import-plan.ts";
import {
  decisionKey,
  importView,
  planOptions,
  readDecision,
  recordOf,
  rowView,
  summaryOf,
  type ImportView,
} from "./inventory-import-view.ts";
import { deniedOf } from "./inventory-permit.ts";
import type { Author } from "./inventory-write.ts";

export interface ImportOptions {
  readonly authority: readonly string[] | undefined;
  readonly newest: boolean;
  /** What other sources own is changed too. */
  readonly override?: boolean;
}

const mostRows = 200_000;

/** The inventory as somebody sees it. */
export type ImportGround = Pick<
  Inventory,
  "ground" | "timeZone" | "upsert" | "workshop" | "revertChangeset"
>;

export class Imports {
  readonly #service: ImportGround;
  readonly #read: Sheets["read"];
  readonly #actor: string;

  /** `actor`: who asks. */
  constructor(service: ImportGround, read: Sheets["read"], actor: string) {
    this.#service = service;
    this.#read = read;
    this.#actor = actor;
  }

  /** Reads the files and plans what they would do; `id` adds them to an import that is staged already. */
  async stage(
    files: readonly ImportFile[],
    {
      id,
      options,
      author,
    }: {
      readonly id?: string | undefined;
      readonly options: ImportOptions;
      readonly author: Author;
    },
  ): Promise<ImportView> {
    if (files.length === 0) throw badRequest("files: expected at least one spreadsheet");
    this.#permit(options);
    const before = id === undefined ? undefined : await this.#staged(id);
    const read: { readonly records: readonly ImportRecord[]; readonly about: JsonObject }[] = [];
    for (const file of files) read.push(await readFile(this.#service, this.#read, file));
    const old = before === undefined ? [] : await this.#records(before.id);
    const records = [...old, ...read.flatMap((one) => one.records)];
    if (records.length > mostRows)
      throw badRequest(
        `the sheets have ${records.length} rows; at most ${mostRows} are imported at once`,
      );
    const { db } = this.#service.ground;
    const importId = before?.id ?? uuidv7();
    if (before === undefined)
      await createImport(db, { id: importId, createdBy: author.actor, options: { ...options } });
    await changeImport(db, importId, {
      files: [...(before?.files ?? []), ...read.map(({ about }) => about)],
    });
    await this.#plan(importId, records);
    return this.view(importId);
  }

  #permit({ override }: ImportOptions): void {
    // Whose cells it will meet is known only afterwards.
    if (override === true && !this.#service.ground.eyes.unlimited)
      throw deniedOf("approve", "whatever others own, as an import that overrides would");
  }

  async #plan(id: string, records: readonly ImportRecord[]): Promise<ImportPlan> {
    const { db } = this.#service.ground;
    const row = await this.#load(id);
    const plan = await planImport(this.#service, records, planOptions(row));
    const rows = plan.rows.map((one, ord) => ({
      ord,
      action: one.action,
      record: { ...records[ord] },
      plan: { ...one },
    }));
    await saveRows(db, id, rows);
    await changeImport(db, id, {
      summary: summaryOf(plan),
      fingerprint: plan.fingerprint,
      conflicts: plan.conflicts.map((one) => ({ ...one })),
    });
    return plan;
  }

  async #records(id: string): Promise<readonly ImportRecord[]> {
    const rows = await loadRows(this.#service.ground.db, id, { limit: mostRows });
    return rows.map(({ record }) => recordOf(record));
  }

  /** Words about contested cells; the plan is made again with them. */
  async decide(id: string, decisions: readonly JsonObject[]): Promise<ImportView> {
    const row = await this.#staged(id);
    for (const one of decisions) readDecision(one);
    const merged = new Map([...row.decisions, ...decisions].map((one) => [decisionKey(one), one]));
    await changeImport(this.#service.ground.db, row.id, { decisions: [...merged.values()] });
    await this.#plan(row.id, await this.#records(row.id));
    return this.view(row.id);
  }

  /**
   * Writes what was shown, as one changeset. Throws INVENTORY_IMPORT_STATE when the store moved on meanwhile (the new plan is staged then), or
   * when rows have errors and `skipErrors` is not wished.
   */
  async commit(
    id: string,
    { author, skipErrors }: { readonly author: Author; readonly skipErrors: boolean },
  ): Promise<ImportView & { readonly result: Committed }> {
    const row = await this.#staged(id, ["staged", "committing"]);
    const records = await this.#records(row.id);
    const plan = await planImport(this.#service, records, planOptions(row));
    const { db } = this.#service.ground;
    // An attempt that was cut short has done a part already.
    if (row.state === "staged" && plan.fingerprint !== row.fingerprint) {
      await this.#plan(row.id, records);
      throw new InventoryError(
        "INVENTORY_IMPORT_STATE",
        [
          "out of date",
          "the inventory changed since it was staged; look at it again, and commit then",
        ],
        { import: row.id },
      );
    }
    const wrong = plan.rows.filter(({ action }) => action === "error").length;
    if (wrong > 0 && !skipErrors)
      throw new InventoryError(
        "INVENTORY_IMPORT_STATE",
        [
          "not without errors",
          `${wrong} of ${plan.rows.length} rows cannot be imported; correct them, or commit with skip_errors`,
        ],
        { errors: wrong },
      );
    const changeset = row.changeset ?? uuidv7();
    await changeImport(db, row.id, { state: "committing", changeset });
    const sources = [...new Set(records.map(({ source }) => source))];
    const writer = {
      ...author,
      kind: "import" as const,
      changeset,
      source: sources.length === 1 ? sources[0] : undefined,
      reason:
        author.reason ?? `import of ${row.files.map((file) => String(file["name"])).join(", ")}`,
    };
    const done = await commitPlan(this.#service, plan, { author: writer, importId: row.id });
    passing("import.after-commit");
    // Those of an attempt that was cut short count too.
    const result = { ...done, changes: (await loadChangeset(db, changeset, undefined))?.size ?? 0 };
    for (const file of row.files) await rememberFile(db, file);
    await changeImport(db, row.id, {
      state: "committed",
      committedBy: author.actor,
      summary: { ...row.summary, ...summaryOf(plan), ...result },
    });
    return { ...(await this.view(row.id)), result };
  }

  /** A committed import as it was never made: one revert of its changeset. */
  async revert(id: string, author: Author): Promise<ImportView> {
    const row = await this.#load(id);
    if (row.state !== "committed" || row.changeset === null)
      throw new InventoryError("INVENTORY_IMPORT_STATE", [
        row.state,
        "only a committed import can be taken back",
      ]);
    if (row.summary["changes"] !== 0) await this.#service.revertChangeset(row.changeset, author);
    await changeImport(this.#service.ground.db, row.id, { state: "reverted" });
    return this.view(row.id);
  }

  async discard(id: string): Promise<ImportView> {
    const row = await this.#staged(id);
    await changeImport(this.#service.ground.db, row.id, { state: "discarded" });
    await saveRows(this.#service.ground.db, row.id, []);
    return this.view(row.id);
  }

  /** Newest first; `after` is the `next` of an earlier page. */
  async list(page: {
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<{ readonly imports: readonly ImportView[]; readonly next?: string }> {
    const limit = pageLength(page.limit);
    const after = page.after === undefined ? undefined : readCursor(page.after);
    const rows = await listImports(this.#service.ground.db, { after, limit: limit + 1 });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const seen = rows.slice(0, limit).filter((row) => this.#mayLook(row));
    return {
      imports: seen.map((row) => ({ ...importView(row), conflicts: undefined })),
      ...(last === undefined ? {} : { next: `${last.createdAt.toISOString()}~${last.id}` }),
    };
  }

  /** Rows with what they would do, in order; `after` the number of the last one seen. */
  async rows(
    id: string,
    page: {
      readonly action?: string | undefined;
      readonly after?: number | undefined;
      readonly limit?: number | undefined;
    },
  ): Promise<{ readonly rows: readonly JsonObject[]; readonly next?: number }> {
    const row = await this.#load(id);
    const limit = pageLength(page.limit);
    const actions = page.action === undefined ? undefined : page.action.split(",");
    const found = await loadRows(this.#service.ground.db, row.id, {
      actions,
      after: page.after,
      limit: limit + 1,
    });
    const last = found.length > limit ? found[limit - 1] : undefined;
    return {
      rows: found.slice(0, limit).map(rowView),
      ...(last === undefined ? {} : { next: last.ord }),
    };
  }

  async view(id: string): Promise<ImportView> {
    return importView(await this.#load(id));
  }

  async #load(id: string): Promise<ImportRow> {
    const row = isUuid(id)
      ? await loadImport(this.#service.ground.db, id.toLowerCase())
      : undefined;
    if (row === undefined || !this.#mayLook(row))
      throw new InventoryError("INVENTORY_IMPORT_UNKNOWN", [JSON.stringify(id)]);
    return row;
  }

  /** Sheets may say what not everybody may read: an import is for who made it, and for who may see everything. */
  #mayLook({ createdBy }: ImportRow): boolean {
    return this.#service.ground.eyes.unlimited || createdBy === this.#actor;
  }

  async #staged(
    id: string,
    states: readonly ImportRow["state"][] = ["staged"],
  ): Promise<ImportRow> {
    const row = await this.#load(id);
    if (states.includes(row.state)) return row;
    throw new InventoryError("INVENTORY_IMPORT_STATE", [row.state, "it can no longer be changed"]);
  }
}
