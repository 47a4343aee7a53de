/** Domain names on the wire: labels with their lengths, compared without case. */
import { ActionFailed } from "raicho/pack";

/** Lower-case, without the final dot; "" is the root. */
export function normalName(name: string): string {
  return name.trim().replace(/\.$/, "").toLowerCase();
}

/** Encodes without compression. Throws ActionFailed when it is no domain name. */
export function encodeName(name: string): Buffer {
  const normal = normalName(name);
  if (normal === "") return Buffer.from([0]);
  const labels = normal.split(".").map((label) => Buffer.from(label));
  for (const label of labels)
    if (label.length === 0 || label.length > 63)
      throw new ActionFailed(`"${name}" is no domain name: every part has 1 to 63 characters`);
  const encoded = Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
    Buffer.from([0]),
  ]);
  if (encoded.length > 255) throw new ActionFailed(`"${name}" is too long for a domain name`);
  return encoded;
}

export interface ReadName {
  readonly name: string;
  /** Offset behind the name. */
  readonly end: number;
}

/** Reads a name, following compression pointers, which must point backwards. */
export function readName(message: Buffer, start: number): ReadName {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return { name: labels.join(".").toLowerCase(), end: end ?? at + 1 };
    if (length >= 0xc0) {
      const target = message.readUInt16BE(at) & 0x3fff;
      if (target >= at) throw new RangeError("a compressed name points forwards");
      end ??= at + 2;
      at = target;
    } else {
      labels.push(message.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}
