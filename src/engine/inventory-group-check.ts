/** Whether the queries that written groups keep can be asked, as whoever writes them sees the inventory. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { sameJson } from "../inventory/patch.ts";
import { InventoryError } from "../inventory/problem.ts";
import { readFilterQuery } from "../inventory/saved-filter.ts";
import type { Checked, EntryProblem } from "../inventory/validate.ts";
import type { Db } from "../store/schema.ts";
import { openEyes } from "./inventory-eyes.ts";
import { compiledWhere, contextOf, queryClock, searchedTypes } from "./inventory-search.ts";
import type { Draft } from "./inventory-write.ts";

/** What `today` is does not matter to whether something can be asked. */
const someDay = queryClock(0, "UTC");

/** The checks with the faults of group queries that the drafts change. */
export async function checkedGroups(
  db: Db,
  drafts: readonly Draft[],
  {
    checks,
    known,
  }: { readonly checks: readonly (Checked | undefined)[]; readonly known: Catalogue },
): Promise<readonly (Checked | undefined)[]> {
  if (drafts.every(({ type }) => type.group?.query === undefined)) return checks;
  const judged: (Checked | undefined)[] = [];
  for (const [index, draft] of drafts.entries()) {
    const checked = checks[index];
    const problem =
      checked === undefined || "problems" in checked
        ? undefined
        : await queryProblem(db, draft, checked.document, known);
    judged.push(problem === undefined ? checked : { problems: [problem] });
  }
  return judged;
}

async function queryProblem(
  db: Db,
  { id, type, before, eyes: given }: Draft,
  document: Readonly<Record<string, unknown>>,
  known: Catalogue,
): Promise<EntryProblem | undefined> {
  const path = type.group?.query ?? "";
  const stored = document[path];
  if (stored === undefined || stored === null || sameJson(stored, before?.doc[path]))
    return undefined;
  const eyes = given ?? openEyes(() => known);
  try {
    const query = readFilterQuery(stored);
    const types = searchedTypes(eyes.known, query.types);
    const context = contextOf({ eyes, clock: someDay });
    await compiledWhere(db, query.where, types, { context, eyes, group: { id, query } });
    return undefined;
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    return { path, message: `${path}: ${error.message}` };
  }
}
