/** Requests as they were prepared, and the use of documents. */
import { sql, type Insertable, type Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type RequestRow = Selectable<LedgerSchema["request"]>;
export type NewRequest = Insertable<LedgerSchema["request"]>;
export type NewUse = Insertable<LedgerSchema["runbook_use"]>;

/** Notes how a request was prepared; the newest preparation counts. */
export async function saveRequest(db: Db, row: NewRequest): Promise<void> {
  const { covered, reason, commit, type, component, summary } = row;
  await db
    .insertInto("request")
    .values(row)
    .onConflict((on) =>
      on
        .columns(["backend", "ticket"])
        .doUpdateSet({ covered, reason, commit, type, component, summary }),
    )
    .execute();
}

/** Those of the tickets that were prepared or found uncovered. */
export async function knownRequests(
  db: Db,
  backend: string,
  tickets: readonly string[],
): Promise<ReadonlySet<string>> {
  if (tickets.length === 0) return new Set();
  const rows = await db
    .selectFrom("request")
    .select("ticket")
    .where("backend", "=", backend)
    .where("ticket", "in", tickets)
    .execute();
  return new Set(rows.map(({ ticket }) => ticket));
}

export async function listRequests(
  db: Db,
  { covered, limit, offset }: { covered: boolean | undefined; limit: number; offset: number },
): Promise<readonly RequestRow[]> {
  return db
    .selectFrom("request")
    .selectAll()
    .$if(covered !== undefined, (query) => query.where("covered", "=", covered === true))
    .orderBy("prepared_at", "desc")
    .orderBy("ticket", "desc")
    .limit(limit)
    .offset(offset)
    .execute();
}

export interface CoverageRow {
  readonly component: string | null;
  readonly type: string | null;
  readonly covered: boolean;
  readonly count: number;
  readonly last_at: Date;
}

/** How many requests of each component and type were covered, since that time. */
export async function coverage(db: Db, since: Date): Promise<readonly CoverageRow[]> {
  return db
    .selectFrom("request")
    .select(["component", "type", "covered"])
    .select(({ fn }) => [
      sql<number>`count(*)::int`.as("count"),
      fn.max("prepared_at").as("last_at"),
    ])
    .where("prepared_at", ">=", since)
    .groupBy(["component", "type", "covered"])
    .orderBy("count", "desc")
    .execute();
}

/** The same key counts once. */
export async function noteUses(db: Db, uses: readonly NewUse[]): Promise<void> {
  if (uses.length === 0) return;
  await db
    .insertInto("runbook_use")
    .values([...uses])
    .onConflict((on) => on.column("key").doNothing())
    .execute();
}

export interface UseRow {
  readonly document: string;
  readonly attached: number;
  readonly viewed: number;
  readonly corrected: number;
  readonly last_at: Date;
}

function countOf(what: string) {
  return sql<number>`(count(*) filter (where what = ${what}))::int`;
}

/** How often each document was attached, looked at and corrected, since that time. */
export async function documentUses(db: Db, since: Date): Promise<readonly UseRow[]> {
  return db
    .selectFrom("runbook_use")
    .select("document")
    .select([
      countOf("attached").as("attached"),
      countOf("viewed").as("viewed"),
      countOf("corrected").as("corrected"),
    ])
    .select(({ fn }) => fn.max("at").as("last_at"))
    .where("at", ">=", since)
    .groupBy("document")
    .orderBy("document")
    .execute();
}
