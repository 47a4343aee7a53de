/** Where sources and documents differ, and what people decide about it. */
import { absenceRule, wholeEntry } from "../inventory/absence.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { openStates, type Claim, type ClaimState } from "../inventory/claims.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { policyFor, type Sources } from "../inventory/sources.ts";
import type { JsonObject } from "../model/json.ts";
import {
  claimsOf,
  openClaims,
  saveClaims,
  saveSignals,
  type ClaimRow,
  type OpenClaim,
} from "../store/inventory/claims.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { driftSignal } from "./inventory-claim-book.ts";
import { readCursor } from "./inventory-changesets.ts";
import { mayRead, seenOf } from "./inventory-eyes.ts";
import { entryIdOf, pageLength } from "./inventory-history.ts";
import { count, text } from "./inventory-parameters.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { deniedOf, mayApprove } from "./inventory-permit.ts";
import { endEntry } from "./inventory-snapshot.ts";
import { changesetOf, type Author } from "./inventory-write.ts";

export interface DriftQuery {
  readonly states?: readonly ClaimState[] | undefined;
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly attribute?: string | undefined;
  readonly entry?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

const states: readonly ClaimState[] = [
  "agreed",
  "holding",
  "drift",
  "proposed",
  "enforcing",
  "conflict",
  "rejected",
  "ignored",
];

/** Throws INVENTORY_REQUEST that says what was expected. */
export function readDriftQuery(given: JsonObject): DriftQuery {
  const wanted = text(given, "state")?.split(",");
  const known = states.filter((state) => wanted?.includes(state) === true);
  if (wanted !== undefined && known.length !== wanted.length)
    throw badRequest(`state: expected one or several of ${states.join(", ")}`);
  return {
    states: wanted === undefined ? undefined : known,
    source: text(given, "source"),
    type: text(given, "type"),
    attribute: text(given, "attribute"),
    entry: text(given, "entry"),
    after: text(given, "after"),
    limit: count(given, "limit"),
  };
}

/** Differences, the oldest first. */
export async function drifts(
  service: ImportGround,
  query: DriftQuery,
): Promise<{ readonly drifts: readonly JsonObject[]; readonly next?: string }> {
  const { db, known } = service.ground;
  const limit = pageLength(query.limit);
  const type = query.type === undefined ? undefined : known.byName.get(query.type);
  if (query.type !== undefined && type === undefined)
    throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [JSON.stringify(query.type)]);
  const cursor = query.after === undefined ? undefined : readCursor(query.after);
  const rows = await openClaims(db, {
    states: query.states ?? openStates,
    source: query.source,
    typeId: type?.id,
    attr: query.attribute,
    entryId: query.entry === undefined ? undefined : entryIdOf(query.entry),
    after: cursor && { since: cursor.at, id: cursor.id },
    limit: limit + 1,
  });
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const seen = await readable(service, rows.slice(0, limit));
  return {
    drifts: seen.map((row) => driftView(service, row)),
    ...(last === undefined ? {} : { next: `${last.since}~${last.id}` }),
  };
}

/** Those about attributes that the caller may read. */
export async function readable(
  service: ImportGround,
  rows: readonly OpenClaim[],
): Promise<readonly OpenClaim[]> {
  const { db, eyes } = service.ground;
  const sights = await eyes.sights(
    db,
    rows.map(({ entryId, typeId }) => ({ id: entryId, typeId })),
  );
  return rows.filter(({ entryId, attr }) =>
    attr === wholeEntry ? sights.has(entryId) : mayRead(sights.get(entryId), attr),
  );
}

function documentOf({ attr, document }: OpenClaim): unknown {
  return attr === wholeEntry ? "present" : (document ?? null);
}

function driftView({ ground }: ImportGround, row: OpenClaim): JsonObject {
  const type = ground.known.byId.get(row.typeId)?.name ?? "unknown";
  return {
    id: row.id,
    entry: { id: row.entryId, type, name: row.name },
    attribute: row.attr,
    source: row.source,
    policy: policyOf(ground.known.sources, row, type),
    state: row.state,
    reported: row.value,
    document: documentOf(row),
    since: row.since,
    age_seconds: Math.max(0, Math.round((Date.now() - Date.parse(row.since)) / 1000)),
    first_seen: row.firstSeen,
    observed_at: row.observedAt,
    seen: row.seen,
    place: row.place,
    ...decisionOf(row),
  };
}

function policyOf(sources: Sources, { source, attr }: OpenClaim, type: string): string {
  if (attr === wholeEntry) return absenceRule(sources.get(source)?.absent ?? [], type).policy;
  return policyFor(sources, source, { type, attribute: attr })?.policy ?? "report";
}

/** Who decided, and when. */
function decisionOf({ decidedBy, since, note }: ClaimRow): JsonObject {
  return { decided_by: decidedBy, decided_at: decidedBy === null ? null : since, note };
}

/** What every source says about an entry, by attribute. */
export async function claimsAbout(service: ImportGround, entry: string): Promise<JsonObject> {
  const { db, eyes } = service.ground;
  const row = (await loadEntries(db, [entryIdOf(entry)])).get(entry.toLowerCase());
  const [seen] = await seenOf(eyes, db, row === undefined ? [] : [row]);
  if (seen === undefined) throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [entry]);
  const sights = await eyes.sights(db, [seen]);
  const claims = (await claimsOf(db, [seen.id])).filter(
    ({ attr }) => attr === wholeEntry || mayRead(sights.get(seen.id), attr),
  );
  const attributes = [...Map.groupBy(claims, ({ attr }) => attr)].map(([attr, list]) => [
    attr,
    { document: seen.doc[attr] ?? null, claims: list.map(claimView) },
  ]);
  return {
    entry: { id: seen.id, name: seen.name, version: seen.version },
    attributes: Object.fromEntries(attributes),
  };
}

