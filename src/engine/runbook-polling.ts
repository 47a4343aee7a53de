/** New versions of the documents. */
import { isObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import type { Core } from "./core.ts";
import type { Look } from "./request-polling.ts";
import type { RunbookBook } from "./runbook-book.ts";

const cursorName = "runbook repository";

/** What changed at the head of the branch; undefined when nothing did, or no documents are configured. The first look tells nothing of the past. */
export async function lookForDocuments(
  { core, book }: { readonly core: Core; readonly book: RunbookBook },
  signal: AbortSignal,
): Promise<Look | undefined> {
  const { url, branch } = await book.settings();
  if (url === undefined) return undefined;
  const commit = await book.head({ asking: "required", signal });
  const row = await core.database.db
    .selectFrom("sensor_cursor")
    .select("value")
    .where("name", "=", cursorName)
    .executeTakeFirst();
  const value = isObject(row?.value) ? row.value : {};
  const last =
    value["url"] === url && typeof value["commit"] === "string" ? value["commit"] : undefined;
  if (last === commit) return undefined;
  const cursor = { name: cursorName, value: { url, commit } };
  if (last === undefined) return { events: [], cursor };
  // A rewritten history has no way from the last commit: then the newest change is told alone.
  const after = (await book.has(last)) ? last : undefined;
  const wanted = after === undefined ? { most: 1 } : { after };
  const changes = await book.changes(commit, wanted, signal);
  const events = changes.toReversed().map((change): NewEvent => ({
    trigger: "runbook.repo.updated",
    source: "runbook",
    dedupeKey: change.commit,
    payload: {
      commit: change.commit,
      head: commit,
      branch: branch ?? "HEAD",
      files: change.files,
      author: change.author,
      email: change.email,
      at: change.at,
      subject: change.subject,
    },
  }));
  return { events, cursor };
}
