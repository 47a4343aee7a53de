/** SQL of a predicate over entries. Aliases are e0 (the entry asked about), e1 … along its steps; all values are parameters. */
import { sql, type RawBuilder } from "kysely";
import type { Predicate, ValuePath } from "../../inventory/predicate.ts";

type Sql = RawBuilder<unknown>;
type Of<Kind extends Predicate["kind"]> = Extract<Predicate, { readonly kind: Kind }>;

/** Counts the entries that a statement speaks of. */
export class Aliases {
  /** True: what is asked of neighbours is asked for each entry, not of all entries at once. */
  readonly oneByOne: boolean;
  #next = 0;

  constructor({ oneByOne = false }: { readonly oneByOne?: boolean } = {}) {
    this.oneByOne = oneByOne;
  }

  /** A subquery that finds something. */
  exists(body: Sql): Sql {
    // With an offset the planner cannot make a join of it.
    return this.oneByOne ? sql`exists (${body} offset 0)` : sql`exists (${body})`;
  }

  fresh(): string {
    const alias = `e${this.#next}`;
    this.#next += 1;
    return alias;
  }
}

/** Whether it holds of everything. */
export function isAlways(predicate: Predicate): boolean {
  return predicate.kind === "all" && predicate.of.length === 0;
}

const raw = (text: string): Sql => sql.raw(text);

/** A condition on the entry `alias`. */
export function predicateSql(predicate: Predicate, alias: string, aliases: Aliases): Sql {
  const inner = (part: Predicate): Sql => predicateSql(part, alias, aliases);
  if (predicate.kind === "all" || predicate.kind === "any") return joined(predicate, inner);
  if (predicate.kind === "not") return sql`not ${inner(predicate.of)}`;
  if (predicate.kind === "step") return stepSql(predicate, alias, aliases);
  if (predicate.kind === "now") return nowSql(predicate, alias, aliases);
  if (predicate.kind === "said") return saidSql(predicate, alias, aliases);
  if (predicate.kind === "duplicated") return duplicatedSql(predicate, alias, aliases);
  const e = raw(alias);
  return "attribute" in predicate ? attributeSql(predicate, e, aliases) : entrySql(predicate, e);
}

type Leaf = Exclude<
  Predicate,
  { readonly kind: "all" | "any" | "not" | "step" | "now" | "said" | "duplicated" }
>;
type AttributeLeaf = Extract<Leaf, { readonly attribute: string }>;

function entrySql(leaf: Exclude<Leaf, AttributeLeaf>, e: Sql): Sql {
  switch (leaf.kind) {
    case "types":
      return leaf.ids.length === 1
        ? sql`${e}.type_id = ${leaf.ids[0]}`
        : sql`${e}.type_id = any(${leaf.ids}::int[])`;
    case "ids":
      return sql`${e}.id = any(${leaf.ids}::uuid[])`;
    case "contains":
      return sql`${e}.doc @> ${JSON.stringify(leaf.document)}::jsonb`;
    case "words":
      return wordsSql(leaf, e);
    case "name":
      return leaf.like
        ? sql`lower(normalize(${e}.name, NFKC)) like ${leaf.value}`
        : sql`${e}.name = ${leaf.value}`;
    case "field": {
      const type = raw(leaf.field === "version" ? "int" : "timestamptz");
      return sql`${e}.${raw(leaf.field)} ${raw(leaf.comparison)} ${leaf.value}::${type}`;
    }
  }
}

function attributeSql(leaf: AttributeLeaf, e: Sql, aliases: Aliases): Sql {
  switch (leaf.kind) {
    case "edge":
      return aliases.exists(
        sql`select 1 from inv.edge g where g.src = ${e}.id and g.attr = ${leaf.attribute} and g.dst = any(${leaf.ids}::uuid[])`,
      );
    case "like":
      return likeSql(leaf, e);
    case "compare":
      return compareSql(leaf, e, aliases);
    case "network":
      return networkSql(leaf, e, aliases);
    case "present":
      return sql`coalesce(${e}.doc -> ${leaf.attribute}, 'null'::jsonb) not in ('null'::jsonb, '""'::jsonb, '[]'::jsonb, '{}'::jsonb)`;
  }
}

function joined({ kind, of }: Of<"all"> | Of<"any">, inner: (part: Predicate) => Sql): Sql {
  if (of.length === 0) return raw(kind === "all" ? "true" : "false");
  return sql`(${sql.join(of.map(inner), raw(kind === "all" ? " and " : " or "))})`;
}

