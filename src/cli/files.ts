/** YAML and JSON files that commands are given. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";

/** The file's text; `-` reads standard input. Throws CliError. */
export async function readWords(
  { terminal, workingDirectory }: Pick<Cli, "terminal" | "workingDirectory">,
  file: string,
): Promise<string> {
  return file === "-" ? terminal.readInput() : readText(resolve(workingDirectory, file), file);
}

/** The file's value; `-` reads standard input. Throws CliError with file, line and column. */
export async function readDocument(
  { terminal, workingDirectory }: Cli,
  file: string,
): Promise<unknown> {
  const text = await readWords({ terminal, workingDirectory }, file);
  const { parseYaml } = await import("../content/yaml.ts");
  const { value, faults } = parseYaml(text);
  const fault = faults.find(({ severity }) => severity === "error");
  if (fault === undefined) return value;
  throw new CliError(exitCodes.failed, `${file}:${fault.line}:${fault.column}: ${fault.message}`);
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `${name} cannot be read: ${why}`);
  }
}

/** As `readDocument`, for files that hold one object. */
export async function readObject(cli: Cli, file: string): Promise<JsonObject> {
  const value = await readDocument(cli, file);
  if (isObject(value)) return value;
  throw new CliError(exitCodes.failed, `${file}: expected an object, with names and values`);
}
