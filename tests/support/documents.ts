/** A repository of documents: real git, bare, with commits made as people make them. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Documents {
  /** For `url` of the pack runbook. */
  readonly url: string;
  /** Commits on a branch (`main` = merged) and pushes; gives the commit. */
  commit(files: Readonly<Record<string, string>>, options?: CommitOptions): string;
  /** Merges a branch into `main`, as a review does. */
  merge(branch: string): string;
  git(...args: readonly string[]): string;
  stop(): void;
}

export interface CommitOptions {
  readonly branch?: string;
  readonly author?: string;
  readonly message?: string;
}

/** With the shipped examples as its first commit. */
export function startDocuments(): Documents {
  const folder = mkdtempSync(join(tmpdir(), "raicho-git-"));
  const [bare, work] = [join(folder, "documents.git"), join(folder, "work")];
  const identity = ["-c", "user.name=yamada", "-c", "user.email=yamada@example.jp"];
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-C", work, ...identity, ...args], { stdio: ["ignore", "pipe", "pipe"] })
      .toString()
      .trim();
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", bare]);
  execFileSync("git", ["clone", "-q", bare, work], { stdio: "ignore" });
  git("checkout", "-q", "-B", "main");
  let started = false;
  const commit: Documents["commit"] = (files, options = {}) => {
    const { branch = "main", author = "yamada <yamada@example.jp>", message = "Write" } = options;
    if (started) git("checkout", "-q", "main");
    started = true;
    if (branch !== "main") git("checkout", "-q", "-B", branch);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    git("add", "-A");
    git("commit", "-q", "--allow-empty", "-m", message, "--author", author);
    git("push", "-q", "-f", "origin", branch);
    return git("rev-parse", "HEAD");
  };
  cpSync("packs/runbook/examples", work, { recursive: true });
  commit({}, { message: "Begin" });
  return {
    url: `file://${bare}`,
    commit,
    merge: (branch) => {
      git("checkout", "-q", "main");
      git("fetch", "-q", "origin", branch);
      git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, "FETCH_HEAD");
      git("push", "-q", "origin", "main");
      return git("rev-parse", "HEAD");
    },
    git,
    stop: () => rmSync(folder, { recursive: true, force: true }),
  };
}
