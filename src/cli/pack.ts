/** `raicho pack …`: packs on this machine, whether a server runs or not. */
import type { Command } from "commander";
import { describePack } from "../content/describe-pack.ts";
import { loadContent } from "../content/load.ts";
import { installPacks, removePacks, setUpVirtualenvs } from "../installer/install.ts";
import { readIndexes, searchIndex } from "../installer/pack-index.ts";
import type { PackDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import { tellServer } from "./tell-server.ts";
import { setUpPackCheck } from "./pack-check.ts";
import { setUpPackConfig } from "./pack-config.ts";
import { setUpPackTest } from "./pack-test.ts";
import { rows } from "./pack-table.ts";

const examples = `
Packs are installed into RAICHO_HOME; a server that runs on it takes them up at once.

Examples:
  raicho pack install jira                                  by its name in an index
  raicho pack install https://git.example.com/dns.git --version 1.4.0
  raicho pack install ./mine pack.tar.gz --wheels /srv/wheels
  raicho pack config jira url=https://jira.example.com
  raicho pack check /srv/packs                              what would be registered, and what not`;

export const setUpPack: CommandSetup = (command, cli) => {
  command.addHelpText("after", examples);
  setUpInstall(command, cli);
  setUpRemove(command, cli);
  setUpVirtualenv(command, cli);
  setUpList(command, cli);
  setUpIndex(command, cli);
  setUpPackConfig(command, cli);
  setUpPackCheck(command, cli);
  setUpPackTest(command, cli);
};

/** What the installer refuses is told in one sentence. */
async function told<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError) throw new CliError(exitCodes.failed, error.message);
    throw error;
  }
}

interface InstallFlags {
  readonly version?: string;
  readonly force?: boolean;
  readonly skipDependencies?: boolean;
  readonly wheels?: string;
}

function setUpInstall(command: Command, cli: Cli): void {
  command
    .command("install")
    .description("install or update packs, with what they depend on and need; all, or none")
    .argument("<packs...>", "names in an index, addresses of git, directories, archives")
    .option("--version <version>", "a version, tag, branch or commit; also NAME=VERSION")
    .option("--force", "also what says that it needs another version of StackStorm")
    .option("--skip-dependencies", "not what they depend on")
    .option("--wheels <directory>", "take Python libraries from there, and from nowhere else")
    .action(async (packs: readonly string[], flags: InstallFlags) => {
      if (flags.version !== undefined && packs.length > 1)
        throw new CliError(
          exitCodes.usage,
          "--version is for one pack; write NAME=VERSION for several",
        );
      const places = await cli.host.packPlaces();
      const done = await told(
        installPacks(packs, places, { ...flags, base: cli.workingDirectory, signal: cli.signal() }),
      );
      await tellServer(cli);
      for (const warning of done.warnings) cli.terminal.note(`warning: ${warning}\n`);
      write(
        command,
        cli,
        done.packs.map(({ ref, version, former, path }) => ({
          ref,
          version,
          former: former ?? "",
          path,
        })),
      );
    });
}

function setUpRemove(command: Command, cli: Cli): void {
  command
    .command("remove")
    .aliases(["uninstall"])
    .description("remove installed packs and their virtual environments; configurations stay")
    .argument("<packs...>", "refs")
    .action(async (refs: readonly string[]) => {
      await told(removePacks(refs, await cli.host.packPlaces(), { signal: cli.signal() }));
      await tellServer(cli);
      cli.terminal.write(`removed ${refs.join(", ")}\n`);
    });
  command
    .command("register")
    .description("let the server take up all content, as raicho reload does")
    .action(async () => {
      if (await tellServer(cli)) return;
      throw new CliError(
        exitCodes.failed,
        `no raicho runs with ${await cli.host.home()}; set RAICHO_HOME`,
      );
    });
}

