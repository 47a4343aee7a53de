/** The audit log. The database itself chains the rows and refuses to change them (migration 0060). */
import { sql, type Selectable } from "kysely";
import type { Db, LedgerSchema } from "./schema.ts";

export type AuditRow = Selectable<LedgerSchema["audit"]>;
export type NewAuditRow = Omit<AuditRow, "seq" | "digest">;

export async function addAudit(db: Db, rows: readonly NewAuditRow[]): Promise<void> {
  await db
    .insertInto("audit")
    .values(rows.map((row) => ({ ...row, details: JSON.stringify(row.details) })))
    .execute();
}

export interface AuditFilter {
  readonly account?: string | undefined;
  readonly method?: string | undefined;
  readonly action?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Only rows before that one. */
  readonly before?: number | undefined;
}

/** The newest first. */
export async function listAudit(
  db: Db,
  { account, method, action, since, until, before }: AuditFilter,
  limit: number,
): Promise<readonly AuditRow[]> {
  let query = db.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(limit);
  if (account !== undefined) query = query.where("account", "=", account);
  if (method !== undefined) query = query.where("method", "=", method);
  if (action !== undefined) query = query.where("action", "=", action);
  if (since !== undefined) query = query.where("at", ">=", since);
  if (until !== undefined) query = query.where("at", "<", until);
  if (before !== undefined) query = query.where("seq", "<", before);
  return query.execute();
}

/** Computes the whole chain anew. Gives how many rows there are and the first that does not fit, if any. */
export async function verifyAudit(
  db: Db,
): Promise<{ readonly rows: number; readonly broken: number | undefined }> {
  const { rows } = await sql<{ rows: number; broken: number | null }>`
    select count(*) as rows, min(seq) filter (where digest <> right_one) as broken from (
      select a.seq, a.digest, audit_digest(coalesce(lag(a.digest) over (order by a.seq), ''), a) as right_one from audit a) as chain`.execute(
    db,
  );
  return { rows: rows[0]?.rows ?? 0, broken: rows[0]?.broken ?? undefined };
}
