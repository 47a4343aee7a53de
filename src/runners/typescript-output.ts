/** Gives what an action prints to its own call, although many run in one process. */
import { AsyncLocalStorage } from "node:async_hooks";
import { Writable } from "node:stream";
import type { FromHost } from "./typescript-protocol.ts";

interface Speaker {
  readonly id: number;
  left: number;
}

export interface CapturedOutput {
  /** Runs `work`; what it prints belongs to call `id`. */
  during(id: number, work: () => Promise<void>): Promise<void>;
  /** The call that is at work here. */
  current(): number | undefined;
  /** Says something to the call that is at work here, or to all. */
  note(text: string): void;
}

/** Replaces this process's stdout and stderr. Of one call at most `limit` characters are told. */
export function captureOutput(tell: (message: FromHost) => void, limit: number): CapturedOutput {
  const speakers = new AsyncLocalStorage<Speaker>();
  const active = new Set<Speaker>();
  const say = (speaker: Speaker, stream: "stdout" | "stderr", text: string): void => {
    if (speaker.left === 0) return;
    const kept = text.slice(0, speaker.left);
    speaker.left -= kept.length;
    const end = speaker.left === 0 ? `\n[output cut after ${limit} characters]\n` : "";
    tell({ kind: "output", id: speaker.id, stream, text: kept + end });
  };
  for (const stream of ["stdout", "stderr"] as const) {
    const captured = new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        const speaker = speakers.getStore() ?? onlyOne(active);
        if (speaker) say(speaker, stream, textOf(chunk));
        done();
      },
    });
    Object.defineProperty(process, stream, { value: captured, configurable: true });
  }
  return {
    async during(id, work) {
      const speaker = { id, left: limit };
      active.add(speaker);
      await speakers.run(speaker, work);
      active.delete(speaker);
    },
    current: () => (speakers.getStore() ?? onlyOne(active))?.id,
    note(text) {
      const speaker = speakers.getStore();
      for (const hearer of speaker ? [speaker] : active) say(hearer, "stderr", text);
    },
  };
}

function onlyOne(active: ReadonlySet<Speaker>): Speaker | undefined {
  return active.size === 1 ? [...active][0] : undefined;
}

function textOf(chunk: unknown): string {
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : String(chunk);
}
