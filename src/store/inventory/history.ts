import { sql } from "kysely";
import type { FeedRow, OperationLetter } from "../../inventory/event.ts";
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

/** A place in the change feed. */
export interface FeedCursor {
  readonly xid: string;
  readonly seq: string;
}
export const feedStart: FeedCursor = { xid: "0", seq: "0" };

interface FeedRecord {
  xid: string;
  seq: string;
  op: OperationLetter;
  at: Date;
  type: string;
  entryId: string;
  name: string;
  version: number;
  previous: JsonObject | null;
  doc: JsonObject;
  id: string;
  size: number;
  actor: string;
  originKind: string;
  source: string | null;
  message: string | null;
  ticket: string | null;
  execution: string | null;
  ruleChain: string[];
  causes: string[];
  depth: number;
}

/**
 * The next events after the cursor, in feed order. Only transactions older than every running one are seen: an event that commits
 * late but was numbered early is then never skipped.
 */
export async function readFeed(
  db: Db,
  after: FeedCursor,
  limit: number,
): Promise<readonly FeedRow[]> {
  const { rows } = await sql<FeedRecord>`
    select v.xid::text as xid, v.seq::text as seq, v.op, r.at, t.name as type, v.entry_id as "entryId", r.name, v.version, p.doc as previous, r.doc,
      c.id, c.size, c.actor, c.origin_kind as "originKind", c.source, c.message, c.ticket, c.execution, c.rule_chain as "ruleChain", c.causes, c.depth
    from (select * from inv.event where (xid, seq) > (${after.xid}::xid8, ${after.seq}::bigint)
        and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, seq limit ${limit}) v
      join inv.revision r on r.entry_id = v.entry_id and r.version = v.version
      join inv.changeset c on c.id = r.changeset_id join inv.type t on t.id = r.type_id
      left join inv.revision p on p.entry_id = v.entry_id and p.version = v.version - 1
    order by v.xid, v.seq`.execute(db);
  return rows.map(feedRow);
}

function feedRow(record: FeedRecord): FeedRow {
  const { xid, seq, op, at, type, entryId, name, version, previous, doc, ...changeset } = record;
  return {
    xid,
    seq,
    op,
    at: at.toISOString(),
    type,
    entryId,
    name,
    version,
    before: op === "I" || op === "R" ? undefined : (previous ?? undefined),
    after: op === "D" ? undefined : doc,
    changeset,
  };
}

/** Deletes events that every reader has passed. Returns how many. */
export async function pruneFeed(db: Db, upTo: FeedCursor): Promise<number> {
  const { numAffectedRows } =
    await sql`delete from inv.event where (xid, seq) <= (${upTo.xid}::xid8, ${upTo.seq}::bigint)`.execute(
      db,
    );
  return Number(numAffectedRows ?? 0);
}
