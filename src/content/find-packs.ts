/** Which directories are packs, and which of two with one name counts. */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import type { ProblemList, SourceFile } from "./problems.ts";
import { reason, readSource, textOf } from "./reading.ts";
import { isObject } from "../model/json.ts";

export interface ContentDirectories {
  /** Directories of packs that come with the program. */
  readonly bundled: readonly string[];
  /** The site's own content; what does not exist is skipped. */
  readonly site: {
    readonly packs?: string;
    /** Rules and workflows of the pack `default`. */
    readonly rules?: string;
    readonly workflows?: string;
    /** Inventory types outside of any pack. */
    readonly types?: string;
    /** Sources of the inventory outside of any pack. */
    readonly sources?: string;
    /** Alert parsers and alert policies outside of any pack. */
    readonly parsers?: string;
    readonly alerts?: string;
    /** Request forms outside of any pack. */
    readonly forms?: string;
  };
  /** Where packs are installed; what does not exist is skipped. */
  readonly installed?: string;
  /** The entries of RAICHO_PACKS: directories of packs, or packs. */
  readonly packs: readonly string[];
  /** RAICHO_CONFIGS: `<pack>.yaml` each. */
  readonly configs?: string;
  /** StackStorm's overrides: `_global.yaml` and `<pack>.yaml`. */
  readonly overrides?: string;
}

export interface FoundPack {
  readonly ref: string;
  /** Absolute. */
  readonly path: string;
  readonly bundled: boolean;
  /** pack.yaml. */
  readonly source: SourceFile;
}

export const packRef = /^[a-z0-9_]+$/;

/** Finds all packs. One outside of the program replaces the bundled one of its name; of two elsewhere the first counts. */
export async function findPacks(
  directories: ContentDirectories,
  problems: ProblemList,
): Promise<FoundPack[]> {
  const found = new Map<string, FoundPack>();
  const seen = new Set<string>();
  const add = async (path: string, bundled: boolean): Promise<void> => {
    const real = await realpath(path);
    if (seen.has(real)) return;
    seen.add(real);
    const pack = await readRef(path, problems);
    if (pack === undefined) return;
    const { ref } = pack;
    const other = found.get(ref);
    if (other === undefined || other.bundled) found.set(ref, { ...pack, path, bundled });
    const file = join(path, "pack.yaml");
    if (other?.bundled === true && !bundled)
      problems.atFile(
        "info",
        file,
        `the pack "${ref}" in ${path} replaces the bundled one in ${other.path}`,
      );
    else if (other !== undefined)
      problems.atFile(
        "error",
        file,
        `there are two packs "${ref}": ${other.path} (in use) and ${path}`,
        {
          expected: "one of them removed or renamed",
        },
      );
  };
  for (const directory of directories.bundled)
    for (const path of await packsIn(resolve(directory), "optional", problems))
      await add(path, true);
  if (directories.site.packs !== undefined)
    for (const path of await packsIn(resolve(directories.site.packs), "optional", problems))
      await add(path, false);
  if (directories.installed !== undefined && directories.installed !== "")
    for (const path of await packsIn(resolve(directories.installed), "optional", problems))
      await add(path, false);
  for (const entry of directories.packs)
    for (const path of await packsIn(resolve(entry), "required", problems)) await add(path, false);
  return [...found.values()].toSorted((left, right) => (left.ref < right.ref ? -1 : 1));
}

/** The pack that `directory` is, or the packs in it. */
async function packsIn(
  directory: string,
  need: "optional" | "required",
  problems: ProblemList,
): Promise<readonly string[]> {
  if (await isFile(join(directory, "pack.yaml"))) return [directory];
  try {
    const names = (await readdir(directory)).filter(
      (name) => name !== "__pycache__" && !name.startsWith("."),
    );
    const paths = names.toSorted().map((name) => join(directory, name));
    const isPack = await Promise.all(paths.map((path) => isFile(join(path, "pack.yaml"))));
    const packs = paths.filter((_, index) => isPack[index] === true);
    if (packs.length === 0 && need === "required")
      problems.atFile("warning", directory, "holds no pack", {
        expected: "a pack.yaml, or directories with one",
      });
    return packs;
  } catch (error) {
    if (need === "required")
      problems.atFile(
        "error",
        directory,
        `the directory of packs cannot be read: ${reason(error)}`,
      );
    return [];
  }
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** `ref` of pack.yaml; else the directory's name, when it can be one; else the pack's name. */
async function readRef(
  path: string,
  problems: ProblemList,
): Promise<{ readonly ref: string; readonly source: SourceFile } | undefined> {
  const file = join(path, "pack.yaml");
  const source = await readSource(file, basename(path), problems);
  const document = source?.yaml.value;
  if (source === undefined) return undefined;
  const written = isObject(document) ? textOf(document, "ref") : "";
  const name = isObject(document) ? textOf(document, "name") : "";
  const ref = [written, basename(path), name].find((one) => one !== "" && packRef.test(one));
  if (ref === undefined || ref === "_global") {
    problems.error(
      source,
      ref === undefined ? [] : ["ref"],
      `the pack in ${path} has no usable ref`,
      {
        expected: "ref: small letters, digits and _ (not _global)",
      },
    );
    return undefined;
  }
  return { ref, source: { ...source, pack: ref } };
}
