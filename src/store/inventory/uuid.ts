import { randomFillSync } from "node:crypto";

/** Chance is asked for many ids at once: a call for each would cost more than all the rest. */
const pool = new Uint8Array(16 * 256);
let used = pool.length;
let last = 0;
let counter = 0;

/** UUIDv7, made here because PostgreSQL only knows it from 18 on. Ids of one process sort in the order they were made. */
export function uuidv7(now = Date.now()): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + 16);
  used += 16;
  // 12 bits of counter after the milliseconds; when they run out, the clock is pushed on.
  counter = now > last ? (bytes[6] ?? 0) : counter + 1;
  last = Math.max(last, now);
  if (counter > 0xfff) {
    last += 1;
    counter = 0;
  }
  const hex = Buffer.from(bytes).toString("hex");
  const time = last.toString(16).padStart(12, "0");
  const variant = (8 + ((bytes[8] ?? 0) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, "0")}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
