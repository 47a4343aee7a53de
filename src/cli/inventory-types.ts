/** `raicho inventory types`. */
import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { rowsOf, service, typeOf } from "./inventory-entry.ts";
import { addVerb, type Asked } from "./verb.ts";

async function types({ args: [name], client, options, print }: Asked): Promise<void> {
  if (options["migrations"] === true) {
    const { migrations } = await client.object("GET", "/inventory/migrations", { service });
    return print.list(rowsOf(migrations), {
      columns: ["type", "schema_version", "state", "done", "total", "changed", "unfit", "error"],
      nothing: "No type has changed",
    });
  }
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

export function addTypeVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "types [name]",
    summary: "List entry types, or the attributes of one.",
    shows: true,
    options: [["--migrations", "how far entries have followed changes of their types"]],
    examples: ["inventory types", "inventory types Device"],
    run: types,
  });
}
