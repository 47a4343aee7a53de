/** Values of records: between the text that people write and the bytes on the wire. */
import { isIPv4, isIPv6 } from "node:net";
import { ActionFailed } from "raicho/pack";
import { encodeName, readName } from "./names.ts";

interface RecordType {
  readonly code: number;
  /** What a value looks like, for errors. */
  readonly example: string;
  /** Undefined when the text is no such value. */
  encode(text: string): Buffer | undefined;
  decode(message: Buffer, start: number, end: number): string;
}

const nameType = (code: number): RecordType => ({
  code,
  example: "web01.example.com",
  encode: (text) => (/\s/.test(text) ? undefined : encodeName(text)),
  decode: (message, start) => readName(message, start).name,
});

export const recordTypes: Readonly<Record<string, RecordType>> = {
  A: {
    code: 1,
    example: "192.0.2.10",
    encode: (text) => (isIPv4(text) ? Buffer.from(text.split(".").map(Number)) : undefined),
    decode: (message, start, end) => [...message.subarray(start, end)].join("."),
  },
  NS: nameType(2),
  CNAME: nameType(5),
  PTR: nameType(12),
  MX: {
    code: 15,
    example: "10 mail.example.com",
    encode(text) {
      const [, preference, host] = /^(\d{1,5})\s+(\S+)$/.exec(text) ?? [];
      return host === undefined ? undefined : Buffer.concat([uint16(preference), encodeName(host)]);
    },
    decode: (message, start) =>
      `${message.readUInt16BE(start)} ${readName(message, start + 2).name}`,
  },
  TXT: {
    code: 16,
    example: "any text",
    encode(text) {
      const bytes = Buffer.from(text);
      const parts: Buffer[] = [];
      for (let at = 0; at < Math.max(bytes.length, 1); at += 255) {
        const part = bytes.subarray(at, at + 255);
        parts.push(Buffer.from([part.length]), part);
      }
      return Buffer.concat(parts);
    },
    decode(message, start, end) {
      const parts: Buffer[] = [];
      for (let at = start; at < end; at += 1 + message.readUInt8(at))
        parts.push(message.subarray(at + 1, at + 1 + message.readUInt8(at)));
      return Buffer.concat(parts).toString();
    },
  },
  AAAA: {
    code: 28,
    example: "2001:db8::10",
    encode: (text) => (isIPv6(text) ? ipv6Bytes(text) : undefined),
    decode: (message, start, end) => ipv6Text(message.subarray(start, end)),
  },
  SRV: {
    code: 33,
    example: "10 60 5060 sip.example.com",
    encode(text) {
      const [, priority, weight, port, host] =
        /^(\d{1,5})\s+(\d{1,5})\s+(\d{1,5})\s+(\S+)$/.exec(text) ?? [];
      if (host === undefined) return undefined;
      return Buffer.concat([uint16(priority), uint16(weight), uint16(port), encodeName(host)]);
    },
    decode(message, start) {
      const numbers = [0, 2, 4].map((offset) => message.readUInt16BE(start + offset));
      return `${numbers.join(" ")} ${readName(message, start + 6).name}`;
    },
  },
  CAA: {
    code: 257,
    example: '0 issue "ca.example.net"',
    encode(text) {
      const [, flags, tag, value] = /^(\d{1,3})\s+([a-z0-9]+)\s+"?([^"]*)"?$/i.exec(text) ?? [];
      if (tag === undefined || value === undefined || Number(flags) > 255) return undefined;
      return Buffer.concat([
        Buffer.from([Number(flags), tag.length]),
        Buffer.from(tag.toLowerCase()),
        Buffer.from(value),
      ]);
    },
    decode(message, start, end) {
      const tagEnd = start + 2 + message.readUInt8(start + 1);
      const tag = message.toString("latin1", start + 2, tagEnd);
      return `${message.readUInt8(start)} ${tag} "${message.toString("utf8", tagEnd, end)}"`;
    },
  },
};

export function recordType(name: string): RecordType & { readonly name: string } {
  const upper = name.trim().toUpperCase();
  const found = Object.hasOwn(recordTypes, upper) ? recordTypes[upper] : undefined;
  if (found) return { ...found, name: upper };
  const known = Object.keys(recordTypes).join(", ");
  throw new ActionFailed(`dns: records of type "${name}" are not known; there are: ${known}`);
}

/** The bytes of one value; throws ActionFailed with an example when the text is none. */
export function encodeData(type: string, text: string): Buffer {
  const { name, example, ...known } = recordType(type);
  const bytes = known.encode(text.trim());
  if (bytes) return bytes;
  throw new ActionFailed(
    `dns: "${text}" is no value of a record of type ${name}; one is: ${example}`,
  );
}

function uint16(text: string | undefined): Buffer {
  const number = Number(text);
  if (number > 65_535) throw new ActionFailed(`dns: ${number} is more than 65535`);
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number);
  return bytes;
}

const groupsOf = (part: string | undefined): string[] =>
  part === undefined || part === "" ? [] : part.split(":");

function ipv6Bytes(text: string): Buffer {
  // The URL parser also takes the form with a dotted IPv4 end.
  const canonical = new URL(`http://[${text.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const [left, right] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return Buffer.from(
    [...left, ...zeros, ...right].map((group) => group.padStart(4, "0")).join(""),
    "hex",
  );
}

function ipv6Text(bytes: Buffer): string {
  const groups = (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}
