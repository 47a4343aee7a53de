/** Mails are parsed in children that may be killed: nobody knows what strangers send. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { childPool } from "../processes/pool.ts";
import type { ParsedMail, ParseMail } from "../sensors/mail/parse.ts";

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
    parse: (raw) =>
      pool.call(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("base64")),
    close: () => pool.close(),
  };
}
