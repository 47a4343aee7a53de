/** Reads for the door: newest first, bounded. */
import { sql } from "kysely";
import type { Selectable } from "kysely";
import { clockSlack, countKept, idAround, mostCounted } from "./counts.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type StoredInstance = Omit<Selectable<LedgerSchema["trigger_instance"]>, "cause">;
export type StoredEnforcement = Selectable<LedgerSchema["enforcement"]>;

interface Page {
  readonly limit: number;
  readonly offset: number;
}

interface Between {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

interface InstanceFilter extends Between {
  readonly trigger?: string | undefined;
  readonly status?: string | undefined;
  /** Whether payloads are wanted. */
  readonly payload: boolean;
}

function somethingIn(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined && typeof value !== "boolean");
}

/** One page, and how many there are: exact without filters, else exact up to 10,000 and then 10,001. */
export async function listInstances(
  db: Db,
  filter: InstanceFilter,
  { limit, offset }: Page,
): Promise<{ readonly rows: readonly StoredInstance[]; readonly total: number }> {
  const { trigger, status, since, until, payload } = filter;
  let query = db.selectFrom("trigger_instance");
  if (trigger !== undefined) query = query.where("trigger", "=", trigger);
  if (status !== undefined) query = query.where(sql<string>`status`, "=", status);
  if (since !== undefined)
    query = query.where("id", ">", idAround(since, -clockSlack)).where("occurred_at", ">=", since);
  if (until !== undefined)
    query = query.where("id", "<", idAround(until, clockSlack)).where("occurred_at", "<=", until);
  const rows = await query
    .select([
      "id",
      "trigger",
      "source",
      "dedupe_key",
      "status",
      "occurred_at",
      "trace_tag",
      "trace",
    ])
    .select("parameters")
    .select(payload ? "payload" : sql`null`.as("payload"))
    .orderBy("id", "desc")
    .limit(limit)
    .offset(offset)
    .execute();
  if (rows.length < limit && (rows.length > 0 || offset === 0))
    return { rows, total: offset + rows.length };
  if (!somethingIn(filter)) return { rows, total: await countKept(db, "trigger_instance") };
  const { total } = await db
    .selectFrom(
      query
        .select("id")
        .limit(mostCounted + 1)
        .as("found"),
    )
    .select((from) => from.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return { rows, total };
}

export async function findInstance(db: Db, id: string): Promise<StoredInstance | undefined> {
  return db.selectFrom("trigger_instance").selectAll().where("id", "=", id).executeTakeFirst();
}

/** In no order; ids that are not there are left out. */
export async function findInstances(
  db: Db,
  ids: readonly string[],
): Promise<readonly StoredInstance[]> {
  if (ids.length === 0) return [];
  return db.selectFrom("trigger_instance").selectAll().where("id", "in", ids).execute();
}

interface EnforcementFilter extends Between {
  readonly rule?: string | undefined;
  readonly instance?: string | undefined;
  readonly execution?: string | undefined;
}

/** As `listInstances`. */
export async function listEnforcements(
  db: Db,
  filter: EnforcementFilter,
  { limit, offset }: Page,
): Promise<{ readonly rows: readonly StoredEnforcement[]; readonly total: number }> {
  const { rule, instance, execution, since, until } = filter;
  let query = db.selectFrom("enforcement");
  if (rule !== undefined) query = query.where("rule", "=", rule);
  if (instance !== undefined) query = query.where("trigger_instance_id", "=", instance);
  if (execution !== undefined) query = query.where("execution_id", "=", execution);
  if (since !== undefined)
    query = query.where("id", ">", idAround(since, -clockSlack)).where("enforced_at", ">=", since);
  if (until !== undefined)
    query = query.where("id", "<", idAround(until, clockSlack)).where("enforced_at", "<=", until);
  const rows = await query.selectAll().orderBy("id", "desc").limit(limit).offset(offset).execute();
  if (rows.length < limit && (rows.length > 0 || offset === 0))
    return { rows, total: offset + rows.length };
  if (!somethingIn(filter)) return { rows, total: await countKept(db, "enforcement") };
  const { total } = await db
    .selectFrom(
      query
        .select("id")
        .limit(mostCounted + 1)
        .as("found"),
    )
    .select((from) => from.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return { rows, total };
}

export async function findEnforcement(db: Db, id: string): Promise<StoredEnforcement | undefined> {
  return db.selectFrom("enforcement").selectAll().where("id", "=", id).executeTakeFirst();
}
