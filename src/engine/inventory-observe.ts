/**
 * What an infrastructure service says about entries: compared with the documents, and dealt with as the policies of the source say.
 *
 * 1. Everything that is decided about an entry is decided while it is held.
 * 2. A report that is older than what is known changes nothing; the same report again is no news. */
import { completeTypes } from "../inventory/absence.ts";
import { typeNamed } from "../inventory/catalogue.ts";
import type { CheckedRecord, ImportRecord } from "../inventory/import-records.ts";
import { badRequest } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import { isSourceName } from "../inventory/sources.ts";
import { readUpsertItem } from "../inventory/upsert.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import { saveClaims } from "../store/inventory/claims.ts";
import { checkRecords } from "./inventory-import-check.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { createThem } from "./inventory-observe-new.ts";
import { claimsIn, judge, type Judged } from "./inventory-observe-judge.ts";
import { judgeSnapshot, noteSightings, type Snapshot } from "./inventory-snapshot.ts";
import type { Author } from "./inventory-write.ts";

export interface Report {
  readonly source: string;
  /** ISO 8601. */
  readonly observedAt: string;
  /** Types of which the report has every entry that the source knows. */
  readonly complete: readonly string[];
  /** True: also when suspiciously much is missing. */
  readonly force: boolean;
  readonly items: readonly {
    readonly type: string;
    readonly id: string | undefined;
    readonly set: JsonObject;
  }[];
}

export interface ObservedItem {
  /** `unknown`: there is no such entry. `created`: the source may make entries. */
  readonly result: "observed" | "created" | "unknown" | "invalid";
  readonly id?: string;
  readonly name?: string;
  /** By attribute: the state of what the source says about it. */
  readonly states?: Readonly<Record<string, string>>;
  readonly errors?: readonly unknown[];
}

/** One answer per item, and one per type of which the report was complete. */
export interface Observed {
  readonly results: readonly ObservedItem[];
  readonly snapshots: readonly Snapshot[];
}

const mostItems = 20_000;
const batch = 500;

/** Throws INVENTORY_REQUEST that says where and what was expected. */
export function readReport(body: JsonObject, now: string): Report {
  const { source, observed_at: observedAt, items } = body;
  if (!isSourceName(source))
    throw badRequest(`source is ${shown(source)}; expected the name of a source, as dns`);
  const moment = typeof observedAt === "string" ? isoMoment(observedAt) : undefined;
  if (observedAt !== undefined && observedAt !== null && moment === undefined)
    throw badRequest(`observed_at is ${shown(observedAt)}; expected 2026-04-01T09:00:00+09:00`);
  if (!Array.isArray(items) || items.length > mostItems)
    throw badRequest(`items: expected a list of at most ${mostItems} items {type, set}`);
  const read = items.map((item: unknown, index) => {
    const { type, id, set } = readUpsertItem(item, `items[${index}]`);
    return { type, id, set };
  });
  const complete = completeTypes(body["complete"], read);
  if (complete === undefined)
    throw badRequest(
      `complete is ${shown(body["complete"])}; expected true, a type or a list of types`,
    );
  const force = body["force"] === true;
  return { source, observedAt: moment ?? now, complete, force, items: read };
}

/** One answer per item, in order; then what is missing in a complete report. */
export async function observeAll(
  service: ImportGround,
  report: Report,
  author: Author,
): Promise<Observed> {
  const results: ObservedItem[] = [];
  const writer = {
    ...author,
    source: report.source,
    reason: author.reason ?? `reported by ${report.source}`,
  };
  for (let from = 0; from < report.items.length; from += batch)
    results.push(
      ...(await observeSome(
        service,
        { ...report, items: report.items.slice(from, from + batch) },
        writer,
      )),
    );
  const snapshots: Snapshot[] = [];
  for (const type of report.complete)
    snapshots.push(await judgeSnapshot(service, { ...report, type }, writer));
  return { results, snapshots };
}

