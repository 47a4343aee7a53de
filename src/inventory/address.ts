/** IP addresses as text: checked, and written in the one canonical form (RFC 5952 for IPv6). */

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

function parse4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const embedded = index === parts.length - 1 ? parse4(part) : undefined;
    if (embedded !== undefined) groups.push(embedded >> 16n, embedded & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function parse6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "");
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return undefined;
  // An IPv4 tail may stand only at the very end of the whole address.
  if (halves.length === 2 && (halves[0] ?? "").includes(".")) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const value = parse4(text);
    return value === undefined ? undefined : { bits: 32, value };
  }
  const value = parse6(text);
  return value === undefined ? undefined : { bits: 128, value };
}

function format6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === "0") length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(":");
  const head = groups.slice(0, best.start).join(":");
  return `${head}::${groups.slice(best.start + best.length).join(":")}`;
}

function format({ bits, value }: Address): string {
  if (bits === 128) return format6(value);
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
}

/** Canonical text of one address, or undefined when it is none. IPv6 zones (`%eth0`) are not addresses of an inventory. */
export function canonicalIp(text: string): string | undefined {
  const address = parseAddress(text.trim());
  return address === undefined ? undefined : format(address);
}

/** Canonical text of a network; `strict` tells whether host bits were set (`10.0.0.1/24`). */
export function canonicalCidr(
  text: string,
): { readonly text: string; readonly hostBits: boolean } | undefined {
  const match = /^(.+)\/(0|[1-9]\d{0,2})$/.exec(text.trim());
  const address = parseAddress(match?.[1] ?? "");
  const length = Number(match?.[2]);
  if (address === undefined || length > address.bits) return undefined;
  const shift = BigInt(address.bits - length);
  const network = (address.value >> shift) << shift;
  return {
    text: `${format({ bits: address.bits, value: network })}/${length}`,
    hostBits: network !== address.value,
  };
}

/** A network as numbers. */
export interface Network {
  readonly bits: 32 | 128;
  readonly length: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** A canonical network or address (a network of one) as numbers, or undefined. */
export function networkOf(text: string): Network | undefined {
  const [host = "", length] = text.split("/");
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const bits = length === undefined ? address.bits : Number(length);
  const size = 1n << BigInt(address.bits - bits);
  const first = (address.value / size) * size;
  return { bits: address.bits, length: bits, first, last: first + size - 1n };
}

export function addressText(bits: 32 | 128, value: bigint): string {
  return format({ bits, value });
}
