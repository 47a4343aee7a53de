/** Runs an action as it stood in another revision of its pack: the parameter `content_version` of Python actions and local scripts. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import { promisify } from "node:util";
import type { RunCall } from "./runner.ts";

export const contentVersion = {
  type: "string",
  description:
    "Revision of the pack (commit, tag or branch) whose files are run; only for packs that are git repositories",
  required: false,
} as const;

const run = promisify(execFile);
const seconds = 60;

/** Carries out `work` with the call, or, where it names a revision, with the call of that revision's files, which are removed afterwards.
 * Throws when the pack is no repository, has no such revision, or the revision has no such file. */
export async function atVersion<T>(call: RunCall, work: (call: RunCall) => Promise<T>): Promise<T> {
  const wanted = call.parameters["content_version"];
  if (typeof wanted !== "string" || wanted === "") return await work(call);
  const { pack, packPath, entryPath } = call.action;
  const git = async (...args: readonly string[]): Promise<string> => {
    // Nothing that a repository brings along is run.
    const words = ["-c", "core.hooksPath=/dev/null", "-C", packPath, ...args];
    const { stdout } = await run("git", words, { timeout: seconds * 1_000, signal: call.signal });
    return stdout.trim();
  };
  const refuse = (why: string, cause: unknown): Error =>
    new Error(`Failed to create git worktree for pack "${pack}": ${why}`, { cause });
  const inside = await git("rev-parse", "--show-prefix").catch((error: unknown) => {
    throw refuse(
      `Pack directory "${packPath}" is not a git repository. To utilize this functionality, pack directory needs to be a git repository.`,
      error,
    );
  });
  const commit = await commitOf(wanted, git);
  if (commit === undefined)
    throw refuse(
      `Invalid content_version "${wanted}" provided. Make sure that git repository is up to date and contains that revision.`,
      undefined,
    );
  const folder = await mkdtemp(join(tmpdir(), "raicho-worktree-"));
  const tree = join(folder, pack);
  try {
    await git("worktree", "prune");
    await git("worktree", "add", "--quiet", "--detach", tree, commit).catch((error: unknown) => {
      throw refuse(error instanceof Error ? error.message : String(error), error);
    });
    return await work(inTree(call, { from: packPath, to: join(tree, inside), entryPath }));
  } finally {
    await rm(folder, { recursive: true, force: true });
    // What is left of the tree in the repository; the next one tries again.
    await run("git", ["-C", packPath, "worktree", "prune"]).catch(() => undefined);
  }
}

/** As a client says it: a commit, a tag with or without its `v`, a branch here or where the pack came from. */
async function commitOf(
  wanted: string,
  git: (...args: readonly string[]) => Promise<string>,
): Promise<string | undefined> {
  for (const name of [wanted, `refs/tags/v${wanted}`, `refs/remotes/origin/${wanted}`]) {
    const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
    const found = await git(...words).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inTree(
  call: RunCall,
  {
    from,
    to,
    entryPath,
  }: { readonly from: string; readonly to: string; readonly entryPath: string },
): RunCall {
  const below = relative(from, entryPath);
  const moved = below.startsWith("..") || isAbsolute(below) ? entryPath : join(to, below);
  return { ...call, action: { ...call.action, packPath: to, entryPath: moved } };
}
