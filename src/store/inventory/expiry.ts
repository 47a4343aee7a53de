/** Dates of entries that have come near. Retired entries and dates that somebody took note of are left out. */
import { sql, type RawBuilder } from "kysely";
import type { Due, ExpiryWatch } from "../../inventory/expiry.ts";
import type { Db } from "../schema.ts";

export interface ExpiryRange {
  /** Calendar days at the site, as 2026-04-01. */
  readonly today: string;
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
}

/** The day of a value at the site; the bounds are on the column itself, so that its index is used. */
function dayOf({ column }: Pick<ExpiryWatch, "column">, zone: string): RawBuilder<unknown> {
  return column === "d" ? sql`i.d` : sql`(i.ts at time zone ${zone})::date`;
}

function between(
  { column }: Pick<ExpiryWatch, "column">,
  { from, to, timeZone }: ExpiryRange,
): RawBuilder<unknown> {
  return column === "d"
    ? sql`i.d between ${from}::date and ${to}::date`
    : sql`i.ts >= (${from}::date::timestamp at time zone ${timeZone}) and i.ts < ((${to}::date + 1)::timestamp at time zone ${timeZone})`;
}

/** Values of `status` with which an entry's dates interest nobody any more. */
const outOfUse = ["retired", "disposed", "decommissioned", "cancelled", "canceled"] as const;
const inUse = sql`coalesce(e.doc ->> 'status', '') <> all(${[...outOfUse]}::text[])`;

/** Thresholds that were passed and not told yet, at most `limit`. */
export async function expiriesDue(
  db: Db,
  watch: ExpiryWatch,
  { range, limit }: { readonly range: ExpiryRange; readonly limit: number },
): Promise<readonly Due[]> {
  const { rows } = await sql<Due>`
    select x.id as "entryId", x.name, x.version, x.doc, x.day::text as date, h.days as threshold
    from (select distinct e.id, e.name, e.version, e.doc, ${dayOf(watch, range.timeZone)} as day
        from inv.idx i join inv.entry e on e.id = i.entry_id and e.deleted_at is null
        where i.type_id = ${watch.type.id} and i.attr = ${watch.attribute} and ${between(watch, range)} and ${inUse}) x
      cross join unnest(${[...watch.thresholds]}::int[]) h(days)
    where x.day - h.days <= ${range.today}::date
      and not exists (select 1 from inv.expiry_told o where o.entry_id = x.id and o.attr = ${watch.attribute} and o.date = x.day and o.threshold = h.days)
      and not exists (select 1 from inv.expiry_known k where k.entry_id = x.id and k.attr = ${watch.attribute} and k.date = x.day)
    order by x.day, x.id, h.days desc limit ${limit}`.execute(db);
  return rows;
}

/** Remembers what was told. */
export async function markTold(db: Db, attribute: string, told: readonly Due[]): Promise<void> {
  const rows = told.map(({ entryId, date, threshold }) => ({ entryId, date, threshold }));
  await sql`
    insert into inv.expiry_told (entry_id, attr, date, threshold)
    select "entryId", ${attribute}, date, threshold from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r("entryId" uuid, date date, threshold int)
    on conflict do nothing`.execute(db);
}

export interface Expiring {
  readonly entryId: string;
  readonly name: string;
  readonly date: string;
  /** Thresholds that were told, largest first. */
  readonly told: readonly number[];
  readonly actor: string | null;
  readonly note: string | null;
  readonly at: Date | null;
}

/** What expires in the range, soonest first, known or not. */
export async function listExpiring(
  db: Db,
  watch: ExpiryWatch,
  { range, limit }: { readonly range: ExpiryRange; readonly limit: number },
): Promise<readonly Expiring[]> {
  const { rows } = await sql<Expiring>`
    select x.id as "entryId", x.name, x.day::text as date, k.actor, k.note, k.at,
      coalesce((select array_agg(o.threshold order by o.threshold desc) from inv.expiry_told o
        where o.entry_id = x.id and o.attr = ${watch.attribute} and o.date = x.day), '{}') as told
    from (select distinct e.id, e.name, ${dayOf(watch, range.timeZone)} as day
        from inv.idx i join inv.entry e on e.id = i.entry_id and e.deleted_at is null
        where i.type_id = ${watch.type.id} and i.attr = ${watch.attribute} and ${between(watch, range)} and ${inUse}) x
      left join inv.expiry_known k on k.entry_id = x.id and k.attr = ${watch.attribute} and k.date = x.day
    order by x.day, x.id limit ${limit}`.execute(db);
  return rows;
}

/** Somebody knows of these dates: they are not told any more. */
export async function markKnown(
  db: Db,
  known: {
    readonly entryId: string;
    readonly attribute: string;
    readonly dates: readonly string[];
    readonly actor: string;
    readonly note: string | undefined;
  },
): Promise<void> {
  await sql`
    insert into inv.expiry_known (entry_id, attr, date, actor, note)
    select ${known.entryId}::uuid, ${known.attribute}, d, ${known.actor}, ${known.note ?? null} from unnest(${[...known.dates]}::date[]) d
    on conflict (entry_id, attr, date) do update set actor = excluded.actor, note = excluded.note, at = clock_timestamp()`.execute(
    db,
  );
}
