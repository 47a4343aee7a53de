/** Reads zip archives by their central directory. Nothing is written here. */
import { inflateRawSync } from "node:zlib";
import { packBounds, refuse, tooLarge, type Entry } from "./write-tree.ts";

const endOfDirectory = 0x06054b50;
const inDirectory = 0x02014b50;
const beforeFile = 0x04034b50;

/** Calls `take` for every entry. Throws PACK_REFUSED when the bytes are no zip archive, or one of a kind that is not read here. */
export function readZip(bytes: Buffer, take: (entry: Entry) => void): void {
  try {
    const end = findEnd(bytes);
    const count = bytes.readUInt16LE(end + 10);
    let at = bytes.readUInt32LE(end + 16);
    if (count === 0xffff || at === 0xffffffff)
      throw refuse("the archive is in the format ZIP64; give a smaller one, or a tar archive");
    for (let index = 0; index < count; index += 1) {
      if (bytes.readUInt32LE(at) !== inDirectory) throw refuse("the zip archive is damaged");
      take(entryAt(bytes, at));
      at += 46 + [28, 30, 32].reduce((sum, field) => sum + bytes.readUInt16LE(at + field), 0);
    }
  } catch (error) {
    if (error instanceof RangeError) throw refuse("the zip archive is damaged", error);
    throw error;
  }
}

function findEnd(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 65_557); at -= 1)
    if (bytes.readUInt32LE(at) === endOfDirectory) return at;
  throw refuse("the file is no zip archive, or a damaged one");
}

function entryAt(bytes: Buffer, at: number): Entry {
  const nameLength = bytes.readUInt16LE(at + 28);
  const path = bytes.toString("utf8", at + 46, at + 46 + nameLength);
  const madeByUnix = bytes.readUInt8(at + 5) === 3;
  const mode = madeByUnix ? bytes.readUInt32LE(at + 38) >>> 16 : 0;
  const kind = mode & 0o170000;
  const size = bytes.readUInt32LE(at + 24);
  if ((bytes.readUInt16LE(at + 8) & 1) !== 0) throw refuse("the zip archive is encrypted");
  if (path.endsWith("/")) return { kind: "directory", path };
  const read = (): Buffer => unpacked(bytes, at, size);
  if (kind === 0o120000) return { kind: "link", path, target: read().toString("utf8") };
  if (kind !== 0 && kind !== 0o100000) return { kind: "other", path, what: "a device or a pipe" };
  return { kind: "file", path, executable: (mode & 0o100) !== 0, read, size };
}

function unpacked(bytes: Buffer, at: number, size: number): Buffer {
  const method = bytes.readUInt16LE(at + 10);
  const packed = bytes.readUInt32LE(at + 20);
  const local = bytes.readUInt32LE(at + 42);
  if (bytes.readUInt32LE(local) !== beforeFile) throw refuse("the zip archive is damaged");
  if (size > packBounds.bytes) throw tooLarge();
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const body = bytes.subarray(from, from + packed);
  if (method === 0) return body;
  if (method !== 8) throw refuse(`the zip archive uses the compression method ${method}`);
  try {
    // What unpacks to more than it says is a bomb.
    return inflateRawSync(body, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw refuse("a file of the zip archive cannot be unpacked, or is larger than it says", error);
  }
}
