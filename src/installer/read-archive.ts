/** Archives (`.tar`, `.tar.gz`, `.tgz`, `.zip`), told apart by their first bytes, and directories. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readTar } from "./tar.ts";
import { packBounds, refuse, tooLarge, TreeWriter } from "./write-tree.ts";
import { readZip } from "./zip.ts";

/** Unpacks an archive into the empty directory `root`. Throws PACK_REFUSED; what was written so far is then of no use. */
export function unpackArchive(file: string, root: string): void {
  const { size } = statSync(file);
  if (size > packBounds.bytes) throw tooLarge();
  unpackBytes(readFileSync(file), root);
}

export function unpackBytes(bytes: Buffer, root: string): void {
  const writer = new TreeWriter(root);
  if (bytes.readUInt16BE(0) === 0x504b) readZip(bytes, (entry) => writer.add(entry));
  else readTar(plain(bytes), (entry) => writer.add(entry));
  writer.finish();
}

function plain(bytes: Buffer): Buffer {
  if (bytes.readUInt16BE(0) !== 0x1f8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: packBounds.bytes + packBounds.files * 1_024 });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw refuse("the archive cannot be unpacked: its gzip data is damaged", error);
  }
}

const notCopied = new Set([".git", "__pycache__", "node_modules", ".venv", ".tox"]);

/** Copies the pack in `from` into the empty directory `root`, under the same rules as an archive. */
export function copyTree(from: string, root: string): void {
  const writer = new TreeWriter(root);
  const walk = (inside: string): void => {
    for (const name of readdirSync(join(from, inside)).toSorted()) {
      if (notCopied.has(name)) continue;
      const path = join(inside, name);
      const whole = join(from, path);
      const facts = lstatSync(whole);
      if (facts.isDirectory()) {
        writer.add({ kind: "directory", path });
        walk(path);
      } else if (facts.isSymbolicLink())
        writer.add({ kind: "link", path, target: readlinkSync(whole) });
      else if (facts.isFile())
        writer.add({
          kind: "file",
          path,
          executable: (facts.mode & 0o100) !== 0,
          read: () => readFileSync(whole),
          size: facts.size,
        });
      else writer.add({ kind: "other", path, what: "a device, a pipe or a socket" });
    }
  };
  walk("");
  writer.finish();
}
