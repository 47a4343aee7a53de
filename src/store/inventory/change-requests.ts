/** Changes that were proposed together. */
import { sql } from "kysely";
import type { ChangeItem, ChangeState } from "../../inventory/change-request.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

export interface ChangeRow {
  readonly id: string;
  readonly state: ChangeState;
  readonly title: string;
  readonly description: string | null;
  readonly ticket: string | null;
  readonly items: readonly ChangeItem[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly applyAt: Date | null;
  readonly cause: unknown;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly comment: string | null;
  readonly appliedAt: Date | null;
  readonly changeset: string | null;
  readonly problems: readonly JsonObject[];
}

const columns = sql.raw(
  `c.id, c.state, c.title, c.description, c.ticket, c.items, c.created_by as "createdBy", c.created_at as "createdAt", c.apply_at as "applyAt", c.cause,
   c.decided_by as "decidedBy", c.decided_at as "decidedAt", c.comment, c.applied_at as "appliedAt", c.changeset, c.problems`,
);

export async function createChange(
  db: Db,
  row: Pick<
    ChangeRow,
    "id" | "title" | "description" | "ticket" | "items" | "createdBy" | "cause"
  > & {
    readonly applyAt: string | null;
  },
): Promise<void> {
  await sql`
    insert into inv.change_request (id, state, title, description, ticket, items, created_by, apply_at, cause)
    values (${row.id}::uuid, 'open', ${row.title}, ${row.description}, ${row.ticket}, ${JSON.stringify(row.items)}::jsonb, ${row.createdBy},
      ${row.applyAt}::timestamptz, ${JSON.stringify(row.cause)}::jsonb)`.execute(db);
}

/** `hold`: nobody else changes it until the transaction ends. */
export async function loadChange(db: Db, id: string, hold = false): Promise<ChangeRow | undefined> {
  const { rows } = await sql<ChangeRow>`
    select ${columns} from inv.change_request c where c.id = ${id}::uuid ${hold ? sql`for update` : sql``}`.execute(
    db,
  );
  return rows[0];
}

/** Newest first. */
export async function listChanges(
  db: Db,
  {
    states,
    after,
    limit,
  }: {
    readonly states: readonly ChangeState[] | undefined;
    readonly after: { readonly at: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly ChangeRow[]> {
  const from =
    after === undefined
      ? sql`true`
      : sql`(date_trunc('milliseconds', c.created_at), c.id) < (${after.at}::timestamptz, ${after.id}::uuid)`;
  const wanted = states === undefined ? sql`true` : sql`c.state = any(${states}::text[])`;
  const { rows } = await sql<ChangeRow>`
    select ${columns} from inv.change_request c where ${from} and ${wanted}
    order by date_trunc('milliseconds', c.created_at) desc, c.id desc limit ${limit}`.execute(db);
  return rows;
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** What becomes of it; moments by the clock of the database. */
export interface ChangeUpdate {
  readonly state: ChangeState;
  readonly items?: readonly ChangeItem[];
  readonly decidedBy?: string;
  readonly comment?: string | null;
  readonly changeset?: string;
  readonly problems?: readonly JsonObject[];
}

export async function updateChange(db: Db, id: string, update: ChangeUpdate): Promise<void> {
  const { state, items, decidedBy, comment, changeset, problems } = update;
  await sql`
    update inv.change_request set state = ${state}, items = coalesce(${json(items)}::jsonb, items),
      decided_by = coalesce(${decidedBy ?? null}, decided_by), decided_at = case when ${decidedBy ?? null}::text is null then decided_at else clock_timestamp() end,
      comment = coalesce(${comment ?? null}, comment), changeset = coalesce(${changeset ?? null}::uuid, changeset),
      applied_at = case when ${state} = 'applied' then clock_timestamp() else applied_at end, problems = coalesce(${json(problems)}::jsonb, problems)
    where id = ${id}::uuid`.execute(db);
}

/** Whether its time has come, by the clock of the database. */
export async function isDue(db: Db, id: string): Promise<boolean> {
  const { rows } = await sql<{ due: boolean }>`
    select coalesce(apply_at <= clock_timestamp(), true) as due from inv.change_request where id = ${id}::uuid`.execute(
    db,
  );
  return rows[0]?.due === true;
}

/** Approved ones whose time has come, the earliest first. */
export async function dueChanges(db: Db, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from inv.change_request where state = 'approved' and (apply_at is null or apply_at <= clock_timestamp()) order by apply_at limit ${limit}`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}
