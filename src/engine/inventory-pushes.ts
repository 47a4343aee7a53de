/**
 * What rules and workflows wrote into services. Whoever wrote it says so afterwards; when the service then reports the same, that is our own echo
 * (`inventory/echo.ts`). */
import { typeNamed } from "../inventory/catalogue.ts";
import { badRequest } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import { shown } from "../inventory/validate.ts";
import { passing } from "../model/crash-points.ts";
import type { JsonObject } from "../model/json.ts";
import type { CheckedRecord } from "../inventory/import-records.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import { savePushes, type PushWrite } from "../store/inventory/pushes.ts";
import { mayRead } from "./inventory-eyes.ts";
import { checkRecords } from "./inventory-import-check.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { pushHash } from "./inventory-push-hash.ts";
import { readReport, recordsOf, type Report } from "./inventory-observe.ts";
import type { Author } from "./inventory-write.ts";

export interface PushedItem {
  /** `unknown`: there is no such entry. */
  readonly result: "noted" | "unknown" | "invalid";
  readonly id?: string;
  readonly name?: string;
  /** Attributes that were noted. */
  readonly attributes?: readonly string[];
  readonly errors?: readonly unknown[];
}

/** Throws INVENTORY_REQUEST that says where and what was expected. */
export function readPushes(body: JsonObject): Report {
  const { source, items, pushed_at: pushedAt } = body;
  const now = new Date().toISOString();
  const moment = typeof pushedAt === "string" ? isoMoment(pushedAt) : undefined;
  if (pushedAt !== undefined && pushedAt !== null && moment === undefined)
    throw badRequest(`pushed_at is ${shown(pushedAt)}; expected 2026-04-01T09:00:00+09:00`);
  return readReport({ source, items, observed_at: moment ?? now }, now);
}

/** Notes what was written into the source, one answer per item in order. `observedAt` of the report is when it was written. */
export async function notePushes(
  service: ImportGround,
  report: Report,
  author: Author,
): Promise<readonly PushedItem[]> {
  const { ground } = service;
  const { sound, problems } = await checkRecords(ground, recordsOf(service, report));
  const results = new Map<number, PushedItem>();
  for (const [index, errors] of problems) results.set(index, { result: "invalid", errors });
  const known = sound.filter(({ hits }) => hits.length > 0);
  await service.workshop.database.transaction(async (tx) => {
    const ids = known.flatMap(({ hits }) => hits[0] ?? []);
    const rows = await loadEntries(tx, ids, "write");
    const sights = await ground.eyes.sights(tx, [...rows.values()]);
    // Of several words about one attribute the last counts.
    const pushes = new Map<string, PushWrite>();
    for (const record of known) {
      const row = rows.get(record.hits[0] ?? "");
      if (row === undefined) continue;
      const said = saidOf(record, report);
      const names = Object.keys(said).filter((name) => mayRead(sights.get(row.id), name));
      const type = typeNamed(ground.known, record.type);
      for (const attr of names)
        pushes.set(`${row.id} ${attr}`, {
          entryId: row.id,
          attr,
          source: report.source,
          hash: pushHash(type.attributes.get(attr), said[attr]),
          pushedAt: report.observedAt,
          pushedBy: author.actor,
          execution: author.cause.execution,
        });
      results.set(record.index, {
        result: "noted",
        id: row.id,
        name: row.name,
        attributes: names,
      });
    }
    await savePushes(tx, [...pushes.values()]);
    passing("push.before-commit");
  });
  passing("push.after-commit");
  return report.items.map((_, index) => results.get(index) ?? { result: "unknown" });
}

function saidOf(
  { row, values }: CheckedRecord,
  { items }: Report,
): Readonly<Record<string, unknown>> {
  const gone = Object.entries(items[row]?.set ?? {}).filter(([, value]) => value === null);
  return { ...Object.fromEntries(gone), ...values };
}
