/** What is free in a pool, in order. */
import {
  addressesIn,
  freeParts,
  hostRange,
  knownNetwork,
  networksIn,
  pick,
  type Allocation,
  type Interval,
} from "../inventory/allocate.ts";
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import type { Attribute } from "../inventory/definition.ts";
import { noScope } from "../inventory/derive.ts";
import { badRequest } from "../inventory/problem.ts";
import { fullAccess, valuePath } from "../inventory/query.ts";
import {
  addressGaps,
  networksInside,
  numbersTaken,
  type AddressGaps,
  type NetworkPool,
} from "../store/inventory/allocation.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";

export interface FreeQuestion {
  readonly known: Catalogue;
  readonly pool: EntryRow;
  readonly allocation: Allocation;
  /** `size`: of a network its prefix length, of units how many in a row. */
  readonly request: { readonly type: KnownType; readonly size: number | undefined };
}

/** The lowest `count` free values, or as many as there are. Throws INVENTORY_REQUEST when the pool has no range. */
export async function freeValues(
  tx: Db,
  ask: FreeQuestion,
  count: number,
): Promise<(string | number)[]> {
  const { allocation, request } = ask;
  const attribute = request.type.attributes.get(allocation.attribute);
  if (attribute === undefined) return [];
  if (attribute.element.type === "integer") return freeNumbers(tx, ask, count);
  const place = networkPlace(ask, attribute);
  const { network } = place;
  if (attribute.element.type === "cidr") {
    if (request.size === undefined) throw badRequest("size is missing; expected a prefix length");
    const taken = await networksInside(tx, place);
    return [...networksIn(network, taken, { length: request.size, count })];
  }
  const range = hostRange(knownNetwork(network));
  const free = freeBetween(range, await addressGaps(tx, place, count));
  return [...addressesIn(network, free, count)];
}

function numberOf(address: string): bigint {
  return knownNetwork(address).first;
}

/** Where taken values of the attribute are kept, and the network that they must lie in. */
function networkPlace(
  { allocation, request, pool }: FreeQuestion,
  attribute: Attribute,
): NetworkPool {
  const network = typeof allocation.within === "string" ? pool.doc[allocation.within] : undefined;
  if (typeof network !== "string")
    throw badRequest(`${pool.name} has no ${String(allocation.within)}`);
  const scoped = attribute.scope === undefined ? undefined : pool.doc[attribute.scope];
  const scope = typeof scoped === "string" ? scoped : noScope;
  return { typeId: request.type.id, attribute: attribute.name, scope, network };
}

/** The free parts of a range of addresses, of which at most some gaps between taken ones are known. */
function freeBetween(range: Interval, { low, high, between }: AddressGaps): readonly Interval[] {
  if (low === null || high === null) return [range];
  const free: Interval[] = [
    { first: range.first, last: numberOf(low) - 1n },
    ...between.map(({ after, before }) => ({
      first: numberOf(after) + 1n,
      last: numberOf(before) - 1n,
    })),
    { first: numberOf(high) + 1n, last: range.last },
  ];
  return free
    .map(({ first, last }) => ({
      first: first < range.first ? range.first : first,
      last: last > range.last ? range.last : last,
    }))
    .filter(({ first, last }) => first <= last);
}

async function freeNumbers(
  tx: Db,
  { known, pool, allocation, request }: FreeQuestion,
  count: number,
): Promise<number[]> {
  const { type } = request;
  const { within, as = "", attribute, size } = allocation;
  const bound = (given: string | number | undefined): number => {
    const found = typeof given === "string" ? pool.doc[given] : given;
    if (typeof found === "number" && Number.isInteger(found)) return found;
    throw badRequest(`${pool.name} has no ${String(given)}`);
  };
  const context = {
    known,
    access: fullAccess,
    resolve: () => undefined,
    clock: { today: "", midnight: "", now: "" },
  };
  const path = size === undefined ? undefined : valuePath(size, [type], context);
  const taken = await numbersTaken(tx, { id: pool.id, typeId: type.id, as, attribute }, path);
  const range = { first: BigInt(bound(within[0])), last: BigInt(bound(within[1])) };
  const free = freeParts(
    range,
    taken.map(({ first, size: height }) => ({
      first: BigInt(first),
      last: BigInt(first) + BigInt(height) - 1n,
    })),
  );
  const block = { size: BigInt(request.size ?? 1), align: 1n, count };
  return pick(free, block).map(Number);
}
