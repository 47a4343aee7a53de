/** Where installed packs lie, and one installation at a time. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { refuse } from "./write-tree.ts";

/** What an installation needs to know of this machine. */
export interface InstallerPlaces {
  /** `$RAICHO_HOME/packs`. */
  readonly packs: string;
  /** `$RAICHO_HOME/virtualenvs`. */
  readonly virtualenvs: string;
  readonly python: string;
  /** Indexes for names: paths and addresses. */
  readonly indexes: readonly string[];
  /** Directory of wheels, for machines without a network. */
  readonly wheels: string | undefined;
  /** Packs that come with the program: their versions by ref. They are not installed over when they are the system's. */
  readonly bundled: () => Promise<ReadonlyMap<string, string>>;
}

/** Packs that everything rests on. */
export const systemPacks: ReadonlySet<string> = new Set([
  "alert",
  "chatops",
  "core",
  "default",
  "inventory",
  "inventory_core",
  "linux",
  "packs",
]);

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Does `work` while no other process changes the installed packs. Waits for another one; throws PACK_REFUSED after ten minutes. */
export async function whileLocked<Value>(
  packs: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Value>,
): Promise<Value> {
  mkdirSync(packs, { recursive: true });
  const file = join(packs, ".lock");
  const until = performance.now() + 600_000;
  while (!take(file)) {
    if (performance.now() > until || signal?.aborted === true)
      throw refuse(`another installation holds ${file}`);
    await sleep(200);
  }
  try {
    recover(packs);
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    const opened = openSync(file, "wx");
    writeSync(opened, String(process.pid));
    closeSync(opened);
    return true;
  } catch {
    const owner = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    // Left by a process that is no more; somebody who has only just made it has not written yet.
    if (owner > 0 && !runs(owner)) rmSync(file, { force: true });
    return false;
  }
}

const former = /^\.former-([a-z0-9_]+)$/;

/** Puts back packs of an installation that was killed between two steps, and removes what it left. */
export function recover(packs: string): void {
  if (!existsSync(packs)) return;
  for (const name of readdirSync(packs)) {
    const path = join(packs, name);
    const ref = former.exec(name)?.[1];
    if (ref !== undefined && !existsSync(join(packs, ref))) renameSync(path, join(packs, ref));
    else if (ref !== undefined || name.startsWith(".staging-"))
      rmSync(path, { recursive: true, force: true });
  }
}
