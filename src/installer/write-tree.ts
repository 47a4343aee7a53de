/** Writes the files of a pack below one directory, whatever its archive or repository says.
 *
 * 1. Every file is written below `root`: absolute paths, `..`, and paths through links are refused.
 * 2. A link is kept only when what it points to lies in the pack; devices, pipes and sockets are refused.
 * 3. The number and the size of the files are bounded; nothing of what is refused is written. */
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { AppError } from "../model/errors.ts";

export type Entry =
  | { readonly kind: "directory"; readonly path: string }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly executable: boolean;
      /** Called once, and not before the path was found good. */
      readonly read: () => Uint8Array;
      readonly size: number;
    }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "other"; readonly path: string; readonly what: string };

/** What one pack may hold. */
export const packBounds = { files: 50_000, bytes: 512 * 1_048_576, pathLength: 1_000 } as const;

export function refuse(sentence: string, cause?: unknown): AppError {
  return new AppError("PACK_REFUSED", [sentence], cause === undefined ? {} : { cause });
}

/** Takes entries one by one; throws PACK_REFUSED. */
export class TreeWriter {
  readonly #root: string;
  readonly #links: { readonly path: string; readonly target: string }[] = [];
  #files = 0;
  #bytes = 0;

  /** `root` must exist. */
  constructor(root: string) {
    this.#root = realpathSync(root);
  }

  add(entry: Entry): void {
    const path = this.#place(entry.path);
    if (path === undefined) return;
    if (entry.kind === "other")
      throw refuse(
        `the pack holds ${entry.what} at ${show(entry.path)}; only files, directories and links inside of the pack are installed`,
      );
    if (entry.kind === "directory") {
      this.#directory(path);
      return;
    }
    this.#files += 1;
    if (this.#files > packBounds.files)
      throw refuse(`the pack holds more than ${packBounds.files} files`);
    if (entry.kind === "link") this.#links.push({ path, target: entry.target });
    else this.#file(path, entry);
  }

  /** Makes the links, last: until then nothing can be written through one. */
  finish(): void {
    for (const { path, target } of this.#links) {
      const meant = resolve(dirname(path), target);
      if (target === "" || target.startsWith("/") || !within(this.#root, meant))
        throw refuse(
          `the link ${show(relative(this.#root, path))} leads outside of the pack, to ${show(target)}`,
        );
      this.#directory(dirname(path));
      symlinkSync(target, path);
    }
    // A link may lead outside by way of another one.
    for (const { path, target } of this.#links)
      if (!leadsInside(this.#root, path))
        throw refuse(
          `the link ${show(relative(this.#root, path))} leads outside of the pack, to ${show(target)}`,
        );
  }

  #file(path: string, entry: Entry & { kind: "file" }): void {
    this.#bytes += entry.size;
    if (this.#bytes > packBounds.bytes) throw tooLarge();
    this.#directory(dirname(path));
    const bytes = entry.read();
    this.#bytes += Math.max(0, bytes.length - entry.size);
    if (this.#bytes > packBounds.bytes) throw tooLarge();
    try {
      // A path that is there twice is somebody's trick, or a mistake.
      writeFileSync(path, bytes, { flag: "wx" });
    } catch (error) {
      throw refuse(
        `the pack holds ${show(entry.path)} more than once, or not only as a file`,
        error,
      );
    }
    if (entry.executable) chmodSync(path, 0o755);
  }

  #directory(path: string): void {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw refuse(
        `the pack holds ${show(relative(this.#root, path))} as a file and as a directory`,
        error,
      );
    }
  }

  /** Where that path lies on the disk; undefined for the root itself. */
  #place(written: string): string | undefined {
    const bad =
      written.includes("\0") ||
      written.startsWith("/") ||
      written.split(/[\\/]/).includes("..") ||
      /^[A-Za-z]:/.test(written);
    const path = join(this.#root, written);
    if (bad || (path !== this.#root && !within(this.#root, path)))
      throw refuse(`the pack holds a file at ${show(written)}, which lies outside of it`);
    if (written.length > packBounds.pathLength)
      throw refuse(`the pack holds a path of ${written.length} characters`);
    const parts = relative(this.#root, path).split(sep);
    // Repositories of git inside of a pack would bring settings and hooks that run.
    if (parts.some((part) => part.toLowerCase() === ".git")) return undefined;
    return path === this.#root || path === `${this.#root}${sep}` ? undefined : path;
  }
}

export function tooLarge(): AppError {
  return refuse(`the pack is larger than ${packBounds.bytes / 1_048_576} MiB`);
}

function show(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
}

function within(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}

/** What the kernel makes of it: Node's own realpath takes `link/..` by its letters. A link to nothing is harmless: nothing is read through it. */
function leadsInside(root: string, path: string): boolean {
  try {
    return within(root, realpathSync.native(path));
  } catch {
    return true;
  }
}
