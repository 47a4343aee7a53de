import { sql } from "kysely";
import type { OperationLetter } from "../../inventory/event.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

export interface RevisionRow {
  readonly version: number;
  readonly at: Date;
  readonly op: OperationLetter;
  readonly name: string;
  readonly doc: JsonObject;
  /** The document one version earlier; null for the first. */
  readonly before: JsonObject | null;
  readonly changesetId: string;
  readonly actor: string;
  readonly originKind: string;
  readonly source: string | null;
  readonly message: string | null;
  readonly ticket: string | null;
  readonly execution: string | null;
  readonly ruleChain: readonly string[];
}

/** Revisions of an entry, newest first, below version `before` (undefined = from the newest). */
export async function loadHistory(
  db: Db,
  entryId: string,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<readonly RevisionRow[]> {
  const { rows } = await sql<RevisionRow>`
    select r.version, r.at, r.op, r.name, r.doc, p.doc as before, c.id as "changesetId", c.actor, c.origin_kind as "originKind",
      c.source, c.message, c.ticket, c.execution, c.rule_chain as "ruleChain"
    from inv.revision r join inv.changeset c on c.id = r.changeset_id
      left join inv.revision p on p.entry_id = r.entry_id and p.version = r.version - 1
    where r.entry_id = ${entryId}::uuid and r.version < ${before ?? 2_147_483_647}
    order by r.version desc limit ${limit}`.execute(db);
  return rows;
}

/** The document as it was at a version. */
export async function loadRevision(
  db: Db,
  entryId: string,
  version: number,
): Promise<JsonObject | undefined> {
  const { rows } = await sql<{ doc: JsonObject }>`
    select doc from inv.revision where entry_id = ${entryId}::uuid and version = ${version}`.execute(
    db,
  );
  return rows[0]?.doc;
}
