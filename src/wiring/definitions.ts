/** One process's definitions: files, what was written through the API over them, compiled; taken up again when either changes. */
import type { Config } from "../config.ts";
import { addStored, storedName } from "../content/stored.ts";
import type { Core } from "../engine/core.ts";
import { forgetEdits, type Resources, resources } from "../engine/resources.ts";
import { AppError } from "../model/errors.ts";
import type { Content, StoredDefinition } from "../model/definitions.ts";
import type { Database } from "../store/database.ts";
import { listResources, noteResources, resourceVersion } from "../store/resources.ts";
import { knownRunners } from "./content.ts";
import { compileAll, linesOf, loadFiles, type Loaded } from "./load.ts";
import { say } from "./log.ts";

export class LiveDefinitions {
  readonly #config: Config;
  readonly #database: Database;
  #files: Content;
  #fileProblems: readonly string[];
  #loaded: Loaded;
  /** What is stored is known up to here. */
  #version = 0;
  readonly #listeners: (() => void)[] = [];
  /** One after the other: what was read later must not be replaced by what was read before. */
  #work: Promise<unknown> = Promise.resolve();

  private constructor(config: Config, database: Database, files: Awaited<FilesRead>) {
    this.#config = config;
    this.#database = database;
    this.#files = files.content;
    this.#fileProblems = files.problems;
    this.#loaded = compileAll(files);
  }

  static async open(config: Config, database: Database): Promise<LiveDefinitions> {
    const live = new LiveDefinitions(config, database, await loadFiles(config));
    await live.refresh();
    for (const problem of live.#loaded.problems) say("warn", "content", { problem });
    return live;
  }

  get loaded(): Loaded {
    return this.#loaded;
  }

  /** Reads all files again. `forget`: what was written over them counts no more. `onTypes` takes up the inventory's types before anybody is told. */
  async reload(
    { forget }: { readonly forget: boolean },
    onTypes: (loaded: Pick<Loaded, "types" | "sources">) => Promise<unknown>,
  ): Promise<Pick<Loaded, "problems">> {
    const loaded = await this.#afterAll(() => this.#readFiles(forget));
    await onTypes(loaded);
    this.#tell();
    return { problems: loaded.problems };
  }

  async #readFiles(forget: boolean): Promise<Loaded> {
    const { content, problems } = await loadFiles(this.#config);
    this.#files = content;
    this.#fileProblems = problems;
    if (forget) await forgetEdits({ database: this.#database }, content);
    await this.#merge();
    for (const problem of this.#loaded.problems) say("warn", "content", { problem });
    return this.#loaded;
  }

  /** Takes up what was written through the API. */
  refresh(): Promise<void> {
    return this.#afterAll(() => this.#merge());
  }

  /** Called after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Takes up what is newer, and notes for everybody what this process knows. */
  async catchUp(process: string): Promise<void> {
    const behind = (await resourceVersion(this.#database.db)) > this.#version;
    if (behind) await this.refresh();
    await noteResources(this.#database.db, process, this.#version);
    if (behind) this.#tell();
  }

  /** What the API writes. */
  resources(core: Core): Resources {
    return resources(core, {
      files: () => this.#files,
      refresh: () => this.catchUp(core.process),
      check: (definition) => this.#check(definition),
    });
  }

  /** Throws PARAMETERS_INVALID with the reason unless that definition can be read beside all others. */
  async #check(definition: StoredDefinition): Promise<void> {
    const { content } = this.#loaded.compiled;
    const { problems } = await addStored(content, [definition], { runners: knownRunners() });
    const file = storedName(definition);
    const fault = problems.find(
      (problem) =>
        problem.file === file && problem.severity === "error" && problem.reference !== true,
    );
    if (fault !== undefined) throw new AppError("PARAMETERS_INVALID", [fault.message]);
  }

  async #merge(): Promise<void> {
    const { version, resources: stored } = await listResources(this.#database.db);
    const { content, problems } = await addStored(this.#files, stored, {
      runners: knownRunners(),
    });
    this.#loaded = compileAll({ content, problems: [...this.#fileProblems, ...linesOf(problems)] });
    this.#version = version;
  }

  #afterAll<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#work.then(work, work);
    this.#work = done.catch(() => undefined);
    return done;
  }
}

type FilesRead = ReturnType<typeof loadFiles>;
