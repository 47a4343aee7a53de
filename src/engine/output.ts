import type { Core } from "./core.ts";

const flushMs = 200;
/** Characters of one execution's live output that are kept. */
const bound = 10_000_000;

export interface OutputSink {
  emit(stream: "stdout" | "stderr", text: string): void;
  /** Resolves when everything is stored. */
  close(): Promise<void>;
}

/** Stores what a running action prints, in batches, so that it can be followed live. Losing the database loses lines, never the result. */
export function outputSink(core: Core, execution: string): OutputSink {
  let waiting: { execution_id: string; stream: string; text: string }[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<unknown> = Promise.resolve();
  const flush = (): void => {
    timer = undefined;
    const rows = waiting;
    waiting = [];
    storing = storing
      .then(() => core.database.db.insertInto("output").values(rows).execute())
      .catch((error: unknown) =>
        core.log("warn", "live output was not stored", {
          execution,
          reason: error instanceof Error ? error.message : String(error),
        }),
      );
  };
  return {
    emit: (stream, text) => {
      if (size >= bound) return;
      size += text.length;
      waiting.push({
        execution_id: execution,
        stream,
        text: size >= bound ? "[output truncated]\n" : text.replaceAll("\u0000", "\uFFFD"),
      });
      timer ??= setTimeout(flush, flushMs);
    },
    close: async () => {
      if (timer !== undefined) clearTimeout(timer);
      if (waiting.length > 0) flush();
      await storing;
    },
  };
}
