/** Brings a pack, wherever it comes from, into a directory of its own. */
import { mkdirSync, readdirSync, renameSync, statSync, existsSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../model/errors.ts";
import { fetchGit, withoutPassword, type GitCall } from "./fetch-git.ts";
import { copyTree, unpackArchive, unpackBytes } from "./read-archive.ts";
import type { PackSource } from "./source.ts";
import { packBounds, tooLarge } from "./write-tree.ts";

/** Fetches into `root`, which is made. Gives the directory with the pack.yaml: `root`, or the only directory in it. */
export async function fetchPack(source: PackSource, root: string, call: GitCall): Promise<string> {
  mkdirSync(root, { recursive: true });
  switch (source.kind) {
    case "git":
      await fetchGit(source.url, source.version, root, call);
      return root;
    case "directory":
      copyTree(source.path, root);
      return root;
    case "archive":
      unpackArchive(source.path, root);
      return packIn(root);
    case "download":
      unpackBytes(await download(source.url, call.signal), root);
      return packIn(root);
    case "name":
      throw new AppError("PACK_SOURCE", [`the name ${source.name} was not looked up`]);
  }
}

/** Archives mostly hold one directory with everything in it. */
function packIn(root: string): string {
  if (existsSync(join(root, "pack.yaml"))) return root;
  const [only, ...more] = readdirSync(root);
  if (only === undefined || more.length > 0 || !statSync(join(root, only)).isDirectory())
    return root;
  const up = `${root}-inside`;
  renameSync(join(root, only), up);
  return up;
}

async function download(url: string, signal: AbortSignal | undefined): Promise<Buffer> {
  return (await getBytes(url, packBounds.bytes, signal)) ?? Buffer.alloc(0);
}

/** The body behind an address of http(s). Throws PACK_SOURCE; PACK_REFUSED when it is larger than `most`. */
export async function getBytes(
  url: string,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const patience = AbortSignal.timeout(120_000);
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    const signals = signal === undefined ? [patience] : [patience, signal];
    const answer = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!answer.ok || answer.body === null) throw new Error(`the server answers ${answer.status}`);
    for await (const part of answer.body) {
      size += part.length;
      if (size > most) throw tooLarge();
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason =
      error instanceof Error
        ? error.cause instanceof Error
          ? error.cause.message
          : error.message
        : String(error);
    throw new AppError("PACK_SOURCE", [`${withoutPassword(url)} cannot be fetched: ${reason}`], {
      cause: error,
    });
  }
  return Buffer.concat(parts);
}
