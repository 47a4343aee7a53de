/** Every message that alerts were made of, or that no parser knew, as it came; and when each source was last heard. */
import { sql, type Selectable } from "kysely";
import type { JsonObject } from "../model/json.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export type MessageRow = Selectable<LedgerSchema["alert_message"]>;
export type SourceRow = Selectable<LedgerSchema["alert_source"]>;

export interface NewMessage {
  readonly key: string;
  readonly kind: "mail" | "json";
  readonly ref: string;
  readonly subject: string;
  readonly sender: string;
  /** Undefined: no parser knows it, for this reason. */
  readonly parser: string | undefined;
  readonly reason: string | undefined;
  /** `{id, effect}` of each alert in it. */
  readonly alerts: readonly JsonObject[];
  readonly document: JsonObject;
  readonly raw: Buffer | undefined;
}

/** Keeps it; one that is kept already gets the newest reading of it and verdict on it. */
export async function keepMessage(db: Db, message: NewMessage): Promise<void> {
  const { key, kind, ref, subject, sender, document, raw } = message;
  const newest = {
    subject,
    sender,
    document: JSON.stringify(document),
    parser: message.parser ?? null,
    reason: message.reason ?? null,
    alerts: JSON.stringify(message.alerts),
  };
  await db
    .insertInto("alert_message")
    .values({
      key,
      kind,
      ref,
      ...newest,
      raw: raw ?? null,
    })
    .onConflict((on) => on.column("key").doUpdateSet(newest))
    .execute();
}

/** By key, or by what `raw_ref` of an alert says. */
export async function findMessage(db: Db, name: string): Promise<MessageRow | undefined> {
  return db
    .selectFrom("alert_message")
    .selectAll()
    .where((where) => where.or([where("key", "=", name), where("ref", "=", name)]))
    .orderBy("received_at", "desc")
    .limit(1)
    .executeTakeFirst();
}

export interface MessageFilter {
  readonly unparsed: boolean;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

function chosen({ unparsed, since, until }: MessageFilter) {
  const conditions = [
    ...(unparsed ? [sql`parser is null`] : []),
    ...(since === undefined ? [] : [sql`received_at >= ${since}`]),
    ...(until === undefined ? [] : [sql`received_at < ${until}`]),
  ];
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

export type MessageHead = Omit<MessageRow, "document" | "raw">;

/** Without their contents; newest first. */
export async function listMessages(
  db: Db,
  filter: MessageFilter,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly MessageHead[]> {
  const { rows } = await sql<MessageHead>`
    select key, kind, received_at, ref, subject, sender, parser, reason, alerts from alert_message
    where ${chosen(filter)} order by received_at desc, key limit ${limit} offset ${offset}`.execute(
    db,
  );
  return rows;
}

/** Keys of messages in the order in which they came. */
export async function messageKeys(
  db: Db,
  filter: MessageFilter,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ key: string }>`
    select key from alert_message where ${chosen(filter)} order by received_at, key limit ${limit}`.execute(
    db,
  );
  return rows.map(({ key }) => key);
}

/** A message came from these; those that were silent until now. Written at most every few seconds each. */
export async function heard(
  db: Db,
  sources: readonly string[],
  now: Date,
): Promise<readonly SourceRow[]> {
  const { rows } = await sql<SourceRow>`
    with before as (select * from alert_source where source = any(${sources}::text[])),
    written as (
      insert into alert_source (source, last_at) select s, ${now} from unnest(${sources}::text[]) s order by s
      on conflict (source) do update set last_at = excluded.last_at, silent_since = null
        where alert_source.last_at < excluded.last_at - interval '2 seconds' or alert_source.silent_since is not null)
    select * from before where silent_since is not null`.execute(db);
  return rows;
}

/** When a source was last heard; one that never was counts from now on. */
export async function lastHeard(db: Db, source: string, now: Date): Promise<SourceRow> {
  await sql`insert into alert_source (source, last_at) values (${source}, ${now}) on conflict do nothing`.execute(
    db,
  );
  return db
    .selectFrom("alert_source")
    .selectAll()
    .where("source", "=", source)
    .executeTakeFirstOrThrow();
}

export async function markSilent(db: Db, source: string, since: Date): Promise<void> {
  await db
    .updateTable("alert_source")
    .set({ silent_since: since })
    .where("source", "=", source)
    .execute();
}
