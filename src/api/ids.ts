/** Ids of what has none of its own. */

/** A stable 24-digit id for what is defined in files. */
export function idFor(text: string): string {
  let high = 0x811c_9dc5;
  let low = 0x01_00_01_93;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    high = Math.imul(high ^ code, 0x0100_0193) >>> 0;
    low = Math.imul(low ^ (code + high), 0x85eb_ca6b) >>> 0;
  }
  return [high, low, Math.imul(high ^ low, 0xc2b2_ae35) >>> 0]
    .map((part) => part.toString(16).padStart(8, "0"))
    .join("");
}

/** Microseconds as StackStorm writes them. */
export function isoTime(at: Date): string {
  return at.toISOString().replace("Z", "000Z");
}
