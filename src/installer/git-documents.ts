/** Documents in a repository of git. Nothing is checked out: files are read from commits, and a change becomes a commit on a branch of its own.
 *
 * 1. What counts is the head of the configured branch; older commits stay readable.
 * 2. Objects are fetched without moving references, so that many processes share one directory. */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../model/errors.ts";
import { gitEnvironment, gitWords, withoutPassword } from "./fetch-git.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";
import { readTar } from "./tar.ts";

export interface GitSource {
  readonly url: string;
  /** Undefined: what the repository calls its own. */
  readonly branch: string | undefined;
  /** Directory in which copies are kept. */
  readonly directory: string;
}

export interface GitChange {
  readonly commit: string;
  readonly author: string;
  readonly email: string;
  /** ISO 8601. */
  readonly at: string;
  readonly subject: string;
  readonly files: readonly string[];
}

export interface WantedChanges {
  /** Those since that commit. */
  readonly after?: string | undefined;
  /** Those of one file. */
  readonly path?: string | undefined;
  readonly most?: number;
  /** The changes that people wrote, instead of the merges that brought them. */
  readonly authors?: boolean;
}

/** A change that is to be proposed. */
export interface Proposal {
  /** Commit that it is based on. */
  readonly base: string;
  /** Name of the new branch. */
  readonly branch: string;
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
}

const commitPattern = /^[0-9a-f]{40,64}$/;
const mostBytes = 64_000_000;

export class GitDocuments {
  readonly #source: GitSource;
  readonly #directory: string;

  constructor(source: GitSource) {
    this.#source = source;
    const name = createHash("sha256").update(source.url).digest("hex").slice(0, 16);
    this.#directory = join(source.directory, `${name}.git`);
  }