export function claimView(claim: ClaimRow): JsonObject {
  return {
    id: claim.id,
    source: claim.source,
    value: claim.value,
    state: claim.state,
    observed_at: claim.observedAt,
    first_seen: claim.firstSeen,
    since: claim.since,
    place: claim.place,
    ...decisionOf(claim),
  };
}

export type DriftDecision = "approve" | "reject" | "enforce";

/**
 * `approve`: the document takes over what the source says. `reject`: it stays, and the same word is no question any more. `enforce`: it stays,
 * and rules on `inventory.drift.enforce` make the source follow.
 */
export async function decideDrift(
  service: ImportGround,
  id: string,
  {
    decision,
    comment,
    author,
  }: {
    readonly decision: DriftDecision;
    readonly comment: string | undefined;
    /** Who decides; of several decisions together, by the source that they are about. */
    readonly author: Author | ((source: string) => Author);
  },
): Promise<JsonObject> {
  const open: readonly ClaimState[] = [...openStates, "holding", "conflict"];
  const [claim] = isUuid(id)
    ? await readable(
        service,
        await openClaims(service.ground.db, { states: open, ids: [id.toLowerCase()], limit: 1 }),
      )
    : [];
  if (claim === undefined)
    throw new InventoryError("INVENTORY_CLAIM_UNKNOWN", [`open difference ${JSON.stringify(id)}`]);
  await mustApprove(service, claim);
  const decider = typeof author === "function" ? author(claim.source) : author;
  const writer: Author = { ...decider, reason: comment ?? decider.reason };
  const wish = { decision, author: writer, comment };
  if (decision === "approve") await takeOver(service, claim, wish);
  else await service.workshop.database.transaction((tx) => settle(tx, service, claim, wish));
  const after = await claimsOf(service.ground.db, [claim.entryId], [claim.attr]);
  return claimView(after.find((one) => one.id === claim.id) ?? claim);
}

interface Wish {
  readonly decision: DriftDecision;
  readonly author: Author;
  readonly comment: string | undefined;
}

/** The document takes over what the source says, and both are one transaction. */
async function takeOver(service: ImportGround, claim: OpenClaim, wish: Wish): Promise<void> {
  const type = service.ground.known.byId.get(claim.typeId)?.name ?? "";
  if (claim.attr === wholeEntry) return endMissing(service, claim, wish);
  const set = { [claim.attr]: claim.value };
  const item = { type, id: claim.entryId, match: undefined, set, setOnce: {}, add: {} };
  const author = { ...wish.author, source: claim.source };
  const [result] = await service.upsert([item], author, async (tx, wave) => {
    const written = [...wave.values()].some(({ id }) => id !== undefined);
    if (written) await settle(tx, service, claim, wish);
  });
  if (result?.id === undefined)
    throw badRequest(result?.error ?? "the value cannot be taken over", { ...result?.details });
}

/** The inventory says as well that it is gone: retired as the source's policy says, else deleted. */
function endMissing(service: ImportGround, claim: OpenClaim, wish: Wish): Promise<void> {
  const { source, entryId: id, typeId, name } = claim;
  const type = service.ground.known.byId.get(typeId)?.name ?? "";
  const rule = absenceRule(service.ground.known.sources.get(source)?.absent ?? [], type);
  const settled = (tx: Db): Promise<void> => settle(tx, service, claim, wish);
  const row = { id, typeId, name };
  return endEntry(service, { row, source, rule, author: wish.author, settle: settled });
}

export async function mustApprove(
  { ground }: ImportGround,
  { entryId, typeId, attr, name }: OpenClaim,
): Promise<void> {
  const sights = await ground.eyes.sights(ground.db, [{ id: entryId, typeId }]);
  if (!mayApprove(sights.get(entryId), attr)) throw deniedOf("approve", `${attr} of ${name}`);
}

const ends = { approve: "agreed", reject: "rejected", enforce: "enforcing" } as const;

async function settle(
  tx: Db,
  { ground }: ImportGround,
  before: OpenClaim,
  { decision, author, comment }: Wish,
): Promise<void> {
  const now = new Date().toISOString();
  const claim: Claim = {
    ...before,
    state: ends[decision],
    since: now,
    enforcedAt: decision === "enforce" ? now : before.enforcedAt,
    decidedBy: author.actor,
    note: comment ?? null,
  };
  const type = ground.known.byId.get(before.typeId)?.name ?? "unknown";
  await saveClaims(tx, [{ ...claim, entryId: before.entryId, attr: before.attr }]);
  await saveSignals(
    tx,
    driftSignal({
      subject: { id: before.entryId, type, name: before.name },
      attribute: before.attr,
      verdict: { claim, write: false, signal: decision === "enforce" ? "enforce" : "resolved" },
      policy: decision === "enforce" ? "enforce" : "report",
      document: decision === "approve" ? before.value : documentOf(before),
      changeset: changesetOf(author),
      written: false,
    }),
  );
}
