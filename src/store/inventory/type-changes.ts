/** The history of types. */
import { sql } from "kysely";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

export interface TypeChangeRow {
  readonly name: string;
  readonly pack: string;
  readonly schemaVersion: number;
  /** I, U or D. */
  readonly op: string;
  readonly at: Date;
  /** Undefined: files changed. */
  readonly actor: string | null;
  readonly reason: string | null;
  readonly definition: JsonObject;
}

/** Newest first, of the type that has that name or had it last. */
export async function typeChanges(db: Db, name: string): Promise<readonly TypeChangeRow[]> {
  const { rows } = await sql<TypeChangeRow>`
    select c.name, c.pack, c.schema_version as "schemaVersion", c.op, c.at, c.actor, c.reason, c.definition from inv.type_change c
    where c.type_id = (select id from inv.type where name = ${name}) order by c.id desc limit 500`.execute(
    db,
  );
  return rows;
}

/** Notes the rows of types as they are now, for those that differ from what was noted last. Run it in the transaction that wrote them. */
export async function noteTypeChanges(tx: Db): Promise<void> {
  await sql`
    insert into inv.type_change (type_id, name, pack, schema_version, op, definition)
    select t.id, t.name, t.pack, t.schema_version,
      case when t.retired_at is not null then 'D' when c.id is null or c.op = 'D' then 'I' else 'U' end, t.definition
    from inv.type t left join lateral (select * from inv.type_change c where c.type_id = t.id order by c.id desc limit 1) c on true
    where (c.id is null and t.retired_at is null)
      or (c.id is not null and ((c.op = 'D') <> (t.retired_at is not null) or c.name <> t.name or c.pack <> t.pack or c.definition <> t.definition))`.execute(
    tx,
  );
}

/** Says who made the last change of a type, and why. */
export async function signTypeChange(
  db: Db,
  name: string,
  { actor, reason }: { readonly actor: string; readonly reason: string | undefined },
): Promise<void> {
  await sql`
    update inv.type_change set actor = ${actor}, reason = ${reason ?? null}
    where id = (select max(c.id) from inv.type_change c join inv.type t on t.id = c.type_id where t.name = ${name}) and actor is null`.execute(
    db,
  );
}
