declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** 24 hex digits as StackStorm's ObjectIds: 4 bytes of seconds, 5 random bytes, 3 bytes of counter; sorts by time. */
export type ObjectId = Brand<string, "ObjectId">;

export function isObjectId(text: string): text is ObjectId {
  return text.length === 24 && /^[0-9a-f]+$/.test(text);
}

/** Joins the three parts of an id. `seconds` since the epoch, `machine` 10 hex digits, `counter` below 2^24; throws RangeError for others. */
export function objectId(seconds: number, machine: string, counter: number): ObjectId {
  const time = Math.floor(seconds).toString(16).padStart(8, "0");
  const id = `${time}${machine}${counter.toString(16).padStart(6, "0")}`;
  if (!isObjectId(id)) throw new RangeError(`${id} is not an id of 24 hex digits`);
  return id;
}

/** StackStorm has two objects for a run of an action, we have one: the other's id is this one with a digit turned around. Its own inverse. */
export function liveActionId(execution: string): string {
  const digit = Number.parseInt(execution[8] ?? "0", 16) ^ 0xf;
  return `${execution.slice(0, 8)}${digit.toString(16)}${execution.slice(9)}`;
}
