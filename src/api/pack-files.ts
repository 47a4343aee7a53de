/** Files of packs. Nothing outside the pack's directory is ever read, links included. */
import { createReadStream } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import type { Response } from "express";
import type { PackDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";

const skipped = new Set([".git", "node_modules", "__pycache__", ".venv"]);
/** The site's own pack lies where the program was started: beside its content there may be anything, the data directory with its keys too. */
const siteDirectories: ReadonlySet<string> = new Set([
  "actions",
  "aliases",
  "policies",
  "rules",
  "sensors",
  "triggers",
  "types",
  "workflows",
]);

type Pack = Pick<PackDefinition, "ref" | "path">;

/** Whether a path, relative to the pack, is one of its files. */
export function belongs({ ref }: Pack, path: string): boolean {
  return ref !== "default" || siteDirectories.has(path.split(sep)[0] ?? "");
}
const mostFiles = 2_000;
/** Bytes of a file that a list of contents shows. */
const mostBytes = 500_000;

/** Paths of all files, relative to the pack, in order. */
export async function packFiles(pack: Pack): Promise<readonly string[]> {
  const root = pack.path;
  const found: string[] = [];
  const waiting = [root];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (!belongs(pack, relative(root, path))) continue;
      if (entry.isDirectory() && !skipped.has(entry.name)) waiting.push(path);
      else if (entry.isFile() && !entry.name.endsWith(".pyc")) found.push(relative(root, path));
    }
    if (found.length > mostFiles) break;
  }
  return found.slice(0, mostFiles).toSorted();
}

/** Contents of the text files among them. */
export async function packContents(
  pack: Pack,
): Promise<readonly { readonly file_path: string; readonly content: string }[]> {
  const shown = [];
  for (const file_path of await packFiles(pack)) {
    const path = join(pack.path, file_path);
    const { size } = await stat(path);
    if (size > mostBytes) continue;
    const bytes = await readFile(path);
    if (!bytes.includes(0)) shown.push({ file_path, content: bytes.toString("utf8") });
  }
  return shown;
}

const types: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".py": "text/x-python; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};

/** Sends one file. Throws NOT_FOUND for what is not a file of the pack. */
export async function sendPackFile(pack: Pack, path: string, response: Response): Promise<void> {
  const root = pack.path;
  const missing = new AppError("NOT_FOUND", [`Resource with a path "${path}" not found`]);
  const real = await realpath(join(root, path)).catch(() => undefined);
  const base = await realpath(root).catch(() => root);
  if (real === undefined || !real.startsWith(base + sep)) throw missing;
  if (!belongs(pack, relative(base, real))) throw missing;
  const facts = await stat(real);
  if (!facts.isFile()) throw missing;
  const tag = `"${facts.mtimeMs.toString(36)}-${facts.size.toString(36)}"`;
  response.setHeader("ETag", tag);
  response.setHeader("Last-Modified", facts.mtime.toUTCString());
  // Without it browsers guess from the age of the file for how long they need not ask again, and editors show what was before the last save.
  response.setHeader("Cache-Control", "no-cache");
  if (response.req.headers["if-none-match"] === tag) return void response.status(304).end();
  response.setHeader("Content-Type", types[extname(real)] ?? "application/octet-stream");
  // A pack's pictures are shown, its documents are not run: they come from wherever packs come from.
  response.setHeader("Content-Security-Policy", "sandbox; default-src 'none'");
  response.setHeader("Content-Length", facts.size);
  if (response.req.method === "HEAD") return void response.end();
  createReadStream(real)
    .on("error", () => response.destroy())
    .pipe(response);
}
