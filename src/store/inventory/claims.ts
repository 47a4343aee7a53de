/** What sources say, and the news of it. */
import { sql, type RawBuilder } from "kysely";
import type { Claim, ClaimState } from "../../inventory/claims.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";
import { uuidv7 } from "./uuid.ts";

/** A claim with what it is about. */
export interface ClaimRow extends Claim {
  readonly id: string;
  readonly entryId: string;
  readonly attr: string;
}

/** What is written of a claim; its id comes with the first write. */
export interface ClaimWrite extends Claim {
  readonly entryId: string;
  readonly attr: string;
  readonly importId?: string | null;
}

interface StoredClaim {
  readonly id: string;
  readonly entryId: string;
  readonly attr: string;
  readonly source: string;
  readonly value: unknown;
  readonly state: ClaimState;
  readonly observedAt: Date;
  readonly firstSeen: Date;
  readonly since: Date;
  readonly seen: number;
  readonly enforcedAt: Date | null;
  readonly decidedBy: string | null;
  readonly note: string | null;
  readonly place: string | null;
}

const columns = sql.raw(
  `c.id, c.entry_id as "entryId", c.attr, c.source, c.value, c.state, c.observed_at as "observedAt", c.first_seen as "firstSeen", c.since,
   c.seen, c.enforced_at as "enforcedAt", c.decided_by as "decidedBy", c.note, c.place`,
);

function claimOf(row: StoredClaim): ClaimRow {
  return {
    ...row,
    observedAt: row.observedAt.toISOString(),
    firstSeen: row.firstSeen.toISOString(),
    since: row.since.toISOString(),
    enforcedAt: row.enforcedAt?.toISOString() ?? null,
  };
}

/** Claims of entries, of all attributes or of some. Call with the entries locked when they are to be changed. */
export async function claimsOf(
  db: Db,
  entryIds: readonly string[],
  attributes?: readonly string[],
): Promise<readonly ClaimRow[]> {
  if (entryIds.length === 0) return [];
  const some = attributes === undefined ? sql`` : sql`and c.attr = any(${attributes}::text[])`;
  const { rows } = await sql<StoredClaim>`
    select ${columns} from inv.claim c where c.entry_id = any(${entryIds}::uuid[]) ${some} order by c.entry_id, c.attr, c.source`.execute(
    db,
  );
  return rows.map(claimOf);
}

/** Writes claims: new ones, and the latest word of those that are known. */
export async function saveClaims(db: Db, claims: readonly ClaimWrite[]): Promise<void> {
  if (claims.length === 0) return;
  const rows = claims.map((claim) => ({ ...claim, id: uuidv7(), value: claim.value ?? null }));
  await sql`
    insert into inv.claim as c (id, entry_id, attr, source, value, state, observed_at, first_seen, since, seen, enforced_at, decided_by, note, place,
      import_id)
    select r.id, "entryId", attr, source, coalesce(value, 'null'::jsonb), state, "observedAt", "firstSeen", since, seen, "enforcedAt", "decidedBy", note, place,
      "importId"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id uuid, "entryId" uuid, attr text, source text, value jsonb, state text,
      "observedAt" timestamptz, "firstSeen" timestamptz, since timestamptz, seen int, "enforcedAt" timestamptz, "decidedBy" text, note text, place text,
      "importId" uuid)
    order by "entryId", attr, source
    on conflict (entry_id, attr, source) do update set value = excluded.value, state = excluded.state, observed_at = excluded.observed_at,
      first_seen = excluded.first_seen, since = excluded.since, seen = excluded.seen, enforced_at = excluded.enforced_at, decided_by = excluded.decided_by,
      note = excluded.note, place = excluded.place, import_id = coalesce(excluded.import_id, c.import_id)`.execute(
    db,
  );
}

export interface Signal {
  readonly trigger: string;
  readonly payload: JsonObject;
}

