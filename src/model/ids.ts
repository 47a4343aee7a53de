import type { Brand } from "./ref.ts";

/** 24 hex digits as StackStorm's ObjectIds: 4 bytes of seconds, 5 random bytes, 3 bytes of counter; sorts by time. */
export type ObjectId = Brand<string, "ObjectId">;

export function isObjectId(text: string): text is ObjectId {
  return /^[0-9a-f]{24}$/.test(text);
}

/** Joins the three parts of an id. `seconds` since the epoch, `machine` 10 hex digits, `counter` below 2^24. */
export function objectId(seconds: number, machine: string, counter: number): ObjectId {
  const time = Math.floor(seconds).toString(16).padStart(8, "0");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where the brand is given
  return `${time}${machine}${counter.toString(16).padStart(6, "0")}` as ObjectId;
}
