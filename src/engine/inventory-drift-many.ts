/** Many differences decided with one word: one changeset for each source. */
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { closeChangeset } from "../store/inventory/write.ts";
import { decideDrift, drifts, readDriftQuery, type DriftDecision } from "./inventory-drift.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { text, texts } from "./inventory-parameters.ts";
import type { Author } from "./inventory-write.ts";

const most = 10_000;

export interface DriftWish {
  readonly decision: DriftDecision;
  readonly comment: string | undefined;
  readonly author: Author;
}

export function readDecision(given: JsonObject): DriftDecision {
  const decision = text(given, "decision");
  if (decision === "approve" || decision === "reject" || decision === "enforce") return decision;
  throw badRequest("decision: expected approve, reject or enforce");
}

/** `drifts` (ids), or those that `where` finds as the list does (source, type, attribute, state, entry); one answer for each. */
export async function decideDrifts(
  service: ImportGround,
  given: JsonObject,
  wish: DriftWish,
): Promise<JsonObject> {
  const named = texts(given, "drifts");
  const { where } = given;
  if ((named === undefined) === !isObject(where))
    throw badRequest(
      "give drifts (a list of ids), or where ({source, type, attribute, state, entry})",
    );
  const ids = named ?? (await idsOf(service, isObject(where) ? where : {}));
  if (ids.length > most)
    throw badRequest(`${ids.length} differences; at most ${most} are decided at once`);
  const changesets = new Map<string, string>();
  const results: JsonObject[] = [];
  for (const id of ids) results.push(await decideOne(service, id, { wish, changesets }));
  for (const changeset of changesets.values())
    await closeChangeset(service.workshop.database.db, changeset);
  const failed = results.filter(({ error }) => error !== undefined).length;
  return { decided: results.length - failed, failed, results };
}

async function idsOf(service: ImportGround, where: JsonObject): Promise<readonly string[]> {
  const query = readDriftQuery(where);
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await drifts(service, { ...query, after, limit: 500 });
    ids.push(...page.drifts.map(({ id }) => String(id)));
    after = page.next;
  } while (after !== undefined && ids.length <= most);
  return ids;
}

async function decideOne(
  service: ImportGround,
  id: string,
  { wish, changesets }: { readonly wish: DriftWish; readonly changesets: Map<string, string> },
): Promise<JsonObject> {
  const changesetFor = (source: string): Author => {
    const changeset = changesets.get(source) ?? uuidv7();
    changesets.set(source, changeset);
    return { ...wish.author, changeset, open: true };
  };
  try {
    return await decideDrift(service, id, { ...wish, author: changesetFor });
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    return { id, error: error.message, code: error.code };
  }
}
