/** What a command is given, and how it ends. Every file of this room that has commands exports one `CommandSetup`; `commands.ts` lists them. */
import type { Command } from "commander";
import type { AlertMail } from "../alerts/alert.ts";
import type { ContentDirectories } from "../content/find-packs.ts";
import type { LoadOptions } from "../content/load.ts";
import type { InstallerPlaces } from "../installer/places.ts";
import type { ParameterSchemas } from "../model/definitions.ts";

/** How `raicho` ends; docs/cli.md tells users. */
export const exitCodes = {
  ok: 0,
  /** What was asked for was refused, or something is wrong with what was looked at. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** Nobody answers at that address, or not as a server should. */
  unreachable: 3,
  /** Not signed in, or not permitted. */
  denied: 4,
  notFound: 5,
  /** The execution that was waited for ended failed, timed out or abandoned. */
  executionFailed: 6,
  executionCanceled: 7,
  interrupted: 130,
} as const;
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An end that the user is told in one sentence. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a command reads and writes. */
export interface Terminal {
  /** Results: standard output. Text comes with its line ends. */
  write(text: string): void;
  /** Everything else: standard error. */
  note(text: string): void;
  /** Whether somebody looks at the results, and answers questions. */
  readonly interactive: boolean;
  /** Whether somebody looks at the notes: progress is shown only then. */
  readonly notesSeen: boolean;
  readonly colours: boolean;
  /** Columns of the screen; undefined = no limit. */
  readonly columns: number | undefined;
  /** Asks for one line; `hidden` does not show what is typed. Throws CliError when nobody can answer. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export interface LintParts {
  readonly directories: ContentDirectories;
  /** Parameters per runner name, aliases included. */
  readonly runners?: ReadonlyMap<string, ParameterSchemas>;
  /** Looks into alert parsers and entity types. */
  readonly checkDeclarations?: LoadOptions["checkDeclarations"];
}

/** What parsers of alerts are tried with. */
export interface AlertParts {
  readonly directories: ContentDirectories;
  /** The site's, for stamps without one. */
  readonly timeZone: string;
  /** A mail as it came → its parts; `fault`: why they are only what its header lines say. */
  readonly readMail: (
    raw: Buffer,
  ) => Promise<{ readonly mail: AlertMail; readonly fault: string | null }>;
  readonly close: () => Promise<void>;
}

export interface PackPlaces extends InstallerPlaces {
  /** Where `<pack>.yaml` of the configurations are. */
  readonly configs: string;
  /** Directory of the Python modules with StackStorm's names. */
  readonly pythonPath: string;
  /** How this program is started. */
  readonly program: readonly string[];
}

export interface StartOptions {
  readonly workers?: string;
  readonly role?: string;
  /** Pools that its workers serve. */
  readonly label?: readonly string[];
  readonly watch?: boolean;
  readonly "st2-ports"?: boolean;
  /** Started by the supervisor of a machine. */
  readonly supervised?: boolean;
}

/** Told after each table that was written or read. */
export type TableProgress = (table: string, rows: number) => void;

/** What the program lends to commands that work on this machine; each loads what it needs only when it is called. */
export interface Host {
  readonly version: string;
  /** Variables of the environment that `raicho start` reads, for its help. */
  readonly variables: string;
  start(options: StartOptions): Promise<number>;
  /** Data directory. */
  home(): Promise<string>;
  lintParts(): Promise<LintParts>;
  alertParts(): Promise<AlertParts>;
  /** Writes the ledger and the master key to a new file. */
  backUp(file: string, progress: TableProgress): Promise<void>;
  /** Reads such a file into an empty data directory or database. */
  restore(file: string, progress: TableProgress): Promise<{ raicho: string; at: string }>;
  /** Where packs are installed on this machine. */
  packPlaces(): Promise<PackPlaces>;
}

export interface Cli {
  readonly terminal: Terminal;
  readonly host: Host;
  readonly environment: Environment;
  /** Paths are relative to it. */
  readonly workingDirectory: string;
  /** Aborted by Ctrl-C, which otherwise ends the program at once: who asks for it must heed it. */
  signal(): AbortSignal;
  /** Ends with that code after the command has returned; without it the code is 0. */
  end(code: number): void;
}

/** Adds arguments, options, sub-commands and actions to a command that has its name and description already. */
export type CommandSetup = (command: Command, cli: Cli) => void;
