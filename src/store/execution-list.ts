/** Pages of the history. Results that are long stay behind, and counts are bounded: a list costs about the same however much there is. */
import { sql, type RawBuilder } from "kysely";
import { mostCounted } from "./counts.ts";
import { countExecutions, spansOf, type Occurrence } from "./execution-counts.ts";
import { beginning } from "./page-marks.ts";
import { completeContexts, type StoredExecution } from "./executions.ts";
import type { Db } from "./schema.ts";
import {
  filtered,
  occurrenceOf,
  resolve,
  type ExecutionFilter,
  type Query,
} from "./execution-filter.ts";

export interface ListedExecution extends StoredExecution {
  /** False: there is a result, and it is too long for a list. */
  readonly result_here: boolean;
}

/** Bytes as the database stores them. */
const longestResult = 16_384;
interface ListPage {
  readonly limit: number;
  readonly offset: number;
  /** By id; the default is the newest first. */
  readonly order?: "oldest" | "newest";
}

/** What comes after an execution, older ones. */
interface NextPage {
  readonly limit: number;
  /** Id; undefined = from the newest on. */
  readonly after: string | undefined;
}

interface Place {
  readonly limit: number;
  readonly skip: number;
  readonly mark: string | undefined;
  readonly order: "oldest" | "newest";
}

/** Spans that are looked through first: what is frequent fills a page from these. */
const fewSpans = 64;

/** Ids of a page, as a subquery: span by span where it is known in which something occurs, else along all ids. `most`: only the first so many spans, so
 * that a page that is not full may lack executions. */
function pageOf(
  query: Query,
  found: Occurrence | undefined,
  { limit, skip, mark, order }: Place,
  most?: number,
): RawBuilder<string> {
  const [direction, beyond, upTo] =
    order === "newest" ? (["desc", "<", "<="] as const) : (["asc", ">", ">="] as const);
  const ids = (mark === undefined ? query : query.where("id", beyond, mark)).select("id");
  if (found === undefined) return sql`(${ids.orderBy("id", direction).limit(limit).offset(skip)})`;
  const within = ids
    .where(sql<boolean>`id >= s.span and id < s.span || 'g'`)
    .orderBy("id", direction)
    .limit(limit + skip);
  const toward = sql.raw(direction);
  const beside = mark === undefined ? sql`true` : sql`span ${sql.raw(upTo)} ${mark.slice(0, 6)}`;
  return sql`(select e.id from ${spansOf(found, { toward, within: beside, most })} s
    cross join lateral ${within} e order by s.span ${toward}, e.id ${toward} limit ${limit} offset ${skip})`;
}

/** One page, and how many there are: exact for everything that is counted (`execution-counts.ts`), else exact up to 10,000 and then 10,001. */
export async function listExecutions(
  db: Db,
  filter: ExecutionFilter,
  { limit, offset, order = "newest" }: ListPage,
): Promise<{ rows: readonly ListedExecution[]; total: number }> {
  const resolved = await resolve(db, filter);
  const query = filtered(db.selectFrom("execution"), resolved);
  const place = beginning(db, filter, { offset, order });
  // Ids first: what is skipped is then read from an index alone.
  const { skip, mark } = place;
  const rows = await rowsAt(db, query, occurrenceOf(resolved), { limit, skip, mark, order });
  const last = rows.at(-1);
  if (last !== undefined) place.remember(offset + rows.length, last.id);
  const all = rows.length < limit && (rows.length > 0 || offset === 0);
  const total = all ? offset + rows.length : await count(db, filter, query);
  return { rows, total };
}

/** The newest first, from where the page before ended; nothing is counted. */
export async function nextExecutions(
  db: Db,
  filter: ExecutionFilter,
  { limit, after }: NextPage,
): Promise<readonly ListedExecution[]> {
  const resolved = await resolve(db, filter);
  const query = filtered(db.selectFrom("execution"), resolved);
  const place: Place = { limit, skip: 0, mark: after, order: "newest" };
  return rowsAt(db, query, occurrenceOf(resolved), place);
}

/** The page at that place. */
async function rowsAt(
  db: Db,
  query: Query,
  found: Occurrence | undefined,
  place: Place,
): Promise<readonly ListedExecution[]> {
  if (found !== undefined) {
    const rows = await listed(db, pageOf(query, found, place, fewSpans), place.order);
    if (rows.length >= place.limit) return rows;
  }
  return listed(db, pageOf(query, found, place), place.order);
}

async function listed(
  db: Db,
  ids: RawBuilder<string>,
  order: Place["order"],
): Promise<readonly ListedExecution[]> {
  const rows = await db
    .selectFrom("execution")
    .where("id", "in", ids)
    .select([
      "id",
      "action",
      "runner",
      "status",
      "parameters",
      "context",
      "parent",
      "task_key",
      "created_at",
      "started_at",
      "ended_at",
      "run_at",
      "owner",
      "fence",
      "attempt",
      "delivered",
      "log",
      sql`case when pg_column_size(result) <= ${sql.lit(longestResult)} then result end`.as(
        "result",
      ),
      sql`case when pg_column_size(result) <= ${sql.lit(longestResult)} then shown end`.as("shown"),
      sql<boolean>`coalesce(pg_column_size(result) <= ${sql.lit(longestResult)}, true)`.as(
        "result_here",
      ),
    ])
    .orderBy("id", order === "newest" ? "desc" : "asc")
    .execute();
  return completeContexts(db, rows);
}

async function count(db: Db, filter: ExecutionFilter, query: Query): Promise<number> {
  const { ids, triggerInstance, traceTag, since, until, parent, ...counted } = filter;
  const uncounted = [ids, triggerInstance, traceTag, since, until, parent ?? undefined];
  if (uncounted.every((value) => value === undefined))
    return countExecutions(db, { ...counted, root: parent === null });
  const { total } = await db
    .selectFrom(
      query
        .select(sql<number>`1`.as("one"))
        .limit(mostCounted + 1)
        .as("found"),
    )
    .select((from) => from.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return total;
}

/** All that descend from an execution, level by level, down to `depth` (-1 = all). At most 10,000. */
export async function descendantsOf(
  db: Db,
  root: string,
  depth: number,
): Promise<readonly StoredExecution[]> {
  const found: StoredExecution[] = [];
  let parents: readonly string[] = [root];
  let left = depth < 0 ? Infinity : depth;
  while (left-- > 0 && parents.length > 0) {
    const rows = await db
      .selectFrom("execution")
      .selectAll()
      .where("parent", "in", [...parents])
      .orderBy("id")
      .limit(10_000 - found.length + 1)
      .execute();
    const complete = await completeContexts(db, rows);
    found.push(...complete);
    parents = found.length > 10_000 ? [] : rows.map(({ id }) => id);
  }
  return found.slice(0, 10_000);
}

/** Ids of the children of each of these, oldest first. */
export async function childIds(
  db: Db,
  parents: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ids = new Map<string, string[]>();
  if (parents.length === 0) return ids;
  const rows = await db
    .selectFrom("execution")
    .select(["id", "parent"])
    .where("parent", "in", [...parents])
    .orderBy("id")
    .limit(100_000)
    .execute();
  for (const { id, parent } of rows) {
    if (parent === null) continue;
    const known = ids.get(parent);
    if (known === undefined) ids.set(parent, [id]);
    else known.push(id);
  }
  return ids;
}
