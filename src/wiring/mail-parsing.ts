/** Mails are parsed in children that may be killed: nobody knows what strangers send. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { childPool } from "../processes/pool.ts";
import { ChildNotStarted, PoolClosed, QueueFull } from "../processes/pool-errors.ts";
import { MailParserAway, type ParsedMail, type ParseMail } from "../sensors/mail/parse.ts";

const module = new URL(
  import.meta.url.endsWith(".ts") ? "../sensors/mail/parse.ts" : "../sensors/mail/parse.js",
  import.meta.url,
);

export interface MailParsing {
  readonly parse: ParseMail;
  readonly close: () => Promise<void>;
}

export function mailParsing(deadlineMs = 5_000): MailParsing {
  const pool = childPool<string, ParsedMail>({
    module,
    export: "parseMail",
    size: Math.min(2, availableParallelism()),
    deadlineMs,
    memoryMb: 512,
    name: fileURLToPath(module),
    outputBytes: 16_000_000,
  });
  return {
    parse: async (raw) => {
      try {
        const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
        return await pool.call(bytes.toString("base64"));
      } catch (error) {
        if (isAway(error)) throw new MailParserAway(error.message);
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

function isAway(error: unknown): error is Error {
  return (
    error instanceof ChildNotStarted || error instanceof QueueFull || error instanceof PoolClosed
  );
}
