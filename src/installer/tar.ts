/** Reads tar archives (ustar, pax, GNU's long names): what they hold, in order. Nothing is written here. */
import { packBounds, refuse, tooLarge, type Entry } from "./write-tree.ts";

const block = 512;

/** Takes what a pax header or a GNU long name said about the next file. */
interface Said {
  path?: string | undefined;
  link?: string | undefined;
  size?: number | undefined;
}

/** Calls `take` for every entry. Throws PACK_REFUSED when the bytes are no tar archive. */
export function readTar(bytes: Buffer, take: (entry: Entry) => void): void {
  let at = 0;
  let said: Said = {};
  while (at + block <= bytes.length) {
    const header = bytes.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const size = said.size ?? number(header, 124, 12);
    const body = bytes.subarray(at + block, at + block + size);
    if (size > packBounds.bytes) throw tooLarge();
    if (body.length < size) throw refuse("the archive ends in the middle of a file");
    at += block + Math.ceil(size / block) * block;
    const type = String.fromCharCode(header[156] ?? 0);
    const next = heading(type, body);
    if (next === undefined) take(entryOf(header, type, { body, said }));
    said = next === undefined ? {} : { ...said, ...next };
  }
  if (at === 0) throw refuse("the archive is empty or no tar archive");
}

/** What a header about the next file says; undefined when this is a file itself. */
function heading(type: string, body: Buffer): Said | undefined {
  if (type === "L") return { path: text(body, 0, body.length) };
  if (type === "K") return { link: text(body, 0, body.length) };
  if (type === "x") return pax(body);
  // Global headers (git puts the commit there) say nothing about files.
  return type === "g" ? {} : undefined;
}

function pax(body: Buffer): Said {
  const said: Said = {};
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString("latin1", at, space));
    if (space < 0 || !Number.isInteger(length) || length < 4)
      throw refuse("the archive has a broken pax header");
    const [name = "", ...rest] = body.toString("utf8", space + 1, at + length - 1).split("=");
    const value = rest.join("=");
    if (name === "path") said.path = value;
    if (name === "linkpath") said.link = value;
    if (name === "size") said.size = paxSize(value);
    at += length;
  }
  return said;
}

function paxSize(written: string): number {
  const value = Number(written);
  if (!Number.isInteger(value) || value < 0) throw refuse("the archive has a broken pax header");
  return value;
}

function entryOf(
  header: Buffer,
  type: string,
  { body, said }: { readonly body: Buffer; readonly said: Said },
): Entry {
  const path = said.path ?? pathOf(header);
  const isFile = type === "0" || type === "\0" || type === "7";
  if (type === "5" || (isFile && path.endsWith("/"))) return { kind: "directory", path };
  if (isFile)
    return {
      kind: "file",
      path,
      executable: (number(header, 100, 8) & 0o100) !== 0,
      read: () => body,
      size: body.length,
    };
  if (type === "2") return { kind: "link", path, target: said.link ?? text(header, 157, 100) };
  return { kind: "other", path, what: others[type] ?? "something that is no file" };
}

function pathOf(header: Buffer): string {
  const ustar = header.toString("latin1", 257, 262) === "ustar";
  const prefix = ustar ? text(header, 345, 155) : "";
  const name = text(header, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

const others: Readonly<Record<string, string>> = {
  "1": "a hard link",
  "3": "a device",
  "4": "a device",
  "6": "a pipe",
};

function text(bytes: Buffer, from: number, length: number): string {
  const part = bytes.subarray(from, from + length);
  const end = part.indexOf(0);
  return part.toString("utf8", 0, end < 0 ? part.length : end);
}

/** Octal digits, or GNU's base 256 for large numbers. */
function number(header: Buffer, from: number, length: number): number {
  if (((header[from] ?? 0) & 0x80) !== 0) {
    let value = 0;
    for (let index = from + 1; index < from + length; index += 1)
      value = value * 256 + (header[index] ?? 0);
    return value;
  }
  const written = text(header, from, length).trim();
  const value = written === "" ? 0 : Number.parseInt(written, 8);
  if (!Number.isInteger(value) || value < 0) throw refuse("the file is no tar archive");
  return value;
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  if (sum !== number(header, 148, 8)) throw refuse("the file is no tar archive, or a damaged one");
}
