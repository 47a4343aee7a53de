import {
  bestCandidates,
  hostQuery,
  judgeHit,
  rackPosition,
  type HostCandidate,
  type HostMatch,
  type HostQuery,
  type RackPosition,
} from "../inventory/host.ts";
import { findReferrers, loadEntries } from "../store/inventory/entries.ts";
import { lookup, lookupAddress, type LookupHit } from "../store/inventory/hosts.ts";
import type { Db } from "../store/schema.ts";
import { mayRead, readablePart, type Eyes } from "./inventory-eyes.ts";
import { seenNeighbourhood } from "./inventory-graph.ts";
import type { Ground } from "./inventory-history.ts";
import { search } from "./inventory-search.ts";
import { viewEntries, type EntryView } from "./inventory-view.ts";

export type FoundHost =
  | {
      readonly found: true;
      readonly host: EntryView;
      readonly matched: {
        readonly by: HostMatch;
        readonly attribute: string;
        readonly value: string;
      };
    }
  /** Several or none; a guess is never made. */
  | { readonly found: false; readonly reason: string; readonly candidates: readonly EntryView[] };

/** How an address entry leads to the machine that has it, besides the machine's own reference to it. */
const addressPath = ["interface", "device", "virtual_machine"];

/** The machine that a mail, a monitoring system or a person means by a name, alias, address or asset tag. */
export async function findHost(
  { db, eyes, clock }: Pick<Ground, "db" | "eyes" | "clock">,
  text: string,
): Promise<FoundHost> {
  const query = hostQuery(text);
  if (query.name === "") return { found: false, reason: "the name is empty", candidates: [] };
  const candidates = [
    ...(await byText(db, eyes, query)),
    ...(query.address === undefined ? [] : await byAddress(db, eyes, query.address)),
  ];
  const position = candidates.length === 0 ? rackPosition(text) : undefined;
  if (position !== undefined) candidates.push(...(await byPosition({ db, eyes, clock }, position)));
  const best = bestCandidates(candidates);
  const entries = await loadEntries(
    db,
    best.map(({ entryId }) => entryId),
  );
  const living = [...entries.values()].filter(({ deletedAt }) => deletedAt === null);
  const views = await viewEntries(db, living, eyes);
  const [host] = views;
  const matched = best.find(({ entryId }) => entryId === host?.id);
  if (host !== undefined && matched !== undefined && views.length === 1) {
    const { by, attribute, value } = matched;
    return { found: true, host, matched: { by, attribute, value } };
  }
  const reason =
    views.length === 0 ? `no host is called ${text}` : `${views.length} hosts are called ${text}`;
  return { found: false, reason, candidates: views };
}

async function byText(db: Db, eyes: Eyes, query: HostQuery): Promise<readonly HostCandidate[]> {
  const { known } = eyes;
  const types = [...known.byId.values()].filter(({ host }) => host !== undefined);
  const places = {
    typeIds: types.map(({ id }) => id),
    attributes: types.flatMap(({ host }) => [...(host?.names ?? []), ...(host?.assets ?? [])]),
  };
  const hosts = await readableHits(db, eyes, await lookup(db, places, query));
  const entries = await loadEntries(db, [...new Set(hosts.map(({ entryId }) => entryId))]);
  const sights = await eyes.sights(db, [...entries.values()]);
  return hosts.flatMap((hit) => {
    const document = readablePart(sights.get(hit.entryId), entries.get(hit.entryId)?.doc ?? {});
    return judgeHit(query, hit, known.byId.get(hit.typeId), document) ?? [];
  });
}

/** Hits by attributes that the caller may read. */
async function readableHits(
  db: Db,
  eyes: Eyes,
  hits: readonly LookupHit[],
): Promise<readonly LookupHit[]> {
  const entries = hits.map(({ entryId: id, typeId }) => ({ id, typeId }));
  const sights = await eyes.sights(db, entries);
  return hits.filter(({ entryId, attr }) => mayRead(sights.get(entryId), attr));
}

async function byAddress(db: Db, eyes: Eyes, address: string): Promise<readonly HostCandidate[]> {
  const { known } = eyes;
  const hits = await readableHits(db, eyes, await lookupAddress(db, address));
  const own = hits.filter((hit) => known.byId.get(hit.typeId)?.host?.addresses.includes(hit.attr));
  const others = hits.filter((hit) => known.byId.get(hit.typeId)?.host === undefined);
  const found = own.map((hit) => [hit.entryId, hit.attr] as const);
  for (const hit of others) found.push(...(await holdersOf(db, eyes, hit)));
  return found.map(([entryId, attribute]) => ({
    entryId,
    attribute,
    by: "address",
    value: address,
  }));
}

/** Machines of types that stand in units of a pool (`allocate`), such as devices in racks, whose units hold that one. */
async function byPosition(
  ground: Pick<Ground, "db" | "eyes" | "clock">,
  { rack, unit }: RackPosition,
): Promise<readonly HostCandidate[]> {
  const found: HostCandidate[] = [];
  for (const { name, host, allocate } of ground.eyes.known.byName.values()) {
    if (host === undefined || allocate?.as === undefined || allocate.size === undefined) continue;
    const { as, attribute, size } = allocate;
    const where = {
      and: [
        { path: `${as}.name`, op: "eq", value: rack },
        { path: attribute, op: "le", value: unit },
      ],
    };
    const query = { type: name, where, sort: `-${attribute}`, select: [size], limit: 100 };
    for (const { id, attributes, values } of (await search(ground.db, query, ground)).entries) {
      const [lowest, height] = [Number(attributes[attribute]), Number(values?.[size] ?? 1)];
      const value = `${rack} U${unit}`;
      if (lowest + height > unit) found.push({ entryId: id, by: "position", attribute, value });
    }
  }
  return found;
}

/** Machines that refer to an address entry by one of their address attributes; else those that its interface belongs to. */
async function holdersOf(db: Db, eyes: Eyes, { entryId }: LookupHit) {
  const { known } = eyes;
  const referrers = await findReferrers(db, [entryId]);
  const sources = await loadEntries(db, [...new Set(referrers.map(({ src }) => src))]);
  const sights = await eyes.sights(db, [...sources.values()]);
  const direct = referrers.flatMap(({ src, attr }) => {
    const type = known.byId.get(sources.get(src)?.typeId ?? 0);
    const leads = type?.host?.addresses.includes(attr) === true && mayRead(sights.get(src), attr);
    return leads ? [[src, attr] as const] : [];
  });
  if (direct.length > 0) return direct;
  const { entries } = await seenNeighbourhood({ db, eyes }, entryId, addressPath, 3);
  return entries
    .filter(({ type }) => known.byName.get(type)?.host !== undefined)
    .map(({ id }) => [id, "interface"] as const);
}
