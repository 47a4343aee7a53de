/** Silences: conditions under which alerts are not told, from a moment to a moment. */
import type { Selectable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type SilenceRow = Selectable<LedgerSchema["alert_silence"]>;

export interface NewSilence {
  readonly id: string;
  readonly match: JsonObject;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly comment: string;
  readonly author: string;
}

export async function addSilence(db: Db, silence: NewSilence): Promise<SilenceRow> {
  const { id, match, startsAt, endsAt, comment, author } = silence;
  const values = { id, comment, author, starts_at: startsAt, ends_at: endsAt };
  return db
    .insertInto("alert_silence")
    .values({ ...values, match: JSON.stringify(match) })
    .onConflict((on) => on.column("id").doUpdateSet({ id }))
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Ends it now, or before it began; undefined = there is none. One that has ended stays as it is. */
export async function expireSilence(
  db: Db,
  id: string,
  now: Date,
): Promise<SilenceRow | undefined> {
  await db
    .updateTable("alert_silence")
    .set({ ends_at: now })
    .where("id", "=", id)
    .where("ends_at", ">", now)
    .execute();
  return db.selectFrom("alert_silence").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Those that are in force at `now`. */
export async function activeSilences(db: Db, now: Date): Promise<readonly SilenceRow[]> {
  return db
    .selectFrom("alert_silence")
    .selectAll()
    .where("starts_at", "<=", now)
    .where("ends_at", ">", now)
    .orderBy("id")
    .execute();
}

/** Newest first; `ended`: also those that are over. */
export async function listSilences(
  db: Db,
  { now, ended, limit, offset }: { now: Date; ended: boolean; limit: number; offset: number },
): Promise<readonly SilenceRow[]> {
  const query = db.selectFrom("alert_silence").selectAll();
  return (ended ? query : query.where("ends_at", ">", now))
    .orderBy("created_at", "desc")
    .orderBy("id")
    .limit(limit)
    .offset(offset)
    .execute();
}
