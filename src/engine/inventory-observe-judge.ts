/** What is decided about entries of which a service reports, while they are held. */
import { typeNamed, type KnownType } from "../inventory/catalogue.ts";
import { noPatience, observe, outrankedBy, alike, type Verdict } from "../inventory/claims.ts";
import { echoOf, type Push } from "../inventory/echo.ts";
import type { CheckedRecord } from "../inventory/import-records.ts";
import { policyFor } from "../inventory/sources.ts";
import {
  claimsOf,
  saveClaims,
  saveSignals,
  type ClaimRow,
  type Signal,
} from "../store/inventory/claims.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { pushesOf } from "../store/inventory/pushes.ts";
import type { Db } from "../store/schema.ts";
import { driftSignal } from "./inventory-claim-book.ts";
import { mayRead } from "./inventory-eyes.ts";
import type { ImportGround } from "./inventory-imports.ts";
import type { Report } from "./inventory-observe.ts";
import { pushHash } from "./inventory-push-hash.ts";
import { changesetOf, type Author } from "./inventory-write.ts";

/** What was decided about one entry. */
export interface Judged {
  readonly record: CheckedRecord;
  readonly type: KnownType;
  readonly row: EntryRow;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly signals: readonly Signal[];
  /** Attributes that the caller may not read of the entry: what is said of them is not heard. */
  readonly unread: readonly string[];
}

/** Decides about every entry while it is held, and writes what needs no change of a document. */
export async function judge(
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
  const pushes = await pushesOf(tx, ids, report.source);
  const sights = await service.ground.eyes.sights(tx, [...rows.values()]);
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
    const unread = Object.keys(said).filter((name) => !mayRead(sights.get(row.id), name));
    for (const [name, value] of Object.entries(said)) {
      if (unread.includes(name)) continue;
      const push = pushes.find(({ entryId, attr }) => entryId === row.id && attr === name);
      const about = { name, value, type, row, claims: claims.get(row.id) ?? [], push };
      const verdict = verdictOf(service, about, { report, now });
      if (verdict === undefined) continue;
      verdicts.set(name, verdict);
      signals.push(...signalsOf(service, about, { verdict, author, source: report.source }));
    }
    return [{ record, type, row, verdicts, signals, unread }];
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
  readonly push: Push | undefined;
}

function verdictOf(
  { ground }: ImportGround,
  { name, value, type, row, claims, push }: About,
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
    echo: echoOf(push, { hash: pushHash(attribute, value), observedAt: report.observedAt }),
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

export function claimsIn({ row, verdicts }: Pick<Judged, "row" | "verdicts">) {
  return [...verdicts].map(([attr, { claim }]) => ({ ...claim, entryId: row.id, attr }));
}
