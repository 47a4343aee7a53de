/** Runs a command line in this process and catches what it prints. */
import type { Environment, Host, Terminal } from "../../src/cli/cli.ts";
import { runCommandLine } from "../../src/cli/program.ts";

export interface CliResult {
  readonly code: number;
  readonly out: string;
  /** What went to standard error. */
  readonly notes: string;
}

export interface CliOptions {
  readonly host?: Partial<Host>;
  readonly environment?: Environment;
  readonly workingDirectory?: string;
  readonly terminal?: Partial<Terminal>;
  readonly signal?: AbortSignal;
}

function lent(name: string): () => never {
  return () => {
    throw new Error(`the test lends no ${name}`);
  };
}

export async function runCli(
  argv: readonly string[],
  { host, environment, workingDirectory, terminal, signal }: CliOptions = {},
): Promise<CliResult> {
  let out = "";
  let notes = "";
  const code = await runCommandLine(argv, {
    terminal: {
      write: (text) => void (out += text),
      note: (text) => void (notes += text),
      interactive: false,
      notesSeen: false,
      colours: false,
      columns: undefined,
      ask: lent("answer"),
      readInput: lent("input"),
      ...terminal,
    },
    host: {
      version: "0.0.0",
      variables: "",
      start: lent("server"),
      home: lent("home"),
      lintParts: lent("content"),
      alertParts: lent("parsers"),
      packPlaces: lent("packs"),
      backUp: lent("backup"),
      restore: lent("restore"),
      ...host,
    },
    environment: environment ?? {},
    workingDirectory: workingDirectory ?? "/",
    signal: () => signal ?? new AbortController().signal,
  });
  return { code, out, notes };
}
