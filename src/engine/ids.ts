import { randomBytes, randomInt } from "node:crypto";
import { type ObjectId, objectId } from "../model/ids.ts";

/** Makes ids of this process: they sort by time, and within a second in the order they were made. */
export function idMaker(now: () => number = Date.now): () => ObjectId {
  const machine = randomBytes(5).toString("hex");
  let counter = randomInt(0x80_0000);
  return () => {
    counter = (counter + 1) & 0xff_ffff;
    return objectId(now() / 1_000, machine, counter);
  };
}