function setUpVirtualenv(command: Command, cli: Cli): void {
  command
    .command("setup-virtualenv")
    .description("build the virtual environment of packs anew and take it into use")
    .argument("<packs...>", "refs of packs, wherever they lie")
    .option("--wheels <directory>", "take Python libraries from there, and from nowhere else")
    .action(async (refs: readonly string[], flags: { readonly wheels?: string }) => {
      const loaded = await loadedPacks(cli);
      const packs = refs.map((ref) => loaded.get(ref) ?? missing(ref, loaded));
      const places = await cli.host.packPlaces();
      const warnings = await told(
        setUpVirtualenvs(packs, places, { ...flags, signal: cli.signal() }),
      );
      for (const warning of warnings) cli.terminal.note(`warning: ${warning}\n`);
      cli.terminal.write(`built for ${refs.join(", ")}\n`);
    });
}

function missing(ref: string, loaded: ReadonlyMap<string, unknown>): never {
  throw new CliError(
    exitCodes.notFound,
    `there is no pack "${ref}"; there are ${[...loaded.keys()].join(", ")}`,
  );
}

/** All packs that a server started here would load. */
async function loadedPacks(cli: Cli): Promise<ReadonlyMap<string, PackDefinition>> {
  const { directories } = await cli.host.lintParts();
  return (await loadContent({ directories })).content.packs;
}

function packView({ ref, name, description, version, author, path, bundled }: PackDefinition) {
  return { ref, name, version, author, description, bundled, path };
}

function setUpList(command: Command, cli: Cli): void {
  command
    .command("list")
    .description("list the packs a server started here loads")
    .action(async () => {
      const packs = [...(await loadedPacks(cli)).values()].toSorted((a, b) =>
        a.ref < b.ref ? -1 : 1,
      );
      const shown = packs.map(packView);
      write(
        command,
        cli,
        shown.map(({ ref, version, author, bundled, path }) => ({
          ref,
          version,
          author,
          from: bundled ? "raicho" : path,
        })),
        shown,
      );
    });
  command
    .command("get")
    .description("tell about one pack")
    .argument("<pack>", "ref")
    .action(async (ref: string) => {
      const loaded = await loadedPacks(cli);
      const pack = loaded.get(ref) ?? missing(ref, loaded);
      const described = await describePack(pack.path, ref);
      const { dependencies, keywords, email } = pack;
      const whole = {
        ...packView(pack),
        email,
        keywords,
        dependencies,
        ...(described.kind === "pack" ? described.manifest : {}),
      };
      write(
        command,
        cli,
        Object.entries(whole).map(([name, value]) => ({
          name,
          value: cell(value),
        })),
        whole,
      );
    });
}

function setUpIndex(command: Command, cli: Cli): void {
  const read = async (): Promise<Awaited<ReturnType<typeof readIndexes>>> => {
    const { indexes } = await cli.host.packPlaces();
    const index = await readIndexes(indexes, cli.signal());
    for (const { index: place, message, error } of index.status)
      if (error !== undefined) cli.terminal.note(`warning: ${place}: ${message}\n`);
    if (index.packs.size === 0)
      throw new CliError(
        exitCodes.unreachable,
        "no index of packs can be read; RAICHO_PACK_INDEX names them",
      );
    return index;
  };
  command
    .command("search")
    .description("find packs in the indexes of RAICHO_PACK_INDEX")
    .argument("<text>", "in the name, description, author or keywords")
    .action(async (text: string) => {
      const found = searchIndex(await read(), text);
      write(
        command,
        cli,
        found.map(({ name, version, description }) => ({
          name: cell(name),
          version: cell(version),
          description: cell(description),
        })),
        found,
      );
    });
  command
    .command("show")
    .description("tell what the indexes say about a pack")
    .argument("<name>")
    .action(async (name: string) => {
      const pack = (await read()).packs.get(name);
      if (pack === undefined)
        throw new CliError(exitCodes.notFound, `no index knows the pack "${name}"`);
      write(
        command,
        cli,
        Object.entries(pack).map(([key, value]) => ({
          name: key,
          value: cell(value),
        })),
        pack,
      );
    });
}

function cell(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** As a table, or with --json as data. */
function write(
  command: Command,
  { terminal }: Cli,
  table: readonly Readonly<Record<string, string>>[],
  data: unknown = table,
): void {
  const { json, output } = command.optsWithGlobals<{ json?: boolean; output?: string }>();
  if (json === true || output === "json") terminal.write(`${JSON.stringify(data, undefined, 2)}\n`);
  else terminal.write(rows(table));
}
