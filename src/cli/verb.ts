/** A verb that asks a server: its options, its client and its printer in one place. */
import type { Command } from "commander";
import { Client } from "./client.ts";
import type { Cli } from "./cli.ts";
import { completes, type Named } from "./complete-names.ts";
import { printer, type Options, type Printer } from "./output.ts";
import { readSettings } from "./settings.ts";

export interface Asked {
  /** Operands as they were typed. */
  readonly args: readonly string[];
  /** Its own options and the global ones. */
  readonly options: Options;
  readonly client: Client;
  readonly print: Printer;
  readonly cli: Cli;
}

export interface VerbShape {
  /** `get <ref>`: name and operands, as commander writes them. */
  readonly usage: string;
  readonly summary: string;
  readonly aliases?: readonly string[];
  /** Command lines, without `raicho`. */
  readonly examples?: readonly string[];
  /** [flags, description, default] */
  readonly options?: readonly (readonly [flags: string, description: string, value?: string])[];
  /** Adds `-a` and `-w`, for what prints rows or attributes. */
  readonly shows?: boolean;
  /** What the operands are names of, for the tab key. */
  readonly names?: Named;
  readonly run: (asked: Asked) => Promise<void>;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** The client and the printer of a command. */
export function asking(command: Command, cli: Cli): Asked {
  const options: Options = command.optsWithGlobals();
  const client = new Client(cli, readSettings(cli, options));
  return { args: command.args, options, client, print: printer(cli, options), cli };
}

function complete(command: Command, cli: Cli, shape: VerbShape): void {
  const { examples = [], options = [], shows = false } = shape;
  command.description(shape.summary);
  for (const [flags, description, value] of options) command.option(flags, description, value);
  if (shows) {
    command
      .option(
        "-a, --attr <names>",
        "attributes to show, separated by commas; all = everything",
        collect,
      )
      .option("-w, --width <columns>", "most columns of a cell");
  }
  if (examples.length > 0)
    command.addHelpText(
      "after",
      `\nExamples:\n${examples.map((example) => `  raicho ${example}`).join("\n")}`,
    );
  if (shape.names !== undefined) completes(command, shape.names);
  command.action(async () => shape.run(asking(command, cli)));
}

/** Adds a verb below a command. */
export function addVerb(parent: Command, cli: Cli, shape: VerbShape): Command {
  const command = parent.command(shape.usage);
  if (shape.aliases !== undefined) command.aliases(shape.aliases);
  complete(command, cli, shape);
  return command;
}

/** Makes a command without sub-commands do that. `usage` holds its operands only. */
export function asVerb(command: Command, cli: Cli, shape: VerbShape): void {
  if (shape.usage !== "") command.arguments(shape.usage);
  complete(command, cli, shape);
}