/** In the transaction of what they tell of. */
export async function saveSignals(db: Db, signals: readonly Signal[]): Promise<void> {
  if (signals.length === 0) return;
  await sql`
    insert into inv.signal (trigger, payload)
    select r.value->>'trigger', r.value->'payload' from jsonb_array_elements(${JSON.stringify(signals)}::jsonb) with ordinality as r(value, ord) order by ord`.execute(
    db,
  );
}

export interface SignalRow extends Signal {
  readonly xid: string;
  readonly seq: string;
  readonly at: Date;
}

/** News after a place in the order, below the oldest running transaction. */
export async function readSignals(
  db: Db,
  after: { readonly xid: string; readonly seq: string },
  limit: number,
): Promise<readonly SignalRow[]> {
  const { rows } = await sql<SignalRow>`
    select xid::text, seq::text, trigger, payload, at from inv.signal
    where (xid, seq) > (${after.xid}::xid8, ${after.seq}::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
    order by inv.signal.xid, inv.signal.seq limit ${limit}`.execute(db);
  return rows;
}

/** A claim with its entry, as lists show it. */
export interface OpenClaim extends ClaimRow {
  readonly typeId: number;
  readonly name: string;
  readonly version: number;
  /** What the document says; null = nothing. */
  readonly document: unknown;
}

export interface ClaimFilter {
  readonly states: readonly ClaimState[];
  readonly source?: string | undefined;
  readonly typeId?: number | undefined;
  readonly attr?: string | undefined;
  readonly entryId?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly after?: { readonly since: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Of living entries, the oldest first. */
export async function openClaims(db: Db, filter: ClaimFilter): Promise<readonly OpenClaim[]> {
  const conditions: RawBuilder<unknown>[] = [
    sql`e.deleted_at is null`,
    sql`c.state = any(${filter.states}::text[])`,
  ];
  if (filter.source !== undefined) conditions.push(sql`c.source = ${filter.source}`);
  if (filter.typeId !== undefined) conditions.push(sql`e.type_id = ${filter.typeId}`);
  if (filter.attr !== undefined) conditions.push(sql`c.attr = ${filter.attr}`);
  if (filter.entryId !== undefined) conditions.push(sql`c.entry_id = ${filter.entryId}::uuid`);
  if (filter.ids !== undefined) conditions.push(sql`c.id = any(${filter.ids}::uuid[])`);
  if (filter.after !== undefined)
    conditions.push(
      sql`(date_trunc('milliseconds', c.since), c.id) > (${filter.after.since}::timestamptz, ${filter.after.id}::uuid)`,
    );
  const { rows } = await sql<
    StoredClaim & { typeId: number; name: string; version: number; document: unknown }
  >`
    select ${columns}, e.type_id as "typeId", e.name, e.version, e.doc->c.attr as document
    from inv.claim c join inv.entry e on e.id = c.entry_id where ${sql.join(conditions, sql` and `)}
    order by date_trunc('milliseconds', c.since), c.id limit ${filter.limit}`.execute(db);
  return rows.map((row) => {
    const { typeId, name, version, document } = row;
    return { ...claimOf(row), typeId, name, version, document };
  });
}

/** Living entries of a type and when the source last spoke of each; with `all` also those of which it never did (null). */
export async function sightingsOf(
  db: Db,
  {
    source,
    typeId,
    all,
  }: { readonly source: string; readonly typeId: number; readonly all: boolean },
): Promise<readonly { readonly id: string; readonly at: Date | null }[]> {
  const { rows } = await sql<{ id: string; at: Date | null }>`
    select e.id, case when c.value = '"present"'::jsonb then c.observed_at end as at
    from inv.entry e left join inv.claim c on c.entry_id = e.id and c.source = ${source} and c.attr = '*'
    where e.type_id = ${typeId} and e.deleted_at is null and (${all} or c.id is not null) order by e.id`.execute(
    db,
  );
  return rows;
}

/** Deletes news that have become trigger instances. */
export async function pruneSignals(
  db: Db,
  upTo: { readonly xid: string; readonly seq: string },
): Promise<void> {
  await sql`delete from inv.signal where (xid, seq) <= (${upTo.xid}::xid8, ${upTo.seq}::bigint)`.execute(
    db,
  );
}
