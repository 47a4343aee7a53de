/** Attributes about which sources contradict each other, and how somebody ends that. */
import { alike } from "../inventory/claims.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  claimsOf,
  openClaims,
  saveClaims,
  saveSignals,
  type ClaimRow,
  type OpenClaim,
} from "../store/inventory/claims.ts";
import type { Db } from "../store/schema.ts";
import { conflictSignal } from "./inventory-claim-book.ts";
import {
  claimsAbout,
  claimView,
  drifts,
  mustApprove,
  readable,
  type DriftQuery,
} from "./inventory-drift.ts";
import { entryIdOf } from "./inventory-history.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { changesetOf, type Author } from "./inventory-write.ts";

/** The oldest first, with every side. */
export async function conflicts(
  service: ImportGround,
  query: Omit<DriftQuery, "states">,
): Promise<{ readonly conflicts: readonly JsonObject[]; readonly next?: string }> {
  const { drifts: open, next } = await drifts(service, { ...query, states: ["conflict"] });
  const ids = open.map(({ entry }) => idOf(entry));
  const claims = Map.groupBy(await claimsOf(service.ground.db, ids), ({ entryId, attr }) =>
    JSON.stringify([entryId, attr]),
  );
  const distinct = new Map(
    open.map((one) => [JSON.stringify([idOf(one["entry"]), one["attribute"]]), one]),
  );
  return {
    conflicts: [...distinct].map(([key, { entry, attribute, document, since, age_seconds }]) => ({
      entry,
      attribute,
      document,
      since,
      age_seconds,
      claims: (claims.get(key) ?? []).map(claimView),
    })),
    ...(next === undefined ? {} : { next }),
  };
}

function idOf(entry: unknown): string {
  return isObject(entry) && typeof entry["id"] === "string" ? entry["id"] : "";
}

export interface Resolution {
  readonly entry: string;
  readonly attribute: string;
  /** A source, or "document" for what stands there. */
  readonly take: string | undefined;
  /** Another value; undefined = none is given. */
  readonly value: unknown;
  readonly comment: string | undefined;
  readonly author: Author;
}

/** Ends a contradiction: one word counts, the others are rejected. The answer is what every source says then. */
export async function resolveConflict(
  service: ImportGround,
  wish: Resolution,
): Promise<JsonObject> {
  const { db, known } = service.ground;
  const id = entryIdOf(wish.entry);
  const query = { states: ["conflict"], entryId: id, attr: wish.attribute, limit: 100 } as const;
  const [first] = await readable(service, await openClaims(db, query));
  if (first === undefined)
    throw new InventoryError("INVENTORY_CLAIM_UNKNOWN", [
      `open conflict about ${wish.attribute} of ${wish.entry}`,
    ]);
  await mustApprove(service, first);
  const all = await claimsOf(db, [id], [wish.attribute]);
  const winner = winnerOf(wish, first, all);
  const type = known.byId.get(first.typeId)?.name ?? "";
  const set = { [wish.attribute]: winner };
  const item = { type, id, match: undefined, set, setOnce: {}, add: {} };
  const author: Author = { ...wish.author, reason: wish.comment ?? wish.author.reason };
  const [result] = await service.upsert([item], author, async (tx, wave) => {
    const written = [...wave.values()].some((one) => one.id !== undefined);
    if (written) await settle(tx, service, { wish: { ...wish, author }, first, all, winner });
  });
  if (result?.id === undefined)
    throw badRequest(result?.error ?? "the value cannot be written", { ...result?.details });
  return claimsAbout(service, id);
}

function winnerOf(
  { take, value }: Resolution,
  { document }: OpenClaim,
  all: readonly ClaimRow[],
): unknown {
  if (take === undefined) {
    if (value !== undefined) return value;
    throw badRequest('expected take (a source, or "document") or value');
  }
  if (take === "document") return document;
  const said = all.find(({ source }) => source === take);
  if (said !== undefined) return said.value;
  const sources = all.map(({ source }) => source).join(", ");
  throw badRequest(`take is ${shown(take)}; expected document or one of ${sources}`);
}

async function settle(
  tx: Db,
  { ground }: ImportGround,
  {
    wish: { attribute, take, comment, author },
    first,
    all,
    winner,
  }: {
    readonly wish: Resolution;
    readonly first: OpenClaim;
    readonly all: readonly ClaimRow[];
    readonly winner: unknown;
  },
): Promise<void> {
  const type = ground.known.byId.get(first.typeId);
  const decided = {
    since: new Date().toISOString(),
    decidedBy: author.actor,
    note: comment ?? null,
  };
  const state = (value: unknown) =>
    alike(type?.attributes.get(attribute), value, winner) ? "agreed" : "rejected";
  await saveClaims(
    tx,
    all.map((claim) => ({ ...claim, ...decided, state: state(claim.value) })),
  );
  const sides = all.map(({ source, value, place }) => ({
    sources: [source],
    value,
    places: place === null ? [] : [place],
  }));
  const subject = { id: first.entryId, type: type?.name ?? "unknown", name: first.name };
  const how = take === undefined ? "decided by hand" : `decided by hand: ${take}`;
  const about = { attribute, sides, value: winner, decided: how };
  await saveSignals(tx, [conflictSignal("resolved", subject, about, changesetOf(author))]);
}
