/** What a directory says about itself in its pack.yaml, before it is a pack in use. */
import { join } from "node:path";

import type { PackDefinition } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { isFile, packRef } from "./find-packs.ts";
import { readPack } from "./packs.ts";
import { ProblemList } from "./problems.ts";
import { readSource, textOf } from "./reading.ts";

export type PackDescription =
  | { readonly kind: "pack"; readonly pack: PackDefinition; readonly manifest: JsonObject }
  /** Why it is none, in one line. */
  | { readonly kind: "broken"; readonly reason: string };

/** Reads the pack in `path`. Without a `ref`, and with a name that cannot be one, it is called `otherwise`. */
export async function describePack(path: string, otherwise = ""): Promise<PackDescription> {
  const file = join(path, "pack.yaml");
  if (!(await isFile(file))) return { kind: "broken", reason: "there is no pack.yaml" };
  const problems = new ProblemList();
  const source = await readSource(file, "", problems);
  const document = source?.yaml.value;
  if (source !== undefined && isObject(document)) {
    const candidates = [textOf(document, "ref"), textOf(document, "name"), otherwise];
    const ref = candidates.find((one) => one !== "" && packRef.test(one) && one !== "_global");
    const found = { ref: ref ?? "", path, bundled: false, source };
    const pack = await readPack(found, undefined, problems);
    if (pack !== undefined && ref !== undefined) return { kind: "pack", pack, manifest: document };
  }
  const first = problems.problems.find(({ severity }) => severity === "error");
  return {
    kind: "broken",
    reason:
      first === undefined
        ? "pack.yaml gives no usable ref: small letters, digits and _"
        : `pack.yaml:${first.line}:${first.column} ${first.message}`,
  };
}
