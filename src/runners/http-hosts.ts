/** Which hosts an HTTP action may reach: compared after normalising, and by the addresses that names resolve to. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";

export interface HostRules {
  /** Hosts, addresses or networks (`10.0.0.0/8`) that must not be reached. */
  readonly blacklist: readonly string[];
  /** When not empty, only these may be reached. */
  readonly whitelist: readonly string[];
  /** As `blacklist`, set by the operator; a whitelist does not lift it. */
  readonly forbidden: readonly string[];
}

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Resolves the URL's host once and answers its addresses; the caller connects to one of them and asks nobody again, so an answer that
 * changes in between (DNS rebinding) changes nothing. Throws with StackStorm's words when the rules refuse.
 */
export async function allowedAddresses(url: URL, rules: HostRules): Promise<Address[]> {
  const host = meant(hostOf(url));
  const addresses = await resolve(host);
  const hits = async (list: readonly string[]): Promise<boolean> =>
    list.some((entry) => sameName(entry, host)) || (await anyInside(list, addresses));
  if ((await hits(rules.forbidden)) || (await hits(rules.blacklist)))
    throw new Error(`URL "${url.href}" is blacklisted`);
  const { whitelist } = rules;
  if (whitelist.length === 0 || whitelist.some((entry) => sameName(entry, host))) return addresses;
  if (isIP(host) !== 0 && networks(whitelist).check(host, familyOf(host))) return addresses;
  throw new Error(`URL "${url.href}" is not whitelisted`);
}

/** The URL parser has turned `0x7f.1`, `2130706433` and full-width digits into `127.0.0.1` already. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** What an address is that stands for "here": connecting to it reaches this machine. */
function meant(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}

async function resolve(host: string): Promise<Address[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family: family === 4 ? 4 : 6 }];
  const found = await lookup(host, { all: true });
  return found
    .map(({ address }) => meant(address))
    .map((address) => ({ address, family: isIP(address) === 4 ? 4 : 6 }));
}

function sameName(entry: string, host: string): boolean {
  const bare = entry
    .trim()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
  if (bare.includes("/") || bare === "") return false;
  return (isIP(bare) === 0 ? domainToASCII(bare) : bare.toLowerCase()) === host;
}

/** Whether one of the addresses is in the list: written there, inside a network of it, or behind a name of it. */
async function anyInside(list: readonly string[], addresses: readonly Address[]): Promise<boolean> {
  const named = await Promise.all(list.filter(isName).map(async (name) => await quietly(name)));
  const block = networks([...list, ...named.flat()]);
  return addresses.some(({ address }) => block.check(address, familyOf(address)));
}

function networks(entries: readonly string[]): BlockList {
  const block = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry
      .trim()
      .replace(/^\[|\]$/g, "")
      .split("/");
    if (isIP(address) === 0) continue;
    if (prefix === undefined) block.addAddress(address, familyOf(address));
    else block.addSubnet(address, Number(prefix), familyOf(address));
  }
  return block;
}

function isName(entry: string): boolean {
  return !entry.includes("/") && isIP(entry.trim().replace(/^\[|\]$/g, "")) === 0;
}

async function quietly(name: string): Promise<string[]> {
  const found = await resolve(name.trim()).catch(() => []);
  return found.map(({ address }) => address);
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
