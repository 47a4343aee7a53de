/** How far entries have followed their types, and which of them the newest version does not fit. */
import type { Inventory } from "./inventory.ts";
import type { JsonObject } from "../model/json.ts";
import { listMigrations, listMisfits } from "../store/inventory/migration.ts";
import { seenOf } from "./inventory-eyes.ts";

export interface MigrationView {
  readonly type: string;
  readonly schema_version: number;
  readonly state: "running" | "finished" | "superseded";
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  /** Entries that did not fit. */
  readonly unfit: number;
  /** Why it stands still; it is tried again at the next start or reload. */
  readonly error: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
}

/** The newest first. */
export async function migrations({
  ground,
}: Pick<Inventory, "ground">): Promise<readonly MigrationView[]> {
  const { db, known } = ground;
  const rows = await listMigrations(db, [...known.byId.keys()]);
  return rows.map((row) => ({
    type: known.byId.get(row.typeId)?.name ?? "unknown",
    schema_version: row.schemaVersion,
    state: row.state,
    total: row.total,
    done: row.done,
    changed: row.changed,
    unfit: row.unfit,
    error: row.error,
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
  }));
}

export interface MisfitView {
  readonly id: string;
  readonly name: string;
  readonly schema_version: number;
  /** Only for who may read everything: they speak of values. */
  readonly problems: readonly JsonObject[];
}

const mostMisfits = 1000;
const lowest = "00000000-0000-0000-0000-000000000000";

/** Entries of a type that stay as they were until somebody repairs them. */
export async function misfits(
  { ground, type }: Pick<Inventory, "ground" | "type">,
  name: string,
): Promise<readonly MisfitView[]> {
  const { db, eyes } = ground;
  const where = { typeId: type(name).id, after: lowest, limit: mostMisfits };
  const rows = (await listMisfits(db, where)).map((row) => ({ ...row, id: row.entryId }));
  return (await seenOf(eyes, db, rows)).map(({ id, name: of, schemaVersion, problems }) => {
    return {
      id,
      name: of,
      schema_version: schemaVersion,
      problems: eyes.unlimited ? problems : [],
    };
  });
}
