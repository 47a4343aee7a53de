/** `raicho inventory types`. */
import type { Command } from "commander";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import type { Client } from "./client.ts";
import { readWords } from "./files.ts";
import { authorOf, authorOptions, rowsOf, service, typeNames, typeOf } from "./inventory-entry.ts";
import { formatOf, optionText, type Printer } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

async function migrations(client: Client, print: Printer): Promise<void> {
  const { migrations: rows } = await client.object("GET", "/inventory/migrations", { service });
  await print.list(rowsOf(rows), {
    columns: ["type", "schema_version", "state", "done", "total", "changed", "unfit", "error"],
    nothing: "No type has changed",
  });
}

async function list({ args: [name], client, options, print }: Asked): Promise<void> {
  if (options["migrations"] === true) return migrations(client, print);
  if (name === undefined) {
    const { types: all } = await client.object("GET", "/inventory/types", { service });
    return print.list(rowsOf(all), {
      columns: ["name", "label.ja", "label.en", "pack", "entries"],
    });
  }
  // Says what is nearest when there is none of that name.
  await typeOf(client, name);
  const path = `/inventory/types/${encodeURIComponent(name)}`;
  const { attributes } = await client.object("GET", path, { service });
  await print.list(rowsOf(attributes), {
    columns: ["name", "label.ja", "type", "items", "to", "required", "default", "index"],
  });
}

function pathOf(name: string, tail = ""): string {
  return `/inventory/types/${encodeURIComponent(name)}${tail}`;
}

async function definition({
  args: [name = ""],
  client,
  options,
  print,
  cli,
}: Asked): Promise<void> {
  await typeOf(client, name);
  const answer = await client.object("GET", pathOf(name, "/definition"), { service });
  if (formatOf(options) !== "table") return print.one(answer);
  const { yaml, definition: document } = answer;
  const { printYaml } = await import("../content/print-yaml.ts");
  cli.terminal.write(typeof yaml === "string" && yaml !== "" ? yaml : printYaml(document));
}

/** The file says which type it is. */
async function typeIn(yaml: string, file: string): Promise<string> {
  const { parseYaml } = await import("../content/yaml.ts");
  const { value, faults } = parseYaml(yaml);
  const fault = faults.find(({ severity }) => severity === "error");
  if (fault !== undefined)
    throw new CliError(exitCodes.failed, `${file}:${fault.line}:${fault.column} ${fault.message}`);
  const type = isObject(value) ? value["type"] : undefined;
  if (typeof type === "string") return type;
  throw new CliError(exitCodes.failed, `${file}: expected an entity type with type and attributes`);
}

/** What the change does, told to people. */
async function tell(answer: JsonObject, { options, print, cli }: Asked): Promise<void> {
  if (formatOf(options) !== "table") return print.one(answer);
  const { result, type, dry_run: dryRun, steps, migration, file } = answer;
  const done = dryRun === true ? `would be ${String(result)}` : String(result);
  cli.terminal.write(`${String(type)} ${done}${typeof file === "string" ? ` in ${file}` : ""}.\n`);
  for (const step of Array.isArray(steps) ? steps : []) cli.terminal.write(`  ${String(step)}\n`);
  if (!isObject(migration)) return;
  const { entries, checked, changed, unfit, seconds, misfits } = migration;
  cli.terminal.write(
    `Of ${String(entries)} entries ${String(checked)} were tried: ${String(changed)} change, ${String(unfit)} do not fit; it takes about ${String(seconds)} s.\n`,
  );
  const rows = rowsOf(misfits).flatMap(({ name, problems }) =>
    rowsOf(problems).map(({ path, message }) => ({ name, attribute: path, message })),
  );
  if (rows.length > 0) await print.list(rows, { columns: ["name", "attribute", "message"] });
}

async function apply(asked: Asked, dryRun: boolean): Promise<void> {
  const { args, client, options, cli } = asked;
  const [file = ""] = args;
  const yaml = await readWords(cli, file);
  const body = { yaml, dry_run: dryRun, ...authorOf(options) };
  const name = optionText(options, "instead") ?? (await typeIn(yaml, file));
  await tell(await client.object("PUT", pathOf(name), { service, body }), asked);
}

async function history({ args: [name = ""], client, print }: Asked): Promise<void> {
  const { changes } = await client.object("GET", pathOf(name, "/history"), { service });
  await print.list(rowsOf(changes), {
    columns: ["at", "op", "name", "schema_version", "pack", "actor", "reason"],
    nothing: "No change of it is known",
  });
}

const misfitColumns = ["id", "name", "schema_version", "problems"];

const instead = [
  "--instead <type>",
  "the type whose place it takes, where it is called otherwise",
] as const;

function addEditingVerbs(types: Command, cli: Cli): void {
  addVerb(types, cli, {
    usage: "get <name>",
    summary: "Print the definition of a type as its file says it.",
    names: typeNames,
    run: definition,
  });
  addVerb(types, cli, {
    usage: "apply <file>",
    summary: "Make a type, or change it, as a YAML file says.",
    options: [
      ["--dry-run", "only tell what would become of the entries"],
      instead,
      ...authorOptions,
    ],
    examples: ["inventory types apply types/device.yaml --reason 'racks have rows'"],
    run: (asked) => apply(asked, asked.options["dryRun"] === true),
  });
  addVerb(types, cli, {
    usage: "diff <file>",
    summary: "Tell what a YAML file would change in a type, and in its entries.",
    options: [instead],
    run: (asked) => apply(asked, true),
  });
  addVerb(types, cli, {
    usage: "delete <name>",
    summary: "Take a type away that has no entries.",
    options: [["--dry-run", "only tell whether it can be"], ...authorOptions],
    names: typeNames,
    run: async (asked) => {
      const { args, client, options } = asked;
      const body = { dry_run: options["dryRun"] === true, ...authorOf(options) };
      await tell(await client.object("DELETE", pathOf(args[0] ?? ""), { service, body }), asked);
    },
  });
}

function addWatchingVerbs(types: Command, cli: Cli): void {
  addVerb(types, cli, {
    usage: "history <name>",
    summary: "List every change of a type.",
    shows: true,
    names: typeNames,
    run: history,
  });
  addVerb(types, cli, {
    usage: "migrations",
    summary: "Tell how far entries have followed changes of their types.",
    shows: true,
    run: ({ client, print }) => migrations(client, print),
  });
  addVerb(types, cli, {
    usage: "misfits <name>",
    summary: "List entries that the present version of their type does not fit.",
    shows: true,
    names: typeNames,
    run: async ({ args: [name = ""], client, print }) => {
      const { misfits } = await client.object("GET", pathOf(name, "/misfits"), { service });
      await print.list(rowsOf(misfits), { columns: misfitColumns, nothing: "All entries fit" });
    },
  });
}

export function addTypeVerbs(command: Command, cli: Cli): void {
  const verb = addVerb(command, cli, {
    usage: "types [name]",
    summary: "List entry types, or the attributes of one.",
    shows: true,
    options: [["--migrations", "how far entries have followed changes of their types"]],
    examples: ["inventory types", "inventory types Device"],
    run: list,
  });
  addEditingVerbs(verb, cli);
  addWatchingVerbs(verb, cli);
}
