/** What is free in a range: addresses of a network, networks in a network, numbers, units of a rack. All of them are whole numbers here. */
import { addressText, networkOf, type Network } from "./address.ts";
import { badRequest } from "./problem.ts";

/** Both ends belong to it. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** How entries of a type are taken from a pool (`allocate:` of the type). */
export interface Allocation {
  /** Types of the pools. */
  readonly from: readonly string[];
  /** What the new entry gets: an ip, a cidr or an integer. */
  readonly attribute: string;
  /** Of an ip or cidr: the pool's attribute with its network. Of an integer: lowest and highest, each a number or an attribute of the pool. */
  readonly within: string | readonly [string | number, string | number];
  /** The new entry's reference to the pool. */
  readonly as: string | undefined;
  /** Attributes that the new entry takes over from the pool. */
  readonly copy: readonly string[];
  /** Path from an entry to how many numbers it takes up, one unless it leads to one. */
  readonly size: string | undefined;
}

/** The parts of a range that are not taken, in order. */
export function freeParts(range: Interval, taken: readonly Interval[]): readonly Interval[] {
  const sorted = taken.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const free: Interval[] = [];
  let next = range.first;
  for (const { first, last } of sorted) {
    if (first > next) free.push({ first: next, last: first - 1n });
    if (last + 1n > next) next = last + 1n;
  }
  if (next <= range.last) free.push({ first: next, last: range.last });
  return free
    .map(({ first, last }) => ({ first, last: last < range.last ? last : range.last }))
    .filter(({ first, last }) => first <= last);
}

/** The lowest `count` starts of blocks of `size` that fit into the free parts, each a multiple of `align`; fewer when there is no room. */
export function pick(
  free: readonly Interval[],
  { size, align, count }: { readonly size: bigint; readonly align: bigint; readonly count: number },
): readonly bigint[] {
  const starts: bigint[] = [];
  for (const { first, last } of free) {
    let start = ((first + align - 1n) / align) * align;
    while (start + size - 1n <= last && starts.length < count) {
      starts.push(start);
      start = ((start + size + align - 1n) / align) * align;
    }
    if (starts.length === count) break;
  }
  return starts;
}

/** The addresses of a network that hosts may have: not those that name the network and everybody in it (IPv4, /30 and larger). */
export function hostRange({ bits, length, first, last }: Network): Interval {
  return bits === 32 && length < 31 ? { first: first + 1n, last: last - 1n } : { first, last };
}

/** Free addresses of a network, given the gaps between taken ones. */
export function addressesIn(
  network: string,
  free: readonly Interval[],
  count: number,
): readonly string[] {
  const { bits } = knownNetwork(network);
  return pick(free, { size: 1n, align: 1n, count }).map((value) => addressText(bits, value));
}

/** Free networks of a prefix length inside a network. */
export function networksIn(
  network: string,
  taken: readonly string[],
  { length, count }: { readonly length: number; readonly count: number },
): readonly string[] {
  const pool = knownNetwork(network);
  if (!Number.isInteger(length) || length < pool.length || length > pool.bits)
    throw badRequest(
      `size is ${length}; expected a prefix length from ${pool.length} to ${pool.bits}`,
    );
  const size = 1n << BigInt(pool.bits - length);
  const free = freeParts(pool, taken.map(knownNetwork));
  return pick(free, { size, align: size, count }).map(
    (value) => `${addressText(pool.bits, value)}/${length}`,
  );
}

export function knownNetwork(text: string): Network {
  const network = networkOf(text);
  if (network === undefined) throw badRequest(`${text} is not a network`);
  return network;
}
