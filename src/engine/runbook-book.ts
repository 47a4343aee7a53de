/** The documents as they are merged now, and as they were. One book per process.
 *
 * 1. Only the head of the branch counts; what is proposed on other branches is never attached.
 * 2. While the repository is away, the last version that anybody here read is used. */
import { readRunbooks, type Runbooks } from "../content/runbooks.ts";
import {
  type GitChange,
  GitDocuments,
  type Proposal,
  type WantedChanges,
} from "../installer/git-documents.ts";
import { AppError } from "../model/errors.ts";
import type { Core } from "./core.ts";
import { packConfig } from "./pack-config.ts";
import { type RunbookSettings, runbookSettings } from "./runbook-settings.ts";

export interface Edition {
  readonly commit: string;
  readonly runbooks: Runbooks;
  /** Text of every file, by path. */
  readonly files: ReadonlyMap<string, string>;
}

const mostKept = 4;
/** How long the head is taken as known by those who only read. */
const freshMs = 2_000;

/** How the head is found out: `required` asks the repository and throws when it does not answer; `now` asks, and takes the last head that is known while it is
 * away; `recent` trusts what was asked two seconds ago. What is written into tickets takes `now`: a document counts from the moment it is merged. */
export type Asking = "required" | "now" | "recent";

interface Looking {
  readonly asking?: Asking;
  readonly signal?: AbortSignal | undefined;
}

export class RunbookBook {
  readonly #core: () => Core;
  readonly #directory: string;
  readonly #editions = new Map<string, Promise<Edition>>();
  #git: { readonly key: string; readonly documents: GitDocuments } | undefined;
  #head: { readonly key: string; readonly commit: string; readonly at: number } | undefined;

  constructor(core: () => Core, directory: string) {
    this.#core = core;
    this.#directory = directory;
  }

  async settings(): Promise<RunbookSettings> {
    const core = this.#core();
    return runbookSettings(await packConfig(core, core.definitions().content.packs.get("runbook")));
  }

  /** The commit that counts now. Throws DOCUMENTS_UNREACHABLE when none was ever read here. */
  async head({ asking = "recent", signal }: Looking = {}): Promise<string> {
    const { key, documents } = await this.#documents();
    const known = this.#head?.key === key ? this.#head : undefined;
    if (asking === "recent" && known !== undefined && performance.now() - known.at < freshMs)
      return known.commit;
    try {
      const commit = await documents.head(signal);
      this.#head = { key, commit, at: performance.now() };
      return commit;
    } catch (error) {
      if (asking === "required" || known === undefined) throw error;
      this.#core().log("warn", "the documents cannot be read anew; the last version is used", {
        reason: error instanceof Error ? error.message : String(error),
        commit: known.commit,
      });
      return known.commit;
    }
  }

  /** The documents of that commit (or of the beginning of its name), or of the head. */
  async edition(version?: string, looking: Looking = {}): Promise<Edition> {
    const commit =
      version === undefined ? await this.head(looking) : await this.#commit(version, looking);
    const { index, commands } = await this.settings();
    const key = `${commit} ${index} ${commands.length}`;
    let edition = this.#editions.get(key);
    if (edition === undefined) {
      edition = this.#read(commit, { index, commands });
      edition.catch(() => this.#editions.delete(key));
      this.#editions.set(key, edition);
      const [oldest] = this.#editions.keys();
      if (this.#editions.size > mostKept && oldest !== undefined) this.#editions.delete(oldest);
    }
    return edition;
  }

  /** Changes up to that commit, newest first. */
  async changes(
    commit: string,
    wanted: WantedChanges,
    signal?: AbortSignal,
  ): Promise<readonly GitChange[]> {
    return (await this.#documents()).documents.changes(commit, wanted, signal);
  }

  /** Whether the objects of that commit are here. */
  async has(commit: string): Promise<boolean> {
    return (await this.#documents()).documents.has(commit);
  }

  async propose(proposal: Proposal, signal?: AbortSignal): Promise<string> {
    return (await this.#documents()).documents.propose(proposal, signal);
  }

  async #commit(version: string, looking: Looking): Promise<string> {
    const { documents } = await this.#documents();
    await this.head(looking);
    const commit = await documents.resolve(version, looking.signal);
    if (commit === undefined)
      throw new AppError("DOCUMENTS_UNKNOWN", [`There is no version ${version} of the documents.`]);
    return commit;
  }

  async #read(
    commit: string,
    options: { readonly index: string; readonly commands: readonly string[] },
  ): Promise<Edition> {
    const files = await (await this.#documents()).documents.files(commit);
    const tree = {
      paths: [...files.keys()],
      read: (path: string) => Promise.resolve(files.get(path)),
    };
    return { commit, files, runbooks: await readRunbooks(tree, options) };
  }

  async #documents(): Promise<{ readonly key: string; readonly documents: GitDocuments }> {
    const { url, branch } = await this.settings();
    if (url === undefined)
      throw new AppError("DOCUMENTS_NOT_SET", ["set url in <configs>/runbook.yaml"]);
    const key = `${url} ${branch ?? ""}`;
    if (this.#git?.key !== key)
      this.#git = { key, documents: new GitDocuments({ url, branch, directory: this.#directory }) };
    return this.#git;
  }
}
