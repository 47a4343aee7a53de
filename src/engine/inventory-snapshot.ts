/**
 * Complete reports of a source: which entries it no longer speaks of, and what its policies make of that.
 *
 * 1. That an entry is there at all is a claim like others, under the attribute `*`: it has an age, can be decided, and ends when it is seen again.
 * 2. Parts of one snapshot carry the same moment; the last one says that it is complete.
 * 3. A snapshot in which suspiciously much is missing changes nothing and is told. */
import {
  absenceRule,
  implausible,
  sighted,
  usualLimit,
  wholeEntry,
  type AbsenceRule,
} from "../inventory/absence.ts";
import { typeNamed, type KnownType } from "../inventory/catalogue.ts";
import type { Verdict } from "../inventory/claims.ts";
import { InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import {
  claimsOf,
  saveClaims,
  saveSignals,
  sightingsOf,
  type ClaimRow,
} from "../store/inventory/claims.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { driftSignal, originOf } from "./inventory-claim-book.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { apply } from "./inventory-recompute.ts";
import { removal } from "./inventory-remove.ts";
import { changesetOf, decide, insist, withoutRaces, type Author } from "./inventory-write.ts";

export interface Snapshot extends JsonObject {
  readonly type: string;
  /** Entries that could be missing. */
  readonly known: number;
  readonly absent: number;
  /** Why nothing followed from it. */
  readonly refused?: string;
  readonly retired: number;
  readonly deleted: number;
  readonly failed: readonly JsonObject[];
}

interface Moment {
  readonly source: string;
  readonly observedAt: string;
}

const piece = 500;

/** Notes that the source spoke of these entries. */
export async function noteSightings(
  service: ImportGround,
  moment: Moment,
  ids: readonly string[],
  author: Author,
): Promise<void> {
  if (ids.length === 0) return;
  await service.workshop.database.transaction((tx) =>
    look(tx, service, { moment, ids, present: true, author }),
  );
}

interface Look {
  readonly moment: Moment;
  readonly ids: readonly string[];
  readonly present: boolean;
  readonly author: Author;
}

interface Judged {
  readonly row: EntryRow;
  readonly type: KnownType;
  readonly rule: AbsenceRule;
  readonly act: boolean;
}

/** Writes what the source's silence or word means for its claims; answers those on whom the policy is to be carried out. */
async function look(
  tx: Db,
  { ground }: ImportGround,
  { moment, ids, present, author }: Look,
): Promise<readonly Judged[]> {
  const rows = await loadEntries(tx, ids.toSorted(), "write");
  const claims = await claimsOf(tx, ids, [wholeEntry]);
  const before = new Map(
    claims.filter(({ source }) => source === moment.source).map((claim) => [claim.entryId, claim]),
  );
  const now = new Date().toISOString();
  const rules = ground.known.sources.get(moment.source)?.absent ?? [];
  const judged = [...rows.values()].flatMap((row) => {
    const type = ground.known.byId.get(row.typeId);
    if (type === undefined || row.deletedAt !== null) return [];
    const rule = absenceRule(rules, type.name);
    const seen = sighted({ rule, before: before.get(row.id), present, now, ...moment });
    return seen === undefined ? [] : [{ row, type, rule, ...seen }];
  });
  await saveClaims(
    tx,
    judged.map(({ row, verdict }) => ({ ...verdict.claim, entryId: row.id, attr: wholeEntry })),
  );
  await saveSignals(
    tx,
    judged.flatMap((one) => newsOf(one, one.verdict, author)),
  );
  return judged;
}

function newsOf({ row, type, rule }: Omit<Judged, "act">, verdict: Verdict, author: Author) {
  return driftSignal({
    subject: { id: row.id, type: type.name, name: row.name },
    attribute: wholeEntry,
    verdict,
    policy: rule.policy,
    document: "present",
    changeset: changesetOf(author),
    written: false,
  });
}

/** The entries of a type that the source no longer speaks of. */
export async function judgeSnapshot(
  service: ImportGround,
  report: Moment & { readonly type: string; readonly force: boolean },
  author: Author,
): Promise<Snapshot> {
  const { ground } = service;
  const type = typeNamed(ground.known, report.type);
  const source = ground.known.sources.get(report.source);
  const rule = absenceRule(source?.absent ?? [], type.name);
  const all = await sightingsOf(ground.db, {
    source: report.source,
    typeId: type.id,
    all: rule.of === "all",
  });
  const sights = await ground.eyes.sights(
    ground.db,
    all.map(({ id }) => ({ id, typeId: type.id })),
  );
  const candidates = all.filter(({ id }) => sights.has(id));
  const missing = candidates.filter(
    ({ at }) => at === null || at.toISOString() < report.observedAt,
  );
  const counts = { known: candidates.length, absent: missing.length };
  const none = { type: type.name, ...counts, retired: 0, deleted: 0, failed: [] };
  const doubt = implausible(
    { ...counts, seen: counts.known - counts.absent },
    source?.absentLimit ?? usualLimit,
  );
  if (doubt !== undefined && !report.force) {
    await refuse(service, { source: report.source, type: type.name, doubt, ...counts }, author);
    return { ...none, refused: `${doubt}; send it again with force when it is true` };
  }
  const acting: Judged[] = [];
  const ids = missing.map(({ id }) => id);
  for (let from = 0; from < ids.length; from += piece)
    acting.push(
      ...(
        await service.workshop.database.transaction((tx) =>
          look(tx, service, {
            moment: report,
            ids: ids.slice(from, from + piece),
            present: false,
            author,
          }),
        )
      ).filter(({ act }) => act),
    );
  return { ...none, ...(await carryOut(service, { moment: report, rule, acting }, author)) };
}

/** Rules hear of a snapshot that was not believed: somebody has to look after the source. */
async function refuse(
  { ground }: ImportGround,
  { doubt, ...about }: JsonObject & { readonly doubt: string },
  author: Author,
): Promise<void> {
  const payload = { ...about, reason: doubt, origin: originOf(changesetOf(author)) };
  await saveSignals(ground.db, [{ trigger: "inventory.snapshot.refused", payload }]);
}

async function carryOut(
  service: ImportGround,
  {
    moment,
    rule,
    acting,
  }: { readonly moment: Moment; readonly rule: AbsenceRule; readonly acting: readonly Judged[] },
  author: Author,
): Promise<Pick<Snapshot, "retired" | "deleted" | "failed">> {
  const failed: JsonObject[] = [];
  let done = 0;
  for (const { row } of acting) {
    try {
      await endEntry(service, { row, source: moment.source, rule, author });
      done += 1;
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error;
      failed.push({ id: row.id, entry: row.name, error: error.message });
    }
  }
  const retire = rule.policy === "retire";
  return { retired: retire ? done : 0, deleted: retire ? 0 : done, failed };
}

interface Ending {
  readonly row: Pick<EntryRow, "id" | "typeId" | "name">;
  readonly source: string;
  readonly rule: AbsenceRule;
  readonly author: Author;
  /** Written in the same transaction; the claim's own end when it is left out. */
  readonly settle?: (tx: Db) => Promise<void>;
}

/** Retires or deletes an entry that its source no longer has, and ends the claim in the same transaction. Throws InventoryError. */
export async function endEntry(
  service: ImportGround,
  { row, source, rule, author, settle }: Ending,
): Promise<void> {
  const { ground, workshop } = service;
  const type = ground.known.byId.get(row.typeId)?.name ?? "";
  const writer: Author = {
    ...author,
    source,
    reason: author.reason ?? `${source} no longer has it`,
  };
  const ended = settle ?? ((tx: Db) => agree(tx, row.id, source));
  if (rule.policy === "retire") {
    const item = { type, id: row.id, match: undefined, set: rule.set, setOnce: {}, add: {} };
    const [result] = await service.upsert([item], writer, async (tx, wave) => {
      if ([...wave.values()].some(({ id }) => id !== undefined)) await ended(tx);
    });
    if (result?.id === undefined)
      throw new InventoryError("INVENTORY_REQUEST", [result?.error ?? ""]);
    return;
  }
  await withoutRaces(() =>
    workshop.database.transaction(async (tx) => {
      const before = (await loadEntries(tx, [row.id], "delete")).get(row.id);
      if (before === undefined || before.deletedAt !== null) return;
      const drafts = await removal(tx, workshop.known, { first: before, eyes: workshop.eyes });
      const decided = await decide(tx, drafts, workshop.known);
      insist(decided);
      await apply(tx, workshop.known, decided, changesetOf(writer));
      await ended(tx);
    }),
  );
}

async function agree(tx: Db, entryId: string, source: string): Promise<void> {
  const own = (await claimsOf(tx, [entryId], [wholeEntry])).filter(
    (claim) => claim.source === source,
  );
  const now = new Date().toISOString();
  await saveClaims(
    tx,
    own.map((claim: ClaimRow) => ({ ...claim, state: "agreed" as const, since: now })),
  );
}
