/** Fetches packs, and the packs they depend on, beside those in use; nothing that is in use changes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describePack } from "../content/describe-pack.ts";
import type { PackDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { fetchPack } from "./fetch.ts";
import { readIndexes, type PackIndex } from "./pack-index.ts";
import { systemPacks, type InstallerPlaces } from "./places.ts";
import { misfit, readDependency, sameVersion, warningsOf } from "./requirements.ts";
import { nameOf, readSource, type PackSource } from "./source.ts";
import { refuse } from "./write-tree.ts";

export interface StageOptions {
  /** Relative paths start here. */
  readonly base: string;
  /** For the one pack that was asked for. */
  readonly version?: string | undefined;
  /** Install also what says that it does not fit. */
  readonly force?: boolean;
  readonly skipDependencies?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface StagedPack {
  readonly pack: PackDefinition;
  readonly path: string;
}

export interface Staged {
  readonly packs: readonly StagedPack[];
  readonly warnings: readonly string[];
}

/** Dependencies of dependencies of dependencies: then somebody goes in circles. */
const deepest = 3;

/** Gives what is to be installed, dependencies included. Throws PACK_SOURCE and PACK_REFUSED. */
export async function stage(
  requests: readonly string[],
  staging: string,
  places: InstallerPlaces,
  options: StageOptions,
): Promise<Staged> {
  const stager = new Stager(staging, places, options);
  for (const request of requests)
    await stager.add(readSource(request, options.version, options.base), 0);
  if (stager.conflicts.length > 0)
    throw refuse(
      `the packs conflict with what is installed: ${stager.conflicts.join("; ")}. Install those versions first, or skip the dependencies`,
    );
  return { packs: [...stager.staged.values()], warnings: stager.warnings };
}

class Stager {
  readonly staged = new Map<string, StagedPack>();
  readonly warnings: string[] = [];
  readonly conflicts: string[] = [];
  readonly #staging: string;
  readonly #places: InstallerPlaces;
  readonly #options: StageOptions;
  #index: PackIndex | undefined;
  #next = 0;

  constructor(staging: string, places: InstallerPlaces, options: StageOptions) {
    this.#staging = staging;
    this.#places = places;
    this.#options = options;
  }

  async add(source: PackSource, depth: number): Promise<void> {
    const real = source.kind === "name" ? await this.#lookUp(source.name, source.version) : source;
    const { environment, signal } = this.#options;
    const call = { signal, ...(environment === undefined ? {} : { environment }) };
    const path = await fetchPack(real, join(this.#staging, `Pack-${this.#next++}`), call);
    const described = await describePack(path, nameOf(source));
    if (described.kind === "broken")
      throw refuse(`what was fetched for "${nameOf(source)}" is no pack: ${described.reason}`);
    const { pack, manifest } = described;
    this.#check(pack, manifest);
    if (this.staged.has(pack.ref)) return;
    this.staged.set(pack.ref, { pack, path });
    this.warnings.push(...warningsOf(pack, manifest));
    if (this.#options.skipDependencies !== true)
      for (const written of pack.dependencies) await this.#depend(pack, written, depth + 1);
  }

  #check(pack: PackDefinition, manifest: JsonObject): void {
    if (systemPacks.has(pack.ref))
      throw refuse(`the pack "${pack.ref}" is part of Raicho and cannot be replaced`);
    const fault = this.#options.force === true ? undefined : misfit(pack, manifest);
    if (fault !== undefined) throw refuse(fault);
    const staged = this.staged.get(pack.ref);
    if (staged !== undefined && staged.pack.version !== pack.version)
      throw refuse(
        `the pack "${pack.ref}" is asked for in two versions: ${staged.pack.version} and ${pack.version}`,
      );
  }

  async #depend({ ref, version }: PackDefinition, written: string, depth: number): Promise<void> {
    const wanted = readDependency(written);
    const there =
      this.staged.get(wanted.ref)?.pack.version ??
      (await installedVersion(wanted.ref, this.#places)) ??
      (await this.#places.bundled()).get(wanted.ref);
    if (there !== undefined) {
      if (wanted.version !== undefined && !sameVersion(there, wanted.version))
        this.conflicts.push(
          `"${ref}" ${version} needs "${wanted.ref}" ${wanted.version}, but ${there} is there`,
        );
      return;
    }
    if (depth > deepest)
      throw refuse(`the dependencies of "${ref}" go more than ${deepest} packs deep`);
    await this.add(readSource(wanted.address, wanted.version, this.#options.base), depth);
  }

  async #lookUp(name: string, version: string | undefined): Promise<PackSource> {
    this.#index ??= await readIndexes(this.#places.indexes, this.#options.signal);
    const { packs, status } = this.#index;
    const found = packs.get(name) ?? packs.get(name.replaceAll("-", "_"));
    const url = found?.["repo_url"];
    if (typeof url === "string" && url !== "") return readSource(url, version, this.#options.base);
    const unread = status.filter(({ error }) => error !== undefined);
    const reasons = unread.map(({ index, message }) => `${index}: ${message}`);
    const why = [`no index knows the pack "${name}"`, ...reasons].join("; ");
    throw new AppError("PACK_SOURCE", [`${why}. A directory is written as ./${name}`]);
  }
}

/** The version of an installed pack. */
export async function installedVersion(
  ref: string,
  { packs }: Pick<InstallerPlaces, "packs">,
): Promise<string | undefined> {
  const path = join(packs, ref);
  if (!existsSync(path)) return undefined;
  const described = await describePack(path, ref);
  return described.kind === "pack" ? described.pack.version : "unknown";
}
