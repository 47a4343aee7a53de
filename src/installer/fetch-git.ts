/** Packs from repositories of git. No file of the repository is checked out by git itself, so that neither hooks, filters, submodules nor
 * links of a hostile one do anything: its tree is written as an archive is (write-tree.ts). */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../model/errors.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";
import { unpackBytes } from "./read-archive.ts";
import { packBounds, refuse } from "./write-tree.ts";

export interface GitCall {
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

const settings: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["protocol.ext.allow", "never"],
  ["submodule.recurse", "false"],
  ["fetch.recurseSubmodules", "false"],
  ["transfer.fsckObjects", "false"],
  ["advice.detachedHead", "false"],
];

/** What git is started with: no prompts, no hooks, no filters of the repository. */
export function gitEnvironment({ environment = {} }: GitCall): Record<string, string | undefined> {
  return {
    ...environment,
    GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
    GIT_TERMINAL_PROMPT: "0",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_SSH_COMMAND: process.env["GIT_SSH_COMMAND"] ?? "ssh -oBatchMode=yes",
    GIT_DIR: undefined,
    GIT_WORK_TREE: undefined,
    LC_ALL: "C",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/** Writes the tree of that version (a version's tag, a tag, a branch, a commit; without one the default branch) into the empty directory
 * `root`, with the history beside it in `root/.git`. Gives the commit. Throws PACK_SOURCE and PACK_REFUSED. */
export async function fetchGit(
  url: string,
  version: string | undefined,
  root: string,
  call: GitCall = {},
): Promise<string> {
  const git = (args: readonly string[], most?: number): Promise<ProgramEnd> =>
    runProgram("git", args, {
      environment: gitEnvironment(call),
      seconds: 600,
      signal: call.signal,
      ...(most === undefined ? {} : { most }),
    });
  const cloned = await git([
    "clone",
    "--quiet",
    "--no-checkout",
    "--no-recurse-submodules",
    "--template=",
    "--",
    url,
    root,
  ]);
  if (cloned.code !== 0)
    throw new AppError("PACK_SOURCE", [
      `${withoutPassword(url)} cannot be fetched: ${gitWords(cloned)}`,
    ]);
  // Attributes of the repository would leave files out, or run programs over them.
  mkdirSync(join(root, ".git", "info"), { recursive: true });
  writeFileSync(
    join(root, ".git", "info", "attributes"),
    "* -export-ignore -export-subst -filter -ident -text\n",
  );
  const inside = (args: readonly string[], most?: number): Promise<ProgramEnd> =>
    git(["-C", root, ...args], most);
  const commit = await findCommit(version, inside);
  if (commit === undefined)
    throw new AppError("PACK_SOURCE", [
      version === undefined
        ? `${withoutPassword(url)} has no commits`
        : `${withoutPassword(url)} has no version, tag, branch or commit "${version}"`,
    ]);
  const archive = await inside(
    ["archive", "--format=tar", commit],
    packBounds.bytes + packBounds.files * 1_024,
  );
  if (archive.code !== 0)
    throw refuse(`the files of ${withoutPassword(url)} cannot be read: ${gitWords(archive)}`);
  unpackBytes(archive.stdout, root);
  await inside(["update-ref", "--no-deref", "HEAD", commit]);
  await inside(["read-tree", "HEAD"]);
  return commit;
}

async function findCommit(
  version: string | undefined,
  git: (args: readonly string[]) => Promise<ProgramEnd>,
): Promise<string | undefined> {
  const places =
    version === undefined
      ? [
          "refs/remotes/origin/HEAD",
          "HEAD",
          "refs/remotes/origin/master",
          "refs/remotes/origin/main",
        ]
      : [
          `refs/tags/v${version}`,
          `refs/tags/${version}`,
          `refs/remotes/origin/${version}`,
          ...(/^[0-9a-f]{7,40}$/i.test(version) ? [version] : []),
        ];
  for (const place of places) {
    const found = await git([
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${place}^{commit}`,
    ]);
    const commit = found.stdout.toString().trim().split("\n").at(-1) ?? "";
    if (found.code === 0 && /^[0-9a-f]{40,64}$/.test(commit)) return commit;
  }
  return undefined;
}

/** The last lines of what git said, without passwords. */
export function gitWords({ words }: ProgramEnd): string {
  const lines = words.split("\n").filter((line) => line.trim() !== "");
  return withoutPassword(lines.slice(-3).join(" ")) || "git gave no reason";
}

/** Addresses end up in results and logs. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]*@/g, "//");
}
