/** `raicho key import-stackstorm` and `export-stackstorm`: the key that encrypts secrets of the datastore as StackStorm does. */
import { randomBytes } from "node:crypto";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError, exitCodes } from "./cli.ts";
import { readObject } from "./files.ts";
import type { Asked } from "./verb.ts";

const place = "/api/v2/datastore-key";

export async function importStackStormKey({ args, client, print, cli }: Asked): Promise<void> {
  const [file = ""] = args;
  const body = await readObject(cli, file);
  const { fingerprint, secrets } = await client.object("PUT", place, { body });
  print.done(
    `secrets are encrypted with the key of ${file} (${String(fingerprint)}) from now on; ${String(secrets)} that were there are encrypted anew`,
  );
}

/** Never over a file that is there: it may be the only copy of another key. */
export async function exportStackStormKey({ args, client, print, cli }: Asked): Promise<void> {
  const [file = ""] = args;
  const target = resolve(cli.workingDirectory, file);
  if (existsSync(target))
    throw new CliError(exitCodes.usage, `${file} is there already; name a new file`);
  const key = await client.object("GET", place);
  const draft = `${target}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(draft, target);
  print.done(`the key is in ${file}, which only you may read; whoever has it can read all secrets`);
}
