/** `raicho schema [NAME]`: JSON Schemas of content files, for editors. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { schemaFiles, schemaOf } from "../content/json-schema.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";

export const setUpSchema: CommandSetup = (command, cli) => {
  const { terminal, workingDirectory } = cli;
  command
    .argument("[name]", "which one; without it they are listed")
    .option("--write <directory>", "write all of them there, as NAME.json")
    .addHelpText(
      "after",
      `
Editors with the YAML language server take the schema that the first line of a file names:
  # yaml-language-server: $schema=../.schemas/rule.json

Examples:
  raicho schema
  raicho schema rule > rule.json
  raicho schema --write .schemas`,
    )
    .action((name: string | undefined, { write }: { readonly write?: string }) => {
      if (write !== undefined) {
        const directory = resolve(workingDirectory, write);
        writeSchemas(directory);
        terminal.note(`${schemaFiles.length} schemas are in ${directory}\n`);
      } else if (name === undefined)
        terminal.write(schemaFiles.map(([each, files]) => `${each.padEnd(10)}${files}\n`).join(""));
      else {
        const schema = schemaOf(name);
        const names = schemaFiles.map(([each]) => each).join(", ");
        if (schema === undefined)
          throw new CliError(exitCodes.usage, `there is no schema "${name}"; there are ${names}`);
        terminal.write(`${JSON.stringify(schema, undefined, 2)}\n`);
      }
    });
};

/** Writes every schema into a directory, which is made. */
export function writeSchemas(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [name] of schemaFiles)
    writeFileSync(
      join(directory, `${name}.json`),
      `${JSON.stringify(schemaOf(name), undefined, 2)}\n`,
    );
}
