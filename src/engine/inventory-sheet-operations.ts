/** What actions can do with spreadsheets, reports and differences. */
import { badRequest } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { readChange } from "../inventory/change-request.ts";
import {
  changes,
  changeVerbs,
  changeView,
  decideChange,
  proposeChange,
} from "./inventory-changes.ts";
import { conflicts, resolveConflict } from "./inventory-conflicts.ts";
import { claimsAbout, decideDrift, drifts, readDriftQuery } from "./inventory-drift.ts";
import { decideDrifts, readDecision } from "./inventory-drift-many.ts";
import { exportEntries } from "./inventory-export.ts";
import { readExport, readImport } from "./inventory-import-request.ts";
import { Imports } from "./inventory-imports.ts";
import type { Inventory } from "./inventory.ts";
import { observeAll, readReport } from "./inventory-observe.ts";
import { count, needed, text } from "./inventory-parameters.ts";
import { notePushes, readPushes } from "./inventory-pushes.ts";
import type { Author } from "./inventory-write.ts";

export type Operation = (
  service: Inventory,
  parameters: JsonObject,
  author: Author,
) => Promise<unknown>;

function importsOf(service: Inventory, author: Author): Imports {
  return new Imports(service, (file) => service.sheets.read(file), author.actor);
}

async function importSheets(
  service: Inventory,
  parameters: JsonObject,
  author: Author,
): Promise<unknown> {
  const { files, options, id } = readImport(parameters);
  const imports = importsOf(service, author);
  const staged = await imports.stage(files, { id, options, author });
  if (parameters["commit"] !== true) return staged;
  return imports.commit(staged.id, { author, skipErrors: parameters["skip_errors"] === true });
}

export const sheetOperations: Readonly<Record<string, Operation>> = {
  import_sheets: importSheets,
  import_decide: (service, parameters, author) => {
    const { decisions } = parameters;
    if (!Array.isArray(decisions)) throw badRequest("decisions: expected a list");
    return importsOf(service, author).decide(
      needed(parameters, "import"),
      decisions.filter(isObject),
    );
  },
  import_commit: (service, parameters, author) =>
    importsOf(service, author).commit(needed(parameters, "import"), {
      author,
      skipErrors: parameters["skip_errors"] === true,
    }),
  import_revert: (service, parameters, author) =>
    importsOf(service, author).revert(needed(parameters, "import"), author),
  export_sheet: (service, parameters) => exportEntries(service.exported, readExport(parameters)),
  report: (service, parameters, author) =>
    observeAll(service, readReport(parameters, new Date().toISOString()), author),
  pushed: async (service, parameters, author) => ({
    results: await notePushes(service, readPushes(parameters), author),
  }),
  claims: (service, parameters) => claimsAbout(service, needed(parameters, "entry")),
  drifts: (service, parameters) => drifts(service, readDriftQuery(parameters)),
  decide_drift: (service, parameters, author) => {
    const wish = {
      decision: readDecision(parameters),
      comment: text(parameters, "comment"),
      author,
    };
    return decideDrift(service, needed(parameters, "drift"), wish);
  },
  decide_drifts: (service, parameters, author) => {
    const wish = {
      decision: readDecision(parameters),
      comment: text(parameters, "comment"),
      author,
    };
    return decideDrifts(service, parameters, wish);
  },
  propose_change: (service, parameters, author) =>
    proposeChange(service, readChange(parameters), author),
  changes: (service, parameters, author) =>
    changes(service, author.actor, {
      state: text(parameters, "state"),
      after: text(parameters, "after"),
      limit: count(parameters, "limit"),
    }),
  change: (service, parameters, author) =>
    changeView(service, needed(parameters, "change"), author.actor),
  decide_change: (service, parameters, author) => {
    const verb = changeVerbs.find((one) => one === parameters["decision"]);
    if (verb === undefined) throw badRequest(`decision: expected one of ${changeVerbs.join(", ")}`);
    const comment = text(parameters, "comment");
    return decideChange(service, needed(parameters, "change"), { verb, comment, author });
  },
  conflicts: (service, parameters) =>
    conflicts(service, { after: text(parameters, "after"), limit: count(parameters, "limit") }),
  resolve_conflict: (service, parameters, author) =>
    resolveConflict(service, {
      entry: needed(parameters, "entry"),
      attribute: needed(parameters, "attribute"),
      take: text(parameters, "take"),
      value: parameters["value"] ?? undefined,
      comment: text(parameters, "comment"),
      author,
    }),
};
