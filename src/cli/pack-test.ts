/** `raicho pack test PACK`: a pack's own tests, on base classes with StackStorm's names, in the pack's virtual environment. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { Command } from "commander";
import { describePack } from "../content/describe-pack.ts";
import { loadContent } from "../content/load.ts";
import { parseAliasCommand } from "../expressions/alias-format.ts";
import { isObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  /** Why modules of the tests could not be imported, mostly because of libraries that are not there. */
  readonly unimported: readonly string[];
}

export function setUpPackTest(command: Command, cli: Cli): void {
  command
    .command("test")
    .description("run a pack's own tests (tests/test_*.py)")
    .argument("<pack>", "directory or ref of a pack")
    .argument("[names...]", "only these, as unittest names them: test_module.Class.test_name")
    .option(
      "--python <program>",
      "interpreter (default: the pack's virtual environment, else python3)",
    )
    .action(
      async (written: string, names: readonly string[], flags: { readonly python?: string }) => {
        const { ref, path } = await find(written, cli);
        if (!existsSync(join(path, "tests")))
          throw new CliError(exitCodes.notFound, `${path} has no tests`);
        const { virtualenvs, python, pythonPath, program } = await cli.host.packPlaces();
        const own = join(virtualenvs, ref, "bin", "python");
        const interpreter = flags.python ?? (existsSync(own) ? own : python);
        if (flags.python === undefined && interpreter === python)
          cli.terminal.note(
            `the pack has no virtual environment; its tests run with ${python} (raicho pack setup-virtualenv ${ref})\n`,
          );
        const environment = {
          ...process.env,
          PYTHONPATH: [pythonPath, process.env["PYTHONPATH"] ?? ""]
            .filter((one) => one !== "")
            .join(delimiter),
          RAICHO_MATCH_ALIAS: JSON.stringify([...program, "pack", "match-alias"]),
        };
        const counts = await run(interpreter, [path, ...names], environment);
        const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
        cli.terminal.write(
          json ? `${JSON.stringify({ pack: ref, ...counts })}\n` : summary(counts),
        );
        cli.end(counts.failures + counts.errors > 0 ? exitCodes.failed : exitCodes.ok);
      },
    );
  command
    .command("match-alias", { hidden: true })
    .description("for the tests of aliases: what a command gives for each format")
    .action(async () => {
      const question: unknown = JSON.parse(await cli.terminal.readInput());
      const { formats, command: typed } = isObject(question) ? question : {};
      const all: readonly unknown[] = Array.isArray(formats) ? formats : [];
      const found = all.map((format) => parseAliasCommand(String(format), String(typed)) ?? null);
      cli.terminal.write(JSON.stringify(found));
    });
}

async function find(
  written: string,
  cli: Cli,
): Promise<{ readonly ref: string; readonly path: string }> {
  const path = resolve(cli.workingDirectory, written);
  if (existsSync(path) && statSync(path).isDirectory()) {
    const described = await describePack(path, written.split("/").at(-1));
    if (described.kind === "broken")
      throw new CliError(exitCodes.failed, `${path}: ${described.reason}`);
    return { ref: described.pack.ref, path };
  }
  const { directories } = await cli.host.lintParts();
  const pack = (await loadContent({ directories })).content.packs.get(written);
  if (pack === undefined)
    throw new CliError(exitCodes.notFound, `there is no directory and no pack "${written}"`);
  return pack;
}

/** What the tests say goes to standard error as they say it. */
async function run(
  python: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Counts> {
  const directory = mkdtempSync(join(tmpdir(), "raicho-pack-test-"));
  try {
    const result = join(directory, "result.json");
    const [path = "", ...names] = args;
    const child = spawn(python, ["-m", "raicho_host.pack_tests", path, result, ...names], {
      env: environment,
      stdio: ["ignore", 2, 2],
    });
    const ended = await new Promise<string>((settle) => {
      child.once("error", (error) => settle(error.message));
      child.once("exit", (code, signal) => settle(signal ?? `exit code ${code ?? "?"}`));
    });
    if (!existsSync(result))
      throw new CliError(exitCodes.failed, `the tests ended before they were done: ${ended}`);
    return countsIn(JSON.parse(readFileSync(result, "utf8")));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function countsIn(value: unknown): Counts {
  const found = isObject(value) ? value : {};
  const number = (name: string): number => {
    const count = found[name];
    return typeof count === "number" ? count : 0;
  };
  const unimported: unknown = found["unimported"];
  return {
    tests: number("tests"),
    failures: number("failures"),
    errors: number("errors"),
    skipped: number("skipped"),
    unimported: Array.isArray(unimported) ? unimported.map(String) : [],
  };
}

function summary({ tests, failures, errors, skipped, unimported }: Counts): string {
  const lines = unimported.map((reason) => `not imported: ${reason}\n`);
  return `${lines.join("")}${tests} tests, ${failures} failures, ${errors} errors, ${skipped} skipped\n`;
}
