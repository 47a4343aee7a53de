/**
 * What an infrastructure service says about entries: compared with the documents, and dealt with as the policies of the source say.
 *
 * 1. Everything that is decided about an entry is decided while it is held.
 * 2. A report that is older than what is known changes nothing; the same report again is no news. */
import { completeTypes } from "../inventory/absence.ts";
import { typeNamed, type KnownType } from "../inventory/catalogue.ts";
import { noPatience, observe, outrankedBy, alike, type Verdict } from "../inventory/claims.ts";
import type { CheckedRecord, ImportRecord } from "../inventory/import-records.ts";
import { badRequest } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import { isSourceName, policyFor } from "../inventory/sources.ts";
import { readUpsertItem } from "../inventory/upsert.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import {
  claimsOf,
  saveClaims,
  saveSignals,
  type ClaimRow,
  type Signal,
} from "../store/inventory/claims.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { driftSignal } from "./inventory-claim-book.ts";
import { checkRecords } from "./inventory-import-check.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { createThem } from "./inventory-observe-new.ts";
import { judgeSnapshot, noteSightings, type Snapshot } from "./inventory-snapshot.ts";
import { changesetOf, type Author } from "./inventory-write.ts";

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

async function observeSome(
  service: ImportGround,
  report: Report,
  author: Author,
): Promise<readonly ObservedItem[]> {
  const { ground } = service;
  const records = report.items.map(({ type, id, set }, row): ImportRecord => {
    typeNamed(ground.known, type);
    // What is not there is told by null.
    const said = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null));
    return {
      file: "",
      sheet: "",
      row,
      source: report.source,
      type,
      asOf: report.observedAt,
      id,
      set: said,
      cells: {},
      headings: {},
      problems: [],
    };
  });
  const { sound, problems } = await checkRecords(ground, records);
  const known = sound.filter(({ hits }) => hits.length > 0);
  const results = new Map<number, ObservedItem>();
  for (const [index, errors] of problems) results.set(index, { result: "invalid", errors });
  const judged = await service.workshop.database.transaction((tx) =>
    judge(tx, service, { report, records: known, author }),
  );
  for (const one of judged) results.set(one.record.index, answerOf(one));
  await adopt(service, judged, author);
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

interface Judged {
  readonly record: CheckedRecord;
  readonly type: KnownType;
  readonly row: EntryRow;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly signals: readonly Signal[];
}

function answerOf({ row, verdicts }: Judged): ObservedItem {
  const states = Object.fromEntries(
    [...verdicts].map(([attribute, { claim }]) => [attribute, claim.state]),
  );
  return { result: "observed", id: row.id, name: row.name, states };
}

/** Decides about every entry while it is held, and writes what needs no change of a document. */
async function judge(
  tx: Db,
  service: ImportGround,
  {
    report,
    records,
    author,
  }: { report: Report; records: readonly CheckedRecord[]; author: Author },
): Promise<readonly Judged[]> {
  const ids = records.flatMap(({ hits }) => hits[0] ?? []);
  const rows = await loadEntries(tx, ids, "write");
  const claims = Map.groupBy(await claimsOf(tx, ids), ({ entryId }) => entryId);
  const now = new Date().toISOString();
  const judged = records.flatMap((record): Judged[] => {
    const row = rows.get(record.hits[0] ?? "");
    if (row === undefined) return [];
    const type = typeNamed(service.ground.known, record.type);
    const said = {
      ...Object.fromEntries(
        Object.entries(report.items[record.row]?.set ?? {}).filter(([, value]) => value === null),
      ),
      ...record.values,
    };
    const verdicts = new Map<string, Verdict>();
    const signals: Signal[] = [];
    for (const [name, value] of Object.entries(said)) {
      const about = { name, value, type, row, claims: claims.get(row.id) ?? [] };
      const verdict = verdictOf(service, about, { report, now });
      if (verdict === undefined) continue;
      verdicts.set(name, verdict);
      signals.push(...signalsOf(service, about, { verdict, author, source: report.source }));
    }
    return [{ record, type, row, verdicts, signals }];
  });
  const still = judged.map((one) => ({
    ...one,
    verdicts: new Map([...one.verdicts].filter(([, { write }]) => !write)),
  }));
  await saveClaims(tx, still.flatMap(claimsIn));
  await saveSignals(
    tx,
    judged.flatMap(({ signals }) => signals),
  );
  return judged;
}

interface About {
  readonly name: string;
  readonly value: unknown;
  readonly type: KnownType;
  readonly row: EntryRow;
  readonly claims: readonly ClaimRow[];
}

function verdictOf(
  { ground }: ImportGround,
  { name, value, type, row, claims }: About,
  { report, now }: { report: Report; now: string },
): Verdict | undefined {
  const attribute = type.attributes.get(name);
  // What says which entry it is, is no statement about it.
  const isKey = type.keys.some(({ attributes }) => attributes.includes(name));
  if (isKey && attribute !== undefined && alike(attribute, row.doc[name], value)) return undefined;
  const rule = policyFor(ground.known.sources, report.source, { type: type.name, attribute: name });
  const own = claims.filter(({ attr }) => attr === name);
  return observe({
    policy: rule?.policy ?? "report",
    patience: rule?.patience ?? noPatience,
    document: row.doc[name],
    attribute,
    before: own.find(({ source }) => source === report.source),
    source: report.source,
    value,
    observedAt: report.observedAt,
    place: null,
    now,
    outranked: outrankedBy(attribute?.authority ?? [], report.source, own, (other) =>
      alike(attribute, other, row.doc[name]),
    ),
  });
}

function signalsOf(
  { ground }: ImportGround,
  { name, type, row }: About,
  { verdict, author, source }: { verdict: Verdict; author: Author; source: string },
): readonly Signal[] {
  const policy =
    policyFor(ground.known.sources, source, { type: type.name, attribute: name })?.policy ??
    "report";
  return driftSignal({
    subject: { id: row.id, type: type.name, name: row.name },
    attribute: name,
    verdict,
    policy,
    document: row.doc[name],
    changeset: changesetOf(author),
    written: false,
  });
}

function claimsIn({ row, verdicts }: Pick<Judged, "row" | "verdicts">) {
  return [...verdicts].map(([attr, { claim }]) => ({ ...claim, entryId: row.id, attr }));
}

/** Documents that take over what was reported. */
async function adopt(
  service: ImportGround,
  judged: readonly Judged[],
  author: Author,
): Promise<void> {
  const taking = judged.filter(({ verdicts }) => [...verdicts.values()].some(({ write }) => write));
  if (taking.length === 0) return;
  const items = taking.map(({ type, row, verdicts }) => {
    const set = Object.fromEntries(
      [...verdicts].flatMap(([name, { write, claim }]) => (write ? [[name, claim.value]] : [])),
    );
    return { type: type.name, id: row.id, match: undefined, set, setOnce: {}, add: {} };
  });
  await service.upsert(items, author, async (tx, wave) => {
    const done = [...wave].flatMap(([index, { id }]) =>
      id === undefined ? [] : (taking[index] ?? []),
    );
    await saveClaims(tx, done.flatMap(claimsIn));
  });
}
