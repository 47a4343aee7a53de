/** The process group of a command at the other side, so that it can be ended. SSH's own signals are refused by many servers, and for root by all. */
import { randomBytes } from "node:crypto";

export interface RemoteGroup {
  /** Says the group on stderr before anything else is done. */
  readonly announce: string;
  /** Takes stderr in and gives it back without the announcement; may hold it back until that has come. */
  strip(bytes: Buffer): Buffer;
  /** What is still held back. */
  rest(): Buffer;
  /** Ends the group; undefined while it is not known. */
  kill(signal: "TERM" | "KILL"): string | undefined;
}

/** How much a login shell may say before our announcement. */
const patience = 65_536;

export function remoteGroup(): RemoteGroup {
  const mark = `raicho-${randomBytes(8).toString("hex")}`;
  const pattern = new RegExp(`${mark} (\\d+)\\r?\\n`);
  let held = Buffer.alloc(0);
  let group: string | undefined;
  let passing = false;
  return {
    announce: `echo "${mark} $$" >&2`,
    strip(bytes) {
      if (passing) return bytes;
      held = Buffer.concat([held, bytes]);
      const text = held.toString("latin1");
      const found = pattern.exec(text);
      if (found === null && held.length < patience) return Buffer.alloc(0);
      passing = true;
      group = found?.[1];
      return Buffer.from(found === null ? text : text.replace(found[0], ""), "latin1");
    },
    rest: () => (passing ? Buffer.alloc(0) : held),
    kill: (signal) => (group === undefined ? undefined : `kill -${signal} -${group}`),
  };
}
