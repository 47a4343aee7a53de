/** DNS messages: updates and queries out, answers in. TSIG is laid over them by tsig.ts. */
import { randomInt } from "node:crypto";
import { encodeName, readName } from "./names.ts";

export const classes = { IN: 1, NONE: 254, ANY: 255 } as const;
const types = { SOA: 6, ANY: 255 };

const rcodes: Readonly<Record<number, string>> = {
  0: "NOERROR",
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
  6: "YXDOMAIN",
  7: "YXRRSET",
  8: "NXRRSET",
  9: "NOTAUTH",
  10: "NOTZONE",
  16: "BADSIG",
  17: "BADKEY",
  18: "BADTIME",
  22: "BADTRUNC",
};
export const rcodeName = (code: number): string => rcodes[code] ?? `rcode ${code}`;

export interface Change {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: Buffer;
}

export const addition = (name: string, type: number, ttl: number, data: Buffer): Change => ({
  name,
  type,
  class: classes.IN,
  ttl,
  data,
});
export const removal = (name: string, type: number, data: Buffer): Change => ({
  name,
  type,
  class: classes.NONE,
  ttl: 0,
  data,
});
/** All records of that name and type. */
export const removalOfAll = (name: string, type: number): Change => ({
  name,
  type,
  class: classes.ANY,
  ttl: 0,
  data: Buffer.alloc(0),
});

export function updateMessage(zone: string, changes: readonly Change[]): Buffer {
  const records = changes.map((change) =>
    Buffer.concat([
      encodeName(change.name),
      numbers([change.type, 2], [change.class, 2], [change.ttl, 4], [change.data.length, 2]),
      change.data,
    ]),
  );
  // Opcode 5 is UPDATE; one zone, no prerequisites, the changes, nothing else.
  const head = numbers(
    [randomInt(65_536), 2],
    [5 << 11, 2],
    [1, 2],
    [0, 2],
    [changes.length, 2],
    [0, 2],
  );
  return Buffer.concat([head, question(zone, types.SOA), ...records]);
}

export function queryMessage(name: string, type: number): Buffer {
  const head = numbers([randomInt(65_536), 2], [0, 2], [1, 2], [0, 2], [0, 2], [0, 2]);
  return Buffer.concat([head, question(name, type)]);
}

function question(name: string, type: number): Buffer {
  return Buffer.concat([encodeName(name), numbers([type, 2], [classes.IN, 2])]);
}

export interface ReadRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Where the record, and inside it the data, stands in the message. */
  readonly start: number;
  readonly dataStart: number;
  readonly dataEnd: number;
}

export interface ReadMessage {
  readonly bytes: Buffer;
  readonly id: number;
  readonly rcode: number;
  readonly truncated: boolean;
  readonly answers: readonly ReadRecord[];
  /** Where a delegation's NS records are. */
  readonly authority: readonly ReadRecord[];
  readonly additional: readonly ReadRecord[];
}

/** Reads an answer. Throws RangeError when it is malformed. */
export function readMessage(bytes: Buffer): ReadMessage {
  const flags = bytes.readUInt16BE(2);
  let at = 12;
  for (let left = bytes.readUInt16BE(4); left > 0; left -= 1) at = readName(bytes, at).end + 4;
  const section = (count: number): ReadRecord[] => {
    const records: ReadRecord[] = [];
    for (let left = count; left > 0; left -= 1) {
      const record = readRecord(bytes, at);
      records.push(record);
      at = record.dataEnd;
    }
    return records;
  };
  const answers = section(bytes.readUInt16BE(6));
  const authority = section(bytes.readUInt16BE(8));
  const additional = section(bytes.readUInt16BE(10));
  const truncated = (flags & 0x0200) !== 0;
  const id = bytes.readUInt16BE(0);
  return { bytes, id, rcode: flags & 15, truncated, answers, authority, additional };
}

function readRecord(bytes: Buffer, start: number): ReadRecord {
  const { name, end } = readName(bytes, start);
  const dataStart = end + 10;
  const dataEnd = dataStart + bytes.readUInt16BE(end + 8);
  if (dataEnd > bytes.length) throw new RangeError("a record is longer than its message");
  return {
    name,
    type: bytes.readUInt16BE(end),
    class: bytes.readUInt16BE(end + 2),
    ttl: bytes.readUInt32BE(end + 4),
    start,
    dataStart,
    dataEnd,
  };
}

/** Numbers in network order, each with its length in bytes. */
export function numbers(...list: readonly (readonly [value: number, length: number])[]): Buffer {
  return Buffer.concat(
    list.map(([value, length]) => {
      const bytes = Buffer.alloc(length);
      bytes.writeUIntBE(value, 0, length);
      return bytes;
    }),
  );
}
