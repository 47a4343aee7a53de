/** Documents of a directory, as the server reads those of a commit. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { readRunbooks, type RunbookTree, type Runbooks } from "../content/runbooks.ts";
import { readOnlyCommands } from "../runbooks/command.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";

export interface LocalRunbooks extends Runbooks {
  /** Directory that the documents' paths are relative to. */
  readonly root: string;
}

export interface LocalOptions {
  readonly components: readonly string[];
  /** Patterns of commands that may run, besides those that may always. */
  readonly allow: readonly string[];
}

/** The index at that path, or `runbooks/index.yaml` or `index.yaml` below a directory. Throws CliError when there is none. */
export async function readLocal(
  { workingDirectory }: Cli,
  path: string | undefined,
  { components, allow }: LocalOptions,
): Promise<LocalRunbooks> {
  const wanted = resolve(workingDirectory, path ?? ".");
  const index = indexAt(wanted);
  if (index === undefined)
    throw new CliError(
      exitCodes.usage,
      `there is no index of request types at ${path ?? "."}: expected the directory of index.yaml, or that file`,
    );
  const root = dirname(index);
  const paths = globSync("**/*", { cwd: root }).filter(
    (one) => !one.startsWith(".git/") && statSync(join(root, one)).isFile(),
  );
  const tree: RunbookTree = {
    paths: paths.map((one) => one.replaceAll("\\", "/")),
    read: (one) => Promise.resolve(textAt(join(root, one))),
  };
  const found = await readRunbooks(tree, {
    index: basename(index),
    ...(components.length === 0 ? {} : { components }),
    commands: [...readOnlyCommands, ...allow],
  });
  const problems = found.problems.map((problem) => ({
    ...problem,
    file: join(root, problem.file),
  }));
  return { ...found, problems, root };
}

function indexAt(wanted: string): string | undefined {
  if (!existsSync(wanted)) return undefined;
  if (statSync(wanted).isFile()) return wanted;
  return ["runbooks/index.yaml", "index.yaml"]
    .map((one) => join(wanted, one))
    .find((one) => existsSync(one));
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A path of the documents, given from the working directory or from where the index is. */
export function documentPath(
  { workingDirectory }: Cli,
  { root }: LocalRunbooks,
  given: string,
): string {
  const here = resolve(workingDirectory, given);
  return existsSync(here) ? relative(root, here) : given;
}
