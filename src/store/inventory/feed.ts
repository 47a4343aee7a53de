/** The change feed as it is read. */
import { sql } from "kysely";
import type {
  ChangesetCount,
  FeedChangeset,
  FeedRow,
  OperationLetter,
} from "../../inventory/event.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

/** A place in the change feed. */
export interface FeedCursor {
  readonly xid: string;
  readonly seq: string;
}
export const feedStart: FeedCursor = { xid: "0", seq: "0" };

export interface FeedPage {
  readonly rows: readonly FeedRow[];
  /** Changesets that are complete, each after the row with that index. */
  readonly complete: readonly { readonly changeset: FeedChangeset; readonly after: number }[];
  /** Where the next page begins; undefined when there was nothing. */
  readonly next: FeedCursor | undefined;
}

interface FeedRecord extends Omit<FeedChangeset, "size"> {
  xid: string;
  seq: string;
  op: OperationLetter | "C";
  at: Date | null;
  type: string | null;
  entryId: string | null;
  name: string | null;
  version: number | null;
  previous: JsonObject | null;
  doc: JsonObject | null;
  size: number;
  closed: boolean;
}

/**
 * The next events after the cursor, in feed order. Only transactions older than every running one are seen: an event that commits
 * late but was numbered early is then never skipped.
 */
export async function readFeed(db: Db, after: FeedCursor, limit: number): Promise<FeedPage> {
  // One more than asked for tells whether the last changeset goes on.
  const { rows } = await sql<FeedRecord>`
    select v.xid::text as xid, v.seq::text as seq, v.op, r.at, t.name as type, v.entry_id as "entryId", r.name, v.version, p.doc as previous, r.doc,
      c.id, c.size, c.actor, c.origin_kind as "originKind", c.source, c.message, c.ticket, c.execution, c.rule_chain as "ruleChain", c.causes, c.depth,
      c.open_at is null as closed
    from (select * from inv.event where (xid, seq) > (${after.xid}::xid8, ${after.seq}::bigint)
        and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, seq limit ${limit + 1}) v
      left join inv.revision r on r.entry_id = v.entry_id and r.version = v.version
      join inv.changeset c on c.id = coalesce(v.changeset_id, r.changeset_id) left join inv.type t on t.id = r.type_id
      left join inv.revision p on p.entry_id = v.entry_id and p.version = v.version - 1
    order by v.xid, v.seq`.execute(db);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const found: FeedRow[] = [];
  const complete: { changeset: FeedChangeset; after: number }[] = [];
  for (const [index, record] of page.entries()) {
    const row = feedRow(record);
    if (row !== undefined) found.push(row);
    const goesOn = rows[index + 1]?.id === record.id && rows[index + 1]?.xid === record.xid;
    if (record.closed && !goesOn)
      complete.push({ changeset: changesetOf(record), after: found.length - 1 });
  }
  return {
    rows: found,
    complete,
    next: last === undefined ? undefined : { xid: last.xid, seq: last.seq },
  };
}

function changesetOf(record: FeedRecord): FeedChangeset {
  const { id, size, actor, originKind, source, message, ticket } = record;
  const { execution, ruleChain, causes, depth } = record;
  return {
    id,
    size,
    actor,
    originKind,
    source,
    message,
    ticket,
    execution,
    ruleChain,
    causes,
    depth,
  };
}

/** Undefined for the line that only closes a changeset. */
function feedRow(record: FeedRecord): FeedRow | undefined {
  const { xid, seq, op, at, type, entryId, name, version, previous, doc } = record;
  if (op === "C" || at === null || type === null || entryId === null) return undefined;
  return {
    xid,
    seq,
    op,
    at: at.toISOString(),
    type,
    entryId,
    name: name ?? "",
    version: version ?? 0,
    before: op === "I" || op === "R" ? undefined : (previous ?? undefined),
    after: op === "D" ? undefined : (doc ?? {}),
    changeset: changesetOf(record),
  };
}

export interface CompleteChangeset {
  readonly at: string;
  readonly reverts: string | null;
  readonly counts: readonly ChangesetCount[];
}

/** What changesets did, by id: how many of which type. */
export async function countChangesets(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CompleteChangeset>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{
    id: string;
    at: Date;
    reverts: string | null;
    type: string;
    op: OperationLetter;
    count: number;
  }>`
    select c.id, c.at, c.reverts, t.name as type, r.op, count(*)::int as count
    from inv.changeset c join inv.revision r on r.changeset_id = c.id join inv.type t on t.id = r.type_id
    where c.id = any(${ids}::uuid[]) group by c.id, t.name, r.op order by c.id, t.name, r.op`.execute(
    db,
  );
  return new Map(
    [...Map.groupBy(rows, ({ id }) => id)].map(([id, counts]) => [
      id,
      { at: counts[0]?.at.toISOString() ?? "", reverts: counts[0]?.reverts ?? null, counts },
    ]),
  );
}

/** Whether something waits behind the cursor that cannot be read yet: an older transaction is still running. */
export async function isFeedHeld(db: Db, after: FeedCursor): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    select exists (select 1 from inv.event where (xid, seq) > (${after.xid}::xid8, ${after.seq}::bigint)) as held`.execute(
    db,
  );
  return rows[0]?.held === true;
}

/** Seconds since the oldest change that no rule has heard of; 0 when there is none. */
export async function feedLag(db: Db, after: FeedCursor): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select greatest(0, extract(epoch from clock_timestamp() - c.at))::float8 as seconds
    from (select * from inv.event where (xid, seq) > (${after.xid}::xid8, ${after.seq}::bigint) order by xid, seq limit 1) v
      left join inv.revision r on r.entry_id = v.entry_id and r.version = v.version
      join inv.changeset c on c.id = coalesce(v.changeset_id, r.changeset_id)`.execute(db);
  return rows[0]?.seconds ?? 0;
}

/** Deletes events that every reader has passed. Returns how many. */
export async function pruneFeed(db: Db, upTo: FeedCursor): Promise<number> {
  const { numAffectedRows } =
    await sql`delete from inv.event where (xid, seq) <= (${upTo.xid}::xid8, ${upTo.seq}::bigint)`.execute(
      db,
    );
  return Number(numAffectedRows ?? 0);
}
