/** Tells when something in directories changes. For development: a server in production reloads when it is told to. */
import { existsSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";

import type { ContentDirectories } from "./find-packs.ts";

export interface Watching {
  /** Ends it; nothing is called afterwards. */
  stop(): void;
}

export interface WatchOptions {
  /** Milliseconds of quiet before `changed` is called; an editor writes a file in several steps. */
  readonly quietMilliseconds?: number;
  /** A directory cannot be watched (any more). */
  readonly failed: (directory: string, error: unknown) => void;
}

/** Calls `changed` once after each burst of changes below any of the directories (with everything in them). */
export function watchDirectories(
  directories: readonly string[],
  changed: () => void,
  { quietMilliseconds = 150, failed }: WatchOptions,
): Watching {
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, quietMilliseconds);
  };
  const watchers: FSWatcher[] = [];
  for (const directory of directories) {
    try {
      // A missing directory would be watched without a word.
      if (!existsSync(directory)) throw new Error("the directory does not exist");
      const watcher = watch(directory, { recursive: true }, (_event, name) => {
        if (name === null || !ignored(name)) later();
      });
      watcher.on("error", (error) => failed(directory, error));
      watchers.push(watcher);
    } catch (error) {
      failed(directory, error);
    }
  }
  return {
    stop() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Traces of editors, compilers and version control. */
function ignored(name: string): boolean {
  return /(?:^|[\\/])(?:\.[^\\/]*|__pycache__|node_modules)(?:[\\/]|$)|~$|\.sw[a-z]$/.test(name);
}

/** Every directory that content is read from. */
export function watchedDirectories({
  bundled,
  site,
  packs,
  configs,
  overrides,
}: ContentDirectories): readonly string[] {
  const all = [
    ...bundled,
    ...packs,
    site.packs,
    site.rules,
    site.workflows,
    site.types,
    configs,
    overrides,
  ];
  return [...new Set(all.filter((directory) => directory !== undefined))];
}