  /** The commit at the head of the branch, asked of the repository itself, with its objects here. Throws DOCUMENTS_UNREACHABLE. */
  async head(signal?: AbortSignal): Promise<string> {
    const { url, branch } = this.#source;
    const wanted = branch === undefined ? "HEAD" : `refs/heads/${branch}`;
    const listed = await this.#git(["ls-remote", "--", url, wanted], signal);
    const line = listed.stdout
      .toString()
      .split("\n")
      .find((one) => one.endsWith(`\t${wanted}`));
    const commit = line?.split("\t")[0] ?? "";
    if (listed.code !== 0)
      throw unreachable(`${withoutPassword(url)} does not answer: ${gitWords(listed)}`);
    if (!commitPattern.test(commit))
      throw unreachable(`${withoutPassword(url)} has no branch "${branch ?? "HEAD"}"`);
    if (!(await this.has(commit, signal))) {
      const fetched = await this.#inside(
        ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", url, wanted],
        signal,
      );
      if (fetched.code !== 0)
        throw unreachable(`${withoutPassword(url)} cannot be fetched: ${gitWords(fetched)}`);
    }
    return commit;
  }

  /** Whether that commit is here. */
  async has(commit: string, signal?: AbortSignal): Promise<boolean> {
    if (!commitPattern.test(commit)) return false;
    return (await this.#inside(["cat-file", "-e", `${commit}^{commit}`], signal)).code === 0;
  }

  /** The commit that those digits begin, when it belongs to the documents' history. */
  async resolve(version: string, signal?: AbortSignal): Promise<string | undefined> {
    if (!/^[0-9a-f]{7,64}$/.test(version)) return undefined;
    const found = await this.#inside(
      ["rev-parse", "--verify", "--quiet", "--end-of-options", `${version}^{commit}`],
      signal,
    );
    const commit = found.stdout.toString().trim();
    return found.code === 0 && commitPattern.test(commit) ? commit : undefined;
  }

  /** Text of all files of a commit. Throws DOCUMENTS_UNREACHABLE. */
  async files(commit: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const archive = await this.#inside(["archive", "--format=tar", commit], signal, mostBytes);
    if (archive.code !== 0) throw unreachable(`${commit}: ${gitWords(archive)}`);
    const files = new Map<string, string>();
    readTar(archive.stdout, (entry) => {
      if (entry.kind === "file") files.set(entry.path, Buffer.from(entry.read()).toString("utf8"));
    });
    return files;
  }

  /** Changes that led to a commit, newest first; those since `after`, or of one file. */
  async changes(
    commit: string,
    { after, path, most = 1_000, authors = false }: WantedChanges,
    signal?: AbortSignal,
  ): Promise<readonly GitChange[]> {
    const range = after === undefined ? commit : `${after}..${commit}`;
    const found = await this.#inside(
      [
        "-c",
        "core.quotePath=false",
        "log",
        `--max-count=${most}`,
        "--name-only",
        "--no-renames",
        ...(authors ? ["--no-merges"] : ["-m", "--first-parent"]),
        "--format=%x01%H%x00%an%x00%ae%x00%aI%x00%s",
        range,
        ...(path === undefined ? [] : ["--", path]),
      ],
      signal,
      mostBytes,
    );
    if (found.code !== 0) throw unreachable(gitWords(found));
    return found.stdout
      .toString()
      .split("\u0001")
      .slice(1)
      .map((part) => {
        const [head = "", ...names] = part.split("\n");
        const [hash = "", author = "", email = "", at = "", subject = ""] = head.split("\0");
        const files = names.filter((name) => name !== "");
        return { commit: hash, author, email, at, subject, files };
      });
  }

  /** Commits the files on a branch of their own and pushes it. Throws DOCUMENTS_UNREACHABLE. */
  async propose(proposal: Proposal, signal?: AbortSignal): Promise<string> {
    const { url } = this.#source;
    const work = join(this.#source.directory, `work-${randomUUID()}`);
    mkdirSync(work, { recursive: true });
    try {
      const commit = await this.#write(proposal, work, signal);
      const reference = `${commit}:refs/heads/${proposal.branch}`;
      const pushed = await this.#inside(["push", "--quiet", "--", url, reference], signal);
      if (pushed.code !== 0)
        throw unreachable(`${withoutPassword(url)} takes no branch: ${gitWords(pushed)}`);
      return commit;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  async #write(
    { base, files, message, author }: Proposal,
    work: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const environment = {
      GIT_INDEX_FILE: join(work, "index"),
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: "raicho",
      GIT_COMMITTER_EMAIL: "raicho@localhost",
    };
    const step = async (args: readonly string[]): Promise<string> => {
      const end = await this.#inside(args, signal, undefined, environment);
      if (end.code !== 0) throw unreachable(gitWords(end));
      return end.stdout.toString().trim();
    };
    await step(["read-tree", base]);
    let number = 0;
    for (const [path, text] of files) {
      const file = join(work, String(number++));
      writeFileSync(file, text);
      const blob = await step(["hash-object", "-w", "--no-filters", "--", file]);
      await step(["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`]);
    }
    const tree = await step(["write-tree"]);
    writeFileSync(join(work, "message"), message);
    return step(["commit-tree", tree, "-p", base, "-F", join(work, "message")]);
  }

  async #inside(
    args: readonly string[],
    signal?: AbortSignal,
    most?: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ProgramEnd> {
    if (!existsSync(join(this.#directory, "HEAD"))) {
      mkdirSync(this.#source.directory, { recursive: true });
      const made = await this.#git(
        ["init", "--quiet", "--bare", "--template=", this.#directory],
        signal,
      );
      if (made.code !== 0) throw unreachable(gitWords(made));
      // Attributes of the repository would leave files out of archives, or change them.
      mkdirSync(join(this.#directory, "info"), { recursive: true });
      writeFileSync(
        join(this.#directory, "info", "attributes"),
        "* -export-ignore -export-subst -filter -ident -text\n",
      );
    }
    const place = ["--git-dir", this.#directory, "-c", "gc.auto=0", "-c", "maintenance.auto=false"];
    return this.#git([...place, ...args], signal, most, environment);
  }

  #git(
    args: readonly string[],
    signal?: AbortSignal,
    most?: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ProgramEnd> {
    return runProgram("git", args, {
      environment: gitEnvironment({ environment }),
      seconds: 120,
      signal,
      ...(most === undefined ? {} : { most }),
    });
  }
}

function unreachable(reason: string): AppError {
  return new AppError("DOCUMENTS_UNREACHABLE", [reason]);
}
