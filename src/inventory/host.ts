/** Which entry does an alert mean? Names, aliases, addresses and asset tags as mails write them. */
import type { JsonObject } from "../model/json.ts";
import { canonicalIp } from "./address.ts";
import type { KnownType } from "./catalogue.ts";
import { escapeLike, fold, foldHost } from "./text.ts";

export interface HostQuery {
  /** Folded, without port and root dot. */
  readonly name: string;
  /** Its first label when it is a domain name. */
  readonly short: string | undefined;
  readonly address: string | undefined;
  /** Texts to look up, and LIKE patterns of names that begin so. */
  readonly exact: readonly string[];
  readonly prefixes: readonly string[];
}

/** Reads what somebody wrote: `WEB012.example.jp.`, `web012:9100`, `[2001:db8::1]:443`, `Ｒ１２３４５`. */
export function hostQuery(text: string): HostQuery {
  const folded = foldHost(text);
  const bracketed = /^\[([^\]]+)\](:\d+)?$/.exec(folded)?.[1];
  const ported = /^([^:]+):\d{1,5}$/.exec(folded)?.[1];
  const name = foldHost(bracketed ?? ported ?? folded);
  const address = canonicalIp(name);
  if (address !== undefined)
    return { name: address, short: undefined, address, exact: [address], prefixes: [] };
  const dot = name.indexOf(".");
  const short = dot > 0 ? name.slice(0, dot) : undefined;
  return {
    name,
    short,
    address: undefined,
    exact: [...new Set([name, fold(text), ...(short === undefined ? [] : [short])])],
    prefixes: short === undefined && name !== "" ? [`${escapeLike(name)}.%`] : [],
  };
}

/** Where something stands: the name of a rack, and one of the units. */
export interface RackPosition {
  readonly rack: string;
  readonly unit: number;
}

const position =
  /(?:^|[\s/,、(]|ラック|rack\s*)([A-Z0-9][\w.-]*)\s*(?:ラック|rack)?[\s/,、]+(?:U(\d{1,3})|(\d{1,3})U)(?![\p{L}\p{N}])/iu;

/** Reads a place in a data centre as people write it: `A-07 U23`, `東京第１DC ３Ｆ ラックＡ－０７ Ｕ２３`, `rack A-07 / 23U`. */
export function rackPosition(text: string): RackPosition | undefined {
  const [, rack, before, after] = position.exec(text.normalize("NFKC")) ?? [];
  return rack === undefined ? undefined : { rack, unit: Number(before ?? after) };
}

export const hostMatches = ["name", "asset", "address", "short-name", "position"] as const;
export type HostMatch = (typeof hostMatches)[number];

export interface HostCandidate {
  readonly entryId: string;
  readonly by: HostMatch;
  readonly attribute: string;
  readonly value: string;
}

interface Hit {
  readonly entryId: string;
  readonly attr: string;
  readonly text: string;
}

/** What one hit of the lookup index means for the query, or undefined when nothing. `document` is the entry's. */
export function judgeHit(
  query: HostQuery,
  hit: Hit,
  type: KnownType | undefined,
  document: JsonObject,
): HostCandidate | undefined {
  const roles = type?.host;
  if (roles === undefined) return undefined;
  const candidate = { entryId: hit.entryId, attribute: hit.attr, value: hit.text };
  // `exact` begins with what was asked for; only its short form comes after.
  const asked = query.exact.includes(hit.text) && hit.text !== query.short;
  if (roles.assets.includes(hit.attr)) return asked ? { ...candidate, by: "asset" } : undefined;
  if (!roles.names.includes(hit.attr)) return undefined;
  if (asked) return { ...candidate, by: "name" };
  return samePart(query, hit.text, hasFullName(roles.names, document))
    ? { ...candidate, by: "short-name" }
    : undefined;
}

/** web012 stands for web012.example.jp only while the entry has no full name of its own: another domain is another machine. */
function samePart({ name, short }: HostQuery, text: string, hasFull: boolean): boolean {
  return short === undefined ? text.startsWith(`${name}.`) : text === short && !hasFull;
}

function hasFullName(names: readonly string[], document: JsonObject): boolean {
  return names
    .flatMap((name): unknown[] => {
      const value = document[name];
      return Array.isArray(value) ? value : [value];
    })
    .some((value) => typeof value === "string" && foldHost(value).includes("."));
}

/** The best kind of match that anything has, each entry once. */
export function bestCandidates(candidates: readonly HostCandidate[]): readonly HostCandidate[] {
  for (const by of hostMatches) {
    const found = candidates.filter((candidate) => candidate.by === by);
    if (found.length > 0) return [...new Map(found.map((one) => [one.entryId, one])).values()];
  }
  return [];
}
