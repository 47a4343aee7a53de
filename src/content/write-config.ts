/** Configurations of packs, written as people write them. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { stringify } from "yaml";
import type { JsonObject } from "../model/json.ts";

/** Replaces the file; nobody but its owner may read it, for it may hold secrets. Whoever reads it meanwhile finds the old one or the new one. */
export async function writeConfig(file: string, values: JsonObject): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  const text = stringify(values, { version: "1.1", aliasDuplicateObjects: false });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}
