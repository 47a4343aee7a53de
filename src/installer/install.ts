/** Installs, updates and removes packs.
 *
 * 1. Everything is fetched, checked and built beside what is in use; what is in use changes only by renaming, at the end.
 * 2. What fails, at whatever step, leaves every pack as it was. A killed installation is undone by the next one, or the next start (recover).
 * 3. One installation at a time. */
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemPacks, whileLocked, type InstallerPlaces } from "./places.ts";
import {
  installedVersion,
  stage,
  type Staged,
  type StagedPack,
  type StageOptions,
} from "./stage.ts";
import {
  buildVirtualenv,
  removeVirtualenv,
  useVirtualenv,
  type Virtualenv,
  type VirtualenvOptions,
} from "./virtualenv.ts";
import { refuse } from "./write-tree.ts";

export interface InstalledPack {
  readonly ref: string;
  readonly version: string;
  /** The version that was there before. */
  readonly former: string | undefined;
  readonly path: string;
}

export interface Installation {
  /** Dependencies come after what needs them. */
  readonly packs: readonly InstalledPack[];
  readonly warnings: readonly string[];
}

export interface InstallOptions extends StageOptions {
  readonly wheels?: string | undefined;
  /** Leave virtual environments alone. */
  readonly skipVirtualenvs?: boolean;
  readonly seconds?: number;
}

export function virtualenvOptions(
  { virtualenvs, python, wheels }: InstallerPlaces,
  options: Pick<InstallOptions, "wheels" | "environment" | "signal" | "seconds">,
): VirtualenvOptions {
  const { environment, signal, seconds } = options;
  return {
    directory: virtualenvs,
    python,
    wheels: options.wheels ?? wheels,
    signal,
    ...(environment === undefined ? {} : { environment }),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

/** Installs or updates packs and what they depend on, all or none. Throws PACK_SOURCE and PACK_REFUSED. */
export function installPacks(
  requests: readonly string[],
  places: InstallerPlaces,
  options: InstallOptions,
): Promise<Installation> {
  return whileLocked(places.packs, options.signal, async () => {
    const staging = mkdtempSync(join(places.packs, ".staging-"));
    try {
      const staged = await stage(requests, staging, places, options);
      return await takeUp(staged, places, options);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  });
}

type Undo = () => void;

async function takeUp(
  { packs, warnings }: Staged,
  places: InstallerPlaces,
  options: InstallOptions,
): Promise<Installation> {
  const built = new Map<string, Virtualenv>();
  const undo: Undo[] = [];
  try {
    if (options.skipVirtualenvs !== true)
      for (const { pack, path } of packs)
        built.set(
          pack.ref,
          await buildVirtualenv(pack.ref, path, virtualenvOptions(places, options)),
        );
    if (options.signal?.aborted === true) throw refuse("the installation was interrupted");
    const installed: InstalledPack[] = [];
    const done: Undo[] = [];
    for (const staged of packs) {
      const { ref, version } = staged.pack;
      const former = await installedVersion(ref, places);
      done.push(exchange(staged, places, undo));
      const environment = built.get(ref);
      if (environment !== undefined)
        done.push(exchangeVirtualenv(ref, environment, { places, undo }));
      installed.push({ ref, version, former, path: join(places.packs, ref) });
    }
    for (const clean of done) clean();
    const missing = new Set([...built.values()].flatMap((each) => each.missing));
    return { packs: installed, warnings: [...warnings, ...aboutMissing(missing)] };
  } catch (error) {
    for (const step of undo.toReversed()) step();
    for (const { path } of built.values()) rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** Gives what removes the former pack, once everything went well. */
function exchange({ pack, path }: StagedPack, { packs }: InstallerPlaces, undo: Undo[]): Undo {
  const place = join(packs, pack.ref);
  const aside = join(packs, `.former-${pack.ref}`);
  if (existsSync(place)) {
    renameSync(place, aside);
    undo.push(() => renameSync(aside, place));
  }
  renameSync(path, place);
  undo.push(() => rmSync(place, { recursive: true, force: true }));
  return () => rmSync(aside, { recursive: true, force: true });
}

function exchangeVirtualenv(
  ref: string,
  { path }: Virtualenv,
  { places, undo }: { places: InstallerPlaces; undo: Undo[] },
): Undo {
  const used = useVirtualenv(ref, places.virtualenvs, path);
  undo.push(used.undo);
  return () => {
    if (used.former !== undefined) rmSync(used.former, { recursive: true, force: true });
  };
}

function aboutMissing(missing: ReadonlySet<string>): readonly string[] {
  return missing.size === 0
    ? []
    : [
        `Libraries that packs use without declaring them are missing: ${[...missing].join(", ")}. Add them to the wheels, or let pip reach an index, and install again.`,
      ];
}

/** Removes installed packs with their environments; their configurations stay. Throws PACK_REFUSED when one of them is not installed. */
export function removePacks(
  refs: readonly string[],
  places: InstallerPlaces,
  options: { readonly keepVirtualenvs?: boolean; readonly signal?: AbortSignal } = {},
): Promise<void> {
  return whileLocked(places.packs, options.signal, () => {
    const system = refs.filter((ref) => systemPacks.has(ref));
    if (system.length > 0)
      throw refuse(`packs of the system cannot be uninstalled: ${system.join(", ")}`);
    const absent = refs.filter(
      (ref) => !/^[a-z0-9_]+$/.test(ref) || !existsSync(join(places.packs, ref)),
    );
    if (absent.length > 0) throw refuse(`not installed in ${places.packs}: ${absent.join(", ")}`);
    for (const ref of refs) {
      const aside = join(places.packs, `.staging-removed-${ref}`);
      renameSync(join(places.packs, ref), aside);
      rmSync(aside, { recursive: true, force: true });
      if (options.keepVirtualenvs !== true) removeVirtualenv(ref, places.virtualenvs);
    }
    return Promise.resolve();
  });
}

/** Builds the environments of packs that are there already, wherever they lie, and takes them into use. Throws PACK_REFUSED. */
export function setUpVirtualenvs(
  packs: readonly { readonly ref: string; readonly path: string }[],
  places: InstallerPlaces,
  options: Pick<InstallOptions, "wheels" | "environment" | "signal" | "seconds">,
): Promise<readonly string[]> {
  return whileLocked(places.packs, options.signal, async () => {
    const missing = new Set<string>();
    for (const { ref, path } of packs) {
      if (systemPacks.has(ref)) continue;
      const built = await buildVirtualenv(ref, path, virtualenvOptions(places, options));
      const { former } = useVirtualenv(ref, places.virtualenvs, built.path);
      if (former !== undefined) rmSync(former, { recursive: true, force: true });
      for (const name of built.missing) missing.add(name);
    }
    return aboutMissing(missing);
  });
}
