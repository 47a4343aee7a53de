import { createHash } from "node:crypto";

/** Header lines further down than this are not looked at. */
const maxHeadBytes = 262_144;

/** Header lines of a raw mail as name and unfolded value, bytes read as latin1; never fails, whatever the bytes are. */
export function rawHeaders(raw: Uint8Array): Array<[name: string, value: string]> {
  const text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, maxHeadBytes)).toString(
    "latin1",
  );
  const gap = /^\r?\n|\r?\n\r?\n/.exec(text);
  const head = gap === null ? text : text.slice(0, gap.index);
  const headers: Array<[string, string]> = [];
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  return headers;
}

/** Message-ID without angle brackets and white space; "" when the mail has none. */
export function messageId(raw: Uint8Array): string {
  const value = rawHeaders(raw).find(([name]) => name.toLowerCase() === "message-id")?.[1] ?? "";
  const inside = /<([^<>]+)>/.exec(value)?.[1] ?? value;
  return inside.replace(/\s+/g, "").slice(0, 998);
}

export function sha256Hex(raw: Uint8Array): string {
  return createHash("sha256").update(raw).digest("hex");
}

/** Same mail, same key: its Message-ID, or the hash of its bytes when it has none. */
export function mailKey(raw: Uint8Array): string {
  const id = messageId(raw);
  return id === "" ? `sha256:${sha256Hex(raw)}` : id;
}