function stepSql({ direction, attribute, rest }: Of<"step">, alias: string, aliases: Aliases): Sql {
  const next = aliases.fresh();
  const found = neighbours(direction, attribute, alias, next);
  const condition = predicateSql(rest, next, aliases);
  return aliases.oneByOne
    ? sql`exists (select 1 from ${stepwise(found, next)} where ${condition})`
    : sql`exists (select 1 from ${found.tables} where ${found.conditions} and ${condition})`;
}

/** Asked of an image: what holds of the entry as it is now. */
function nowSql({ living, gone }: Of<"now">, alias: string, aliases: Aliases): Sql {
  const next = aliases.fresh();
  const x = raw(next);
  return sql`exists (select 1 from inv.entry ${x} where ${x}.id = ${raw(alias)}.id and case when ${x}.deleted_at is null
    then ${predicateSql(living, next, aliases)} else ${predicateSql(gone, next, aliases)} end)`;
}

function duplicatedSql(
  { attribute, among }: Of<"duplicated">,
  alias: string,
  aliases: Aliases,
): Sql {
  const next = aliases.fresh();
  const [e, x] = [raw(alias), raw(next)];
  return sql`exists (select 1 from inv.entry ${x} where ${x}.type_id = ${e}.type_id and ${x}.deleted_at is null and ${x}.id <> ${e}.id
    and ${x}.doc -> ${attribute} = ${e}.doc -> ${attribute} and ${predicateSql(among, next, aliases)})`;
}

/** The search text again, of the name and the given attributes alone. */
function saidSql({ patterns, attributes }: Of<"said">, alias: string, aliases: Aliases): Sql {
  const e = raw(alias);
  const values = attributes.map(({ name, guard }) => {
    const value = sql`(select string_agg(v, ' ') from ${texts(name, e)} v)`;
    return isAlways(guard)
      ? value
      : sql`case when ${predicateSql(guard, alias, aliases)} then ${value} end`;
  });
  const said = sql`lower(normalize(regexp_replace(concat_ws(' ', ${sql.join([sql`${e}.name`, ...values])}), '\s+', ' ', 'g'), NFKC))`;
  return sql`(${sql.join(
    patterns.map((pattern) => sql`${said} like ${pattern}`),
    raw(" and "),
  )})`;
}

interface Neighbours {
  readonly tables: Sql;
  readonly conditions: Sql;
}

/** Neighbours found along the edges of one entry, which are few, before anything is asked of them: the planner would rather begin at all entries of their type. */
function stepwise({ tables, conditions }: Neighbours, alias: string): Sql {
  return sql`(select ${raw(alias)}.* from ${tables} where ${conditions} offset 0) ${raw(alias)}`;
}

/** The living neighbours `to` of the entry `from`. */
function neighbours(
  direction: "out" | "in",
  attribute: string,
  from: string,
  to: string,
): Neighbours {
  const [edge, here, there] = [raw(`g_${to}`), raw(from), raw(to)];
  const [near, far] = direction === "out" ? [raw("src"), raw("dst")] : [raw("dst"), raw("src")];
  return {
    tables: sql`inv.edge ${edge}, inv.entry ${there}`,
    conditions: sql`${edge}.${near} = ${here}.id and ${edge}.attr = ${attribute}
      and ${there}.id = ${edge}.${far} and ${there}.deleted_at is null`,
  };
}

function wordsSql({ patterns, grams }: Of<"words">, e: Sql): Sql {
  // A word of two characters is a pair itself. Asked twice, the planner takes it for rarer than it is.
  const longer = patterns.filter((pattern) => !grams.includes(pattern.slice(1, -1)));
  const parts = longer.map((pattern) => sql`${e}.search like ${pattern}`);
  if (grams.length > 0) parts.unshift(sql`${e}.grams @> ${grams}::text[]`);
  return sql`(${sql.join(parts, raw(" and "))})`;
}

/** The values of an attribute as text, whether it is a list or not. */
function texts(attribute: string, e: Sql): Sql {
  return sql`jsonb_array_elements_text(case jsonb_typeof(${e}.doc -> ${attribute}) when 'array' then ${e}.doc -> ${attribute}
    when 'object' then '[]'::jsonb when 'null' then '[]'::jsonb else jsonb_build_array(${e}.doc -> ${attribute}) end)`;
}

function likeSql({ attribute, pattern, searched }: Of<"like">, e: Sql): Sql {
  const exact = sql`exists (select 1 from ${texts(attribute, e)} v where lower(normalize(v, NFKC)) like ${pattern})`;
  // The trigrams of the search text narrow it down; the value itself decides. Long search texts are cut, so they cannot exclude.
  return searched === undefined
    ? exact
    : sql`((${e}.search like ${searched} or length(${e}.search) >= 8000) and ${exact})`;
}

