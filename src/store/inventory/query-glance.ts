/** The first entries in the wanted order, looked through one by one: a page of what is frequent is found without finding all of it. */
import { sql, type RawBuilder } from "kysely";
import type { Predicate, ValuePath } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { entryColumns } from "./entries.ts";
import { Aliases, isAlways, predicateSql, sortCast, sortSql } from "./predicate-sql.ts";
import type { Order, PageKey, PageQuery, SortedRow } from "./query.ts";

/** So many are looked through at first, and so many at most where the first ones promise that they suffice. */
const width = 2_000;
const widest = 10_000;

type Sql = RawBuilder<unknown>;
const raw = (text: string): Sql => sql.raw(text);

/** An order that an index gives: entries (`e`) with their sort key (`k`). */
interface Ordered {
  readonly tables: Sql;
  readonly conditions: Sql;
  readonly key: Sql;
  /** How `key` is compared; keys of text in an index are compared by code point. */
  readonly cast: string;
  readonly operators: readonly [less: string, more: string];
  /** Ties go by it. */
  readonly id: Sql;
}

/** A page, or undefined when it cannot be found so: then all that fit must be found and sorted. */
export async function glance(db: Db, query: PageQuery): Promise<readonly SortedRow[] | undefined> {
  const { predicate, order, after, limit, past } = query;
  const types = typesOf(predicate);
  if (past !== undefined || after?.key === null || isSelective(predicate)) return undefined;
  const ordered = order === undefined ? byName(types) : orderedBy(order, types);
  if (ordered === undefined) return undefined;
  const among = (many: number) => lookThrough(db, { query, ordered, width: many });
  const first = await among(width);
  if (first.length >= limit) return first;
  // Half as many again as it takes if they go on like that.
  const needed = Math.ceil((1.5 * width * limit) / first.length);
  if (needed > widest) return undefined;
  const second = await among(needed);
  return second.length >= limit ? second : undefined;
}

interface Look {
  readonly query: PageQuery;
  readonly ordered: Ordered;
  readonly width: number;
}

async function lookThrough(
  db: Db,
  { query: { predicate, order, after, limit }, ordered, width: many }: Look,
): Promise<readonly SortedRow[]> {
  const { tables, conditions, key, id, operators } = ordered;
  const down = order?.descending === true;
  const using = raw(`using ${operators[down ? 1 : 0]}`);
  const next = after === undefined ? sql`` : behind(ordered, after, down);
  const aliases = new Aliases({ oneByOne: true });
  const e = aliases.fresh();
  const { rows } = await sql<SortedRow>`
    select ${entryColumns(e)}, e0.k::text as key from (
      select e.*, ${key} as k from ${tables} where e.deleted_at is null ${conditions} ${next} order by ${key} ${using}, ${id} limit ${many}) e0
    where ${predicateSql(predicate, e, aliases)} order by e0.k ${using}, e0.id limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** What comes after that place; the first condition is one that the index can begin at. */
function behind({ key, cast, operators, id }: Ordered, after: PageKey, down: boolean): Sql {
  const [less, more] = operators;
  const from = raw(down ? less.replace("<", "<=") : more.replace(">", ">="));
  const last = sql`${after.key}::${raw(cast)}`;
  return sql`and ${key} ${from} ${last} and (${key} <> ${last} or ${id} > ${after.id}::uuid)`;
}

/** The types of which alone an entry can be that fulfils the predicate. */
function typesOf(predicate: Predicate): readonly number[] | undefined {
  if (predicate.kind === "types") return predicate.ids;
  if (predicate.kind !== "all") return undefined;
  for (const part of predicate.of) {
    const types = typesOf(part);
    if (types !== undefined) return types;
  }
  return undefined;
}

/** Whether an index finds the few that fit anyway. */
function isSelective(predicate: Predicate): boolean {
  if (predicate.kind === "all") return predicate.of.some(isSelective);
  return predicate.kind === "ids" || (predicate.kind === "name" && !predicate.like);
}

const plain = ["<", ">"] as const;

function ofType(types: readonly number[] | undefined): Sql {
  return types === undefined ? sql`` : sql`and e.type_id = ${types[0]}`;
}

function byName(types: readonly number[] | undefined): Ordered | undefined {
  if (types !== undefined && types.length !== 1) return undefined;
  return {
    tables: raw("inv.entry e"),
    conditions: ofType(types),
    key: raw("e.name"),
    cast: "text",
    operators: plain,
    id: raw("e.id"),
  };
}

function orderedBy(order: Order, types: readonly number[] | undefined): Ordered | undefined {
  const { path } = order;
  if (types?.length !== 1 || !isAlways(path.guard)) return undefined;
  const [step, ...others] = path.steps;
  if (step === undefined) return byOwn(path, types);
  if (path.many || step.direction !== "out" || !isAlways(step.guard)) return undefined;
  return byTarget({ ...path, steps: others }, step, { types, down: order.descending });
}

/** By an attribute of the entry that has an index, or by its last change. */
function byOwn({ ending }: ValuePath, types: readonly number[]): Ordered | undefined {
  if (ending.kind === "field") return ending.field !== "updated_at" ? undefined : byChange(types);
  const { name, column, indexed, array } = ending;
  if (!indexed || array || column === "net") return undefined;
  return {
    tables: raw("inv.idx i join inv.entry e on e.id = i.entry_id"),
    conditions: sql`and i.type_id = ${types[0]} and i.attr = ${name} and i.${raw(column)} is not null`,
    key: raw(`i.${column}`),
    cast: sortCastOf(column),
    operators: column === "t" ? ["~<~", "~>~"] : plain,
    id: raw("i.entry_id"),
  };
}

/** The second condition, always true, is that of the index. */
function byChange(types: readonly number[]): Ordered {
  return {
    tables: raw("inv.entry e"),
    conditions: sql`${ofType(types)} and e.updated_at > '-infinity'`,
    key: raw("e.updated_at"),
    cast: "timestamptz",
    operators: plain,
    id: raw("e.id"),
  };
}

function sortCastOf(column: "d" | "ts" | "n" | "t"): string {
  return { d: "date", ts: "timestamptz", n: "numeric", t: "text" }[column];
}

/** By something of what a reference leads to: that is sorted first, it is far less than what refers to it. */
function byTarget(
  rest: ValuePath,
  { attribute, rest: condition }: ValuePath["steps"][number],
  { types, down }: { readonly types: readonly number[]; readonly down: boolean },
): Ordered {
  const aliases = new Aliases();
  const t = aliases.fresh();
  const target = predicateSql(condition, t, aliases);
  const key = sortSql(unfolded(rest), t, aliases);
  return {
    tables: sql`(select x.* from (select e0.id, ${key} as k from inv.entry e0 where e0.deleted_at is null and ${target}) x
        where x.k is not null order by x.k ${raw(down ? "desc" : "asc")}) t
      join inv.edge g on g.dst = t.id and g.attr = ${attribute} join inv.entry e on e.id = g.src`,
    conditions: ofType(types),
    key: raw("t.k"),
    cast: sortCast(rest),
    operators: plain,
    id: raw("e.id"),
  };
}

/** Along a path, text is compared as it is written. */
function unfolded(path: ValuePath): ValuePath {
  const { ending } = path;
  return ending.kind === "attribute" ? { ...path, ending: { ...ending, indexed: false } } : path;
}
