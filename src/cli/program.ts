/** The command line: finds the command, loads its file, runs it, and says how it ended. */
import { Command, CommanderError, Option } from "commander";
import { CliError, exitCodes, type Cli, type Terminal } from "./cli.ts";
import { commandEntries, type CommandEntry } from "./commands.ts";

/** All but what a command sets itself. */
export type CommandLine = Omit<Cli, "end">;

const examples = `
Examples:
  raicho start                          everything one machine needs, on port 9101
  raicho login admin                    sign in
  raicho run core.local cmd=date        run an action and wait for it
  raicho execution list --status failed what went wrong
  raicho lint packs/mine                what is wrong with a pack, and where
  raicho COMMAND --help                 arguments, options and examples of a command

docs/cli.md has the whole list, the exit codes and the configuration.`;

function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option("-o, --output <format>", "how results are written").choices([
        "table",
        "json",
        "yaml",
        "jsonl",
      ]),
    )
    .option("-j, --json", "results as JSON, the same as -o json")
    .option("-y, --yaml", "results as YAML, the same as -o yaml")
    .optionsGroup("Server:")
    .option(
      "--url <address>",
      "where the server is (RAICHO_URL), such as https://raicho.example.com",
    )
    .option("--api-url <address>", "StackStorm's API alone (ST2_API_URL)")
    .option("--auth-url <address>", "its token service (ST2_AUTH_URL)")
    .option("--stream-url <address>", "its streams (ST2_STREAM_URL)")
    .option("--api-version <version>", "version in the addresses (default: v1)")
    .option("--cacert <file>", "certificates to trust (RAICHO_CACERT, ST2_CACERT)")
    .option("--insecure", "trust every certificate")
    .option("-t, --token <token>", "token (RAICHO_TOKEN, ST2_AUTH_TOKEN)")
    .option("--api-key <key>", "API key (RAICHO_API_KEY, ST2_API_KEY)")
    .option("--basic-auth <user:password>", "for a proxy in front of the server")
    .option("--config-file <file>", "instead of ~/.config/raicho/config and ~/.st2/config")
    .option("--skip-config", "read no configuration file")
    .option("--debug", "print requests as curl commands, without secrets");
}

async function setUp(command: Command, entry: CommandEntry | undefined, cli: Cli): Promise<void> {
  if (entry === undefined || done.has(command)) return;
  done.add(command);
  (await entry.load())(command, cli);
}

const done = new WeakSet<Command>();

/** The program with every command's name; a command's own parts are added when it is called. `setUpAll` adds them all. */
export function makeProgram(cli: Cli): { program: Command; setUpAll: () => Promise<void> } {
  const program = new Command("raicho");
  program
    .description("Event → rule → workflow → action, with the inventory inside.")
    .exitOverride()
    .showHelpAfterError("(raicho help lists the commands; COMMAND --help its arguments)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => cli.terminal.write(text),
      writeErr: (text) => cli.terminal.note(text),
      getOutHasColors: () => cli.terminal.colours,
      getErrHasColors: () => cli.terminal.colours,
      getOutHelpWidth: () => cli.terminal.columns ?? 100,
      getErrHelpWidth: () => cli.terminal.columns ?? 100,
      outputError: (text, write) => write(text.replace(/^error: /, "raicho: ")),
    })
    // Not --version as well: that would be taken away from commands that have it, such as pack install.
    .version(
      cli.host.version,
      "-V",
      "tell the version, as --version does where no command is named",
    )
    .helpCommand(false)
    .addHelpText("after", examples);
  addGlobalOptions(program);
  const entries = new Map<Command, CommandEntry>();
  for (const entry of commandEntries) {
    const command = program.command(entry.name).summary(entry.summary).helpGroup(entry.group);
    command.description(`${entry.summary[0]?.toUpperCase() ?? ""}${entry.summary.slice(1)}.`);
    if (entry.aliases !== undefined) command.aliases(entry.aliases);
    entries.set(command, entry);
  }
  program.hook("preSubcommand", async (_program, command) =>
    setUp(command, entries.get(command), cli),
  );
  program
    .command("help [command...]")
    .summary("explain a command")
    .helpGroup("Server")
    .action(async (path: readonly string[]) => {
      await explain(program, path, (command) => setUp(command, entries.get(command), cli));
    });
  program
    .command("complete [words...]", { hidden: true })
    .summary("tell a shell what may follow")
    .action(async (words: readonly string[]) => {
      const { completionLines } = await import("./completion.ts");
      const load = (command: Command): Promise<void> => setUp(command, entries.get(command), cli);
      cli.terminal.write(await completionLines(program, load, { words, cli }));
    });
  const setUpAll = async (): Promise<void> => {
    for (const [command, entry] of entries) await setUp(command, entry, cli);
  };
  return { program, setUpAll };
}

async function explain(
  program: Command,
  path: readonly string[],
  load: (command: Command) => Promise<void>,
): Promise<void> {
  let command = program;
  for (const name of path) {
    const next = command.commands.find(
      (each) => each.name() === name || each.aliases().includes(name),
    );
    if (next === undefined)
      throw new CliError(
        exitCodes.usage,
        `there is no command "${path.join(" ")}"; see raicho help`,
      );
    await load(next);
    command = next;
  }
  command.outputHelp();
}

function endOf(error: unknown, terminal: Terminal): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (error instanceof CliError) {
    terminal.note(`raicho: ${error.message}\n`);
    return error.exitCode;
  }
  const told = error instanceof Error && error.name === "ConfigError";
  const text =
    error instanceof Error
      ? told
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  terminal.note(`raicho: ${text}\n`);
  return exitCodes.failed;
}

/** Runs one command line (without the program's name). Returns the exit code. */
export async function runCommandLine(argv: readonly string[], line: CommandLine): Promise<number> {
  let code: number = exitCodes.ok;
  const { program } = makeProgram({ ...line, end: (given) => (code = given) });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv[0] === "--version" ? ["-V"] : argv, { from: "user" });
    return code;
  } catch (error) {
    return endOf(error, line.terminal);
  }
}