/** The items as rows of a sheet would say them. What is not there is told by null. */
export function recordsOf(
  { ground }: Pick<ImportGround, "ground">,
  { items, source, observedAt }: Report,
): readonly ImportRecord[] {
  return items.map(({ type, id, set }, row): ImportRecord => {
    typeNamed(ground.known, type);
    const said = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null));
    const nowhere = { file: "", sheet: "", cells: {}, headings: {}, problems: [] };
    return { ...nowhere, row, source, type, asOf: observedAt, id, set: said };
  });
}

async function observeSome(
  service: ImportGround,
  report: Report,
  author: Author,
): Promise<readonly ObservedItem[]> {
  const { ground } = service;
  const records = recordsOf(service, report);
  const { sound, problems } = await checkRecords(ground, records);
  const known = sound.filter(({ hits }) => hits.length > 0);
  const results = new Map<number, ObservedItem>();
  for (const [index, errors] of problems) results.set(index, { result: "invalid", errors });
  // Several items may be about one entry: a later one is decided when the one before has been written.
  for (const turn of turnsOf(known)) {
    const judged = await service.workshop.database.transaction((tx) =>
      judge(tx, service, { report, records: turn, author }),
    );
    const refused = await adopt(service, judged, author);
    for (const one of judged) results.set(one.record.index, answerOf(one, refused.get(one)));
  }
  const unknown = sound.filter(({ hits }) => hits.length === 0);
  for (const [index, item] of await createThem(service, unknown, { report, author }))
    results.set(index, item);
  await noteSightings(
    service,
    report,
    [...results.values()].flatMap(({ id }) => id ?? []),
    author,
  );
  return report.items.map((_, index) => results.get(index) ?? { result: "unknown" });
}

/** The records in such groups that each entry is in a group once; what comes later is in a later one. */
function turnsOf(records: readonly CheckedRecord[]): readonly (readonly CheckedRecord[])[] {
  const times = new Map<string, number>();
  const turns: CheckedRecord[][] = [];
  for (const record of records) {
    const id = record.hits[0] ?? "";
    const turn = times.get(id) ?? 0;
    times.set(id, turn + 1);
    (turns[turn] ??= []).push(record);
  }
  return turns;
}

/** `refused`: why the document did not take over what was said. */
function answerOf({ row, verdicts, unread }: Judged, refused: string | undefined): ObservedItem {
  const told = [...verdicts].filter(([, { write }]) => refused === undefined || !write);
  const states = Object.fromEntries(told.map(([attribute, { claim }]) => [attribute, claim.state]));
  const errors = [
    ...unread.map((attribute) => ({ attribute, message: `you may not read ${attribute} of it` })),
    ...(refused === undefined ? [] : [{ message: refused }]),
  ];
  const about = { id: row.id, name: row.name, states };
  if (errors.length === 0) return { result: "observed", ...about };
  return { result: told.length === 0 ? "invalid" : "observed", ...about, errors };
}

/** Documents take over what was reported; the answer is why some do not. */
async function adopt(
  service: ImportGround,
  judged: readonly Judged[],
  author: Author,
): Promise<ReadonlyMap<Judged, string>> {
  const taking = judged.filter(({ verdicts }) => [...verdicts.values()].some(({ write }) => write));
  if (taking.length === 0) return new Map();
  const items = taking.map(({ type, row, verdicts }) => {
    const set = Object.fromEntries(
      [...verdicts].flatMap(([name, { write, claim }]) => (write ? [[name, claim.value]] : [])),
    );
    return { type: type.name, id: row.id, match: undefined, set, setOnce: {}, add: {} };
  });
  const results = await service.upsert(items, author, async (tx, wave) => {
    const done = [...wave].flatMap(([index, { id }]) =>
      id === undefined ? [] : (taking[index] ?? []),
    );
    await saveClaims(tx, done.flatMap(claimsIn));
  });
  return new Map(
    results.flatMap(({ error }, index) => {
      const one = taking[index];
      return one === undefined || error === undefined ? [] : [[one, error] as const];
    }),
  );
}
