/** What somebody means by the pack to install: a name, an address of git, a directory, an archive; with a version or without. */
import { existsSync, statSync } from "node:fs";
import { basename, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../model/errors.ts";

export type PackSource =
  | { readonly kind: "git"; readonly url: string; readonly version: string | undefined }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "archive"; readonly path: string }
  | { readonly kind: "download"; readonly url: string }
  /** A name in an index. */
  | { readonly kind: "name"; readonly name: string; readonly version: string | undefined };

const versionForm = /^[A-Za-z0-9][\w.+/-]*$/;
const archiveForm = /\.(?:tar|tar\.gz|tgz|zip)$/i;
const scpForm = /^(?:[\w.-]+@)?[\w.-]+:(?!\/\/)[^\s]+$/;

function wrong(sentence: string): AppError {
  return new AppError("PACK_SOURCE", [sentence]);
}

/** Reads `jira`, `jira=1.2.0`, `https://host/repo.git=v1`, `owner/repo`, `./dir`, `pack.tar.gz`. `version` counts before the one written
 * behind `=`. Throws PACK_SOURCE. */
export function readSource(written: string, version: string | undefined, base: string): PackSource {
  const text = written.trim();
  const { address, wanted } = splitVersion(text, version);
  if (address === "" || address.startsWith("-") || /[\s\0]/.test(address))
    throw wrong(
      `"${written}" is no pack: give a name, an address of git, a directory or an archive`,
    );
  if (wanted !== undefined && (!versionForm.test(wanted) || wanted.includes("..")))
    throw wrong(`"${wanted}" is no version: give a version, a tag, a branch or a commit`);
  const local = localPath(address, base);
  if (local !== undefined && existsSync(local)) return localSource(local, wanted);
  const found = /^[\w+.-]+:/.test(address)
    ? remoteSource(address, wanted)
    : namedSource(address, wanted);
  if (found !== undefined) return found;
  throw wrong(
    `there is no file or directory ${local ?? address}, and it is no address of git either`,
  );
}

function namedSource(address: string, version: string | undefined): PackSource | undefined {
  if (/^[\w-]+$/.test(address)) return { kind: "name", name: address, version };
  if (/^[\w-][\w.-]*\/[\w.-]+$/.test(address))
    return { kind: "git", url: `https://github.com/${address}`, version };
  return scpForm.test(address) ? { kind: "git", url: address, version } : undefined;
}

function remoteSource(address: string, version: string | undefined): PackSource | undefined {
  if (/^file:\/\//i.test(address)) throw wrong(`there is nothing at ${address}`);
  if (/^https?:\/\//i.test(address) && archiveForm.test(address.replace(/[?#].*$/, ""))) {
    refuseVersion(version, "an archive");
    return { kind: "download", url: address };
  }
  if (/^(?:https?|ssh|git):\/\/[^-]/i.test(address)) return { kind: "git", url: address, version };
  if (/^[\w+.-]+::|^[\w+.-]+:\/\//.test(address))
    throw wrong(
      `packs are not fetched by "${address.split(":")[0] ?? ""}": use https, http, ssh, git or file`,
    );
  return scpForm.test(address) ? { kind: "git", url: address, version } : undefined;
}

/** Behind the last `=`, unless that belongs to the address. */
function splitVersion(
  text: string,
  version: string | undefined,
): { readonly address: string; readonly wanted: string | undefined } {
  const at = text.lastIndexOf("=");
  const behind = text.slice(at + 1);
  const splits =
    at > 0 && !text.slice(0, at).includes("?") && (behind === "" || versionForm.test(behind));
  if (!splits) return { address: text, wanted: version };
  return { address: text.slice(0, at), wanted: version ?? (behind === "" ? undefined : behind) };
}

function localPath(address: string, base: string): string | undefined {
  if (/^file:\/\//i.test(address))
    try {
      return fileURLToPath(address);
    } catch {
      throw wrong(`${address} is no path of this machine`);
    }
  const isPath =
    isAbsolute(address) || /^\.{0,2}\//.test(address) || address === "." || address === "..";
  const looksLike =
    isPath || archiveForm.test(address) || /^[\w.-]+(?:\/[\w.-]+)*\/?$/.test(address);
  // A name alone is one of an index; `./name` is the directory.
  return looksLike && (isPath || address.includes("/") || archiveForm.test(address))
    ? resolve(base, address)
    : undefined;
}

function localSource(path: string, version: string | undefined): PackSource {
  if (!statSync(path).isDirectory()) {
    refuseVersion(version, "an archive");
    return { kind: "archive", path };
  }
  const isRepository =
    existsSync(resolve(path, ".git")) ||
    (existsSync(resolve(path, "HEAD")) && existsSync(resolve(path, "objects")));
  const hasPack = existsSync(resolve(path, "pack.yaml"));
  // What lies there counts as it is; only a version, or a repository without files, needs git.
  if (isRepository && (version !== undefined || !hasPack))
    return { kind: "git", url: path, version };
  refuseVersion(version, "a directory without a repository of git");
  return { kind: "directory", path };
}

function refuseVersion(version: string | undefined, what: string): void {
  if (version !== undefined)
    throw wrong(`${what} has no version "${version}": it is installed as it is`);
}

/** The name of a pack as its address suggests it: `…/stackstorm-jira.git` → `jira`. */
export function nameOf(source: PackSource): string {
  const text = source.kind === "name" ? source.name : "url" in source ? source.url : source.path;
  return basename(text.replace(/[/]+$/, ""))
    .replace(/\.git$/, "")
    .replace(archiveForm, "")
    .replace(/^stackstorm-/, "")
    .replaceAll("-", "_");
}