const casts = { d: "date", ts: "timestamptz", n: "numeric" } as const;

function compareSql(
  { attribute, column, comparison, value, indexed }: Of<"compare">,
  e: Sql,
  aliases: Aliases,
): Sql {
  const cast = raw(casts[column]);
  const operator = raw(comparison);
  return indexed && !aliases.oneByOne
    ? sql`exists (select 1 from inv.idx i where i.entry_id = ${e}.id and i.type_id = ${e}.type_id and i.attr = ${attribute}
        and i.${raw(column)} ${operator} ${value}::${cast})`
    : sql`exists (select 1 from ${texts(attribute, e)} v where v::${cast} ${operator} ${value}::${cast})`;
}

function networkSql(
  { attribute, relation, value, indexed }: Of<"network">,
  e: Sql,
  aliases: Aliases,
): Sql {
  const operator = raw(relation === "within" ? "<<=" : ">>=");
  return indexed && !aliases.oneByOne
    ? sql`exists (select 1 from inv.idx i where i.entry_id = ${e}.id and i.type_id = ${e}.type_id and i.attr = ${attribute}
        and i.net ${operator} ${value}::inet)`
    : sql`exists (select 1 from ${texts(attribute, e)} v where v::inet ${operator} ${value}::inet)`;
}

/** The values of a path from the entry `alias`: a subquery of one column `value` (jsonb). */
export function valuesSql(path: ValuePath, alias: string, aliases: Aliases): Sql {
  const tables: Sql[] = [];
  const conditions: Sql[] = [];
  let here = alias;
  const holding = (guard: Predicate): void => {
    if (!isAlways(guard)) conditions.push(predicateSql(guard, here, aliases));
  };
  for (const { direction, attribute, rest, guard } of path.steps) {
    holding(guard);
    const next = aliases.fresh();
    const found = neighbours(direction, attribute, here, next);
    // Step by step, from here on: the planner would rather begin at the other end, which leads to everybody.
    tables.push(sql`lateral ${stepwise(found, next)}`);
    conditions.push(predicateSql(rest, next, aliases));
    here = next;
  }
  holding(path.guard);
  const value = endingSql(path, raw(here));
  const from = tables.length === 0 ? sql`` : sql`from ${sql.join(tables)}`;
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, raw(" and "))}`;
  return sql`(select ${value} as value ${from} ${where})`;
}

function endingSql({ ending }: ValuePath, e: Sql): Sql {
  if (ending.kind === "attribute") {
    const value = sql`${e}.doc -> ${ending.name}`;
    return ending.array
      ? sql`jsonb_array_elements(case jsonb_typeof(${value}) when 'array' then ${value} else '[]'::jsonb end)`
      : value;
  }
  if (ending.field === "type")
    return sql`(select to_jsonb(t.name) from inv.type t where t.id = ${e}.type_id)`;
  return sql`to_jsonb(${e}.${raw(ending.field)})`;
}

const keyCasts = { d: "date", ts: "timestamptz", n: "numeric", net: "inet", t: "text" } as const;

/** What entries are sorted by: the path's value (of several the smallest), comparable. */
export function sortSql(path: ValuePath, alias: string, aliases: Aliases): Sql {
  const { ending } = path;
  const folded = foldedName(path);
  if (folded !== undefined)
    return sql`(select min(i.t collate "C") from inv.idx i where i.entry_id = ${raw(alias)}.id and i.attr = ${folded})`;
  const column = ending.kind === "attribute" ? ending.column : fieldColumn(ending.field);
  const values = valuesSql(path, alias, aliases);
  // Text is compared by code point: the same on every server, and what the index has.
  const collation = column === "t" ? raw(' collate "C"') : raw("");
  return sql`(select min((v.value #>> '{}')::${raw(keyCasts[column])}${collation}) from ${values} v)`;
}

/** Text that has an index is sorted as the index has it: in any writing. */
function foldedName({ ending, guard, steps }: ValuePath): string | undefined {
  if (ending.kind !== "attribute" || steps.length > 0 || !isAlways(guard)) return undefined;
  return ending.column === "t" && ending.indexed ? ending.name : undefined;
}

/** The cast of a sort key, for the key of a cursor. */
export function sortCast({ ending }: ValuePath): string {
  return keyCasts[ending.kind === "attribute" ? ending.column : fieldColumn(ending.field)];
}

function fieldColumn(field: string): "ts" | "n" | "t" {
  if (field === "version") return "n";
  return field === "created_at" || field === "updated_at" ? "ts" : "t";
}
