/** How many entries have which value. What is asked of whole types comes from indexes; of other conditions all entries that fulfil them are looked at. */
import { sql, type RawBuilder } from "kysely";
import type { Predicate, ValuePath } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { Aliases, isAlways, predicateSql, valuesSql } from "./predicate-sql.ts";

type Sql = RawBuilder<unknown>;

export interface FacetCount {
  readonly value: unknown;
  readonly count: number;
  /** There when there are at least so many. */
  readonly exact?: false;
}

export interface FacetQuery {
  readonly path: ValuePath;
  /** At most so many values, the most frequent ones. */
  readonly limit: number;
  /** Where the values are known beforehand, each is counted up to this number. */
  readonly bound: number;
}

/** The most frequent values of a path among the entries that fulfil the predicate. */
export async function queryFacet(
  db: Db,
  predicate: Predicate,
  { path, limit, bound }: FacetQuery,
): Promise<readonly FacetCount[]> {
  const values = fewValues(predicate, path);
  const counted = values === undefined ? whole(predicate, path) : byValue(predicate, values, bound);
  const ask = async (on: Db): Promise<readonly FacetCount[]> => {
    const { rows } = await sql<FacetCount>`
      select v.value, v.count from (${counted}) v where v.count > 0
      order by v.count desc, v.value::text limit ${limit}`.execute(on);
    return rows;
  };
  const rows = values === undefined || db.isTransaction ? await ask(db) : await indexed(db, ask);
  return rows.map(({ value, count }) =>
    values !== undefined && count > bound
      ? { value, count: bound, exact: false }
      : { value, count },
  );
}

/** Never by scanning the table: where such a scan begins is up to others that scan it, and entries of the type may lie far from there. */
function indexed<Result>(db: Db, ask: (on: Db) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(async (tx) => {
    await sql`set local enable_seqscan = off`.execute(tx);
    return ask(tx);
  });
}

interface FewValues {
  readonly attribute: string;
  readonly values: readonly (string | boolean)[];
}

/** The values that an own attribute of all entries of types can have. */
function fewValues({ kind }: Predicate, path: ValuePath): FewValues | undefined {
  const { steps, guard, ending } = path;
  const own = kind === "types" && steps.length === 0 && isAlways(guard);
  if (!own || ending.kind !== "attribute" || ending.values === undefined) return undefined;
  return { attribute: ending.name, values: ending.values };
}

/** Each value is sought in the index of documents: what is frequent is found at once, what is rare is little. */
function byValue(predicate: Predicate, { attribute, values }: FewValues, bound: number): Sql {
  const arms = values.map((value) => {
    const aliases = new Aliases();
    const e = aliases.fresh();
    return sql`select ${JSON.stringify(value)}::jsonb as value, (select count(*)::int from (
      select 1 from inv.entry e0 where e0.deleted_at is null and ${predicateSql(predicate, e, aliases)}
        and e0.doc @> ${JSON.stringify({ [attribute]: value })}::jsonb limit ${bound + 1}) n) as count`;
  });
  return sql.join(arms, sql` union all `);
}

function whole(predicate: Predicate, path: ValuePath): Sql {
  const { ending, many } = path;
  const [step, ...others] = path.steps;
  if (step === undefined && ending.kind === "field" && ending.field === "type")
    return byType(predicate);
  if (step === undefined || step.direction === "in" || !isAlways(step.guard) || many)
    return byEntry(predicate, path);
  const rest = { ...path, steps: others };
  return predicate.kind === "types"
    ? byTargetOfTypes(predicate.ids, step, rest)
    : byTarget(predicate, step, rest);
}

/** Counts entries by their values. */
function byEntry(predicate: Predicate, path: ValuePath): Sql {
  const aliases = new Aliases();
  const e = aliases.fresh();
  const count = sql.raw(path.many ? "count(distinct v.id)" : "count(*)");
  // With an offset the values are counted as they come: the planner expects as many as there are entries, and would sort whole documents.
  return sql`
    select v.value, ${count}::int as count from (
      select e0.id, v.value from inv.entry e0 cross join lateral ${valuesSql(path, e, aliases)} v
      where e0.deleted_at is null and ${predicateSql(predicate, e, aliases)} offset 0) v
    where v.value is not null group by v.value`;
}

function byType(predicate: Predicate): Sql {
  const aliases = new Aliases();
  const e = aliases.fresh();
  return sql`
    select to_jsonb(t.name) as value, c.n as count from (
      select e0.type_id, count(*)::int as n from inv.entry e0
      where e0.deleted_at is null and ${predicateSql(predicate, e, aliases)} group by e0.type_id) c
    join inv.type t on t.id = c.type_id`;
}

type Step = ValuePath["steps"][number];

/** Counts entries by what their reference leads to first: of that there is less, so the rest of the path is walked less often. The reference is read
 * from the document, which was fetched for the condition anyway. */
function byTarget(predicate: Predicate, { attribute, rest }: Step, path: ValuePath): Sql {
  const aliases = new Aliases();
  const [e, t] = [aliases.fresh(), aliases.fresh()];
  return sql`
    select v.value, sum(c.n)::int as count from (
      select coalesce(e0.doc #>> array[${attribute}, 'ref'], e0.doc ->> ${attribute}) as dst, count(*) as n from inv.entry e0
      where e0.deleted_at is null and ${predicateSql(predicate, e, aliases)} group by 1) c
    join inv.entry e1 on e1.id = case when c.dst ~ '^[0-9a-f-]{36}$' then c.dst::uuid end
      and e1.deleted_at is null and ${predicateSql(rest, t, aliases)}
    cross join lateral ${valuesSql(path, t, aliases)} v
    where v.value is not null group by v.value`;
}

/** The same of all entries of types: what the targets are referred to by is counted in the index of references. */
function byTargetOfTypes(
  types: readonly number[],
  { attribute, rest }: Step,
  path: ValuePath,
): Sql {
  const aliases = new Aliases();
  const t = aliases.fresh();
  const [only] = types;
  const ofTypes = types.length === 1 ? sql`= ${only}` : sql`= any(${types}::int[])`;
  return sql`
    select v.value, sum(c.n)::int as count from inv.entry e0
    cross join lateral (select count(*) as n from inv.edge g where g.dst = e0.id and g.attr = ${attribute} and g.src_type ${ofTypes} offset 0) c
    cross join lateral ${valuesSql(path, t, aliases)} v
    where e0.deleted_at is null and ${predicateSql(rest, t, aliases)} and c.n > 0 and v.value is not null group by v.value`;
}
