/** `raicho inventory owner`, `host`, `impact`, `suggest`, `ansible`, `elevation` and `trace`: what people and programs ask about machines. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Command } from "commander";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import { entryOf, rowsOf, service, typeNames } from "./inventory-entry.ts";
import { formatOf, optionText } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

function nameOf(value: unknown): unknown {
  return isObject(value) ? (value["name"] ?? value["login"] ?? null) : null;
}

async function owner({ args: [host], client, options, print }: Asked): Promise<void> {
  const found = await client.object("GET", "/inventory/owners", { service, query: { host } });
  if (formatOf(options) !== "table") return print.one(found);
  await print.one({
    ...found,
    ...Object.fromEntries(
      ["host", "person", "team", "leader"].map((key) => [key, nameOf(found[key])]),
    ),
  });
}

async function machine({ args: [word], client, options, print }: Asked): Promise<void> {
  const found = await client.object("GET", "/inventory/hosts", { service, query: { q: word } });
  const candidates = rowsOf(found["candidates"]);
  if (formatOf(options) !== "table") return print.one(found);
  if (candidates.length > 0) await print.list(candidates, { columns: ["id", "type", "name"] });
  if (!isObject(found["host"])) throw new CliError(exitCodes.notFound, String(found["reason"]));
  await print.one({ ...found["host"], matched: found["matched"] });
}

function pathOf({ id }: JsonObject): string {
  return `/inventory/entries/${encodeURIComponent(String(id))}`;
}

async function impact({ args, client, options, print }: Asked): Promise<void> {
  const entry = await entryOf(client, args);
  const found = await client.object("GET", `${pathOf(entry)}/impact`, { service });
  if (formatOf(options) !== "table") return print.one(found);
  await print.list(rowsOf(found["affected"]), {
    columns: ["depth", "type", "name", "attribute", "id"],
    nothing: `Nothing depends on ${String(entry["name"])}`,
  });
  if (found["truncated"] === true) print.done("There is more than is shown.");
}

async function suggest({ args: [type, q = ""], client, options, print }: Asked): Promise<void> {
  const { suggestions } = await client.object("GET", "/inventory/suggest", {
    service,
    query: { type, q, limit: countOf(options) },
  });
  await print.list(rowsOf(suggestions), { columns: ["type", "name", "id"] });
}

/** JSON whatever is asked for: Ansible reads it, also as an inventory script, which it calls with `--list`. */
async function ansible({ client, cli, options }: Asked): Promise<void> {
  const query = {
    type: optionText(options, "type"),
    filter: optionText(options, "filter"),
    where: optionText(options, "where"),
    group_by: optionText(options, "groupBy"),
  };
  const found = await client.object("GET", "/inventory/ansible", { service, query });
  const host = optionText(options, "host");
  const meta = isObject(found["_meta"]) ? found["_meta"]["hostvars"] : undefined;
  const said = host === undefined ? found : ((isObject(meta) ? meta[host] : undefined) ?? {});
  cli.terminal.write(`${JSON.stringify(said, undefined, 2)}\n`);
}

interface Picture {
  readonly what: "elevation" | "trace";
  /** Where the rows of its table are, and their columns. */
  readonly rows: string;
  readonly columns: readonly string[];
}

/** A picture into a file, or what it shows. */
async function draw(asked: Asked, { what, rows, columns }: Picture): Promise<void> {
  const { client, cli, options, print } = asked;
  const file = optionText(options, "file");
  if (file !== undefined && !file.endsWith(".svg"))
    throw new CliError(exitCodes.usage, `--file ${file}: the picture is SVG; expected *.svg`);
  const path = `${pathOf(await entryOf(client, asked.args))}/${what}`;
  if (file !== undefined) {
    const query = { face: optionText(options, "face") };
    const svg = await client.bytes(`${path}.svg`, { service, query });
    writeFileSync(resolve(cli.workingDirectory, file), svg);
    return print.done(`written to ${file}`);
  }
  const found = await client.object("GET", path, { service });
  if (formatOf(options) !== "table") return print.one(found);
  await print.list(rowsOf(found[rows]), { columns });
}

const file = ["--file <path>", "write the picture there, as SVG"] as const;

export const setUpInventoryAsk: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "owner <host>",
    summary: "Tell who is responsible for a machine, and by which path that is known.",
    shows: true,
    examples: ["inventory owner web012", "inventory owner 10.1.2.3"],
    run: owner,
  });
  addVerb(command, cli, {
    usage: "host <word>",
    summary: "Find the machine that a name, alias, address, asset or serial number means.",
    shows: true,
    run: machine,
  });
  addVerb(command, cli, {
    usage: "impact <type-or-id> [key]",
    summary: "List what breaks with an entry, the nearest first.",
    shows: true,
    names: typeNames,
    examples: ["inventory impact Rack A-07"],
    run: impact,
  });
  addVerb(command, cli, {
    usage: "suggest <type> [text]",
    summary: "List entries that begin so, as forms offer them.",
    shows: true,
    names: typeNames,
    options: listOptions,
    run: suggest,
  });
  addProgramVerbs(command, cli);
};

/** What programs read, and pictures. */
function addProgramVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "ansible",
    summary: "Print the dynamic inventory of Ansible, as JSON.",
    options: [
      ["--type <names>", "types of machines, separated by commas"],
      ["--filter <name>", "machines that fulfil a saved filter"],
      ["--where <json>", "conditions, as in a search"],
      ["--group-by <paths>", "paths by whose values hosts are grouped; $group = by their groups"],
      ["--list", "everything, as Ansible asks an inventory script"],
      ["--host <name>", "the variables of one host, as Ansible asks an inventory script"],
    ],
    examples: ["inventory ansible --group-by environment.code,service.code > hosts.json"],
    run: ansible,
  });
  addVerb(command, cli, {
    usage: "elevation <type-or-id> [key]",
    summary: "Show what stands where in a rack.",
    shows: true,
    options: [file, ["--face <front|rear|both>", "of the picture; both unless said"]],
    examples: ["inventory elevation Rack A-07 --file a07.svg"],
    run: (asked) => {
      const columns = ["position", "height", "face", "name", "kind", "status"];
      return draw(asked, { what: "elevation", rows: "devices", columns });
    },
  });
  addVerb(command, cli, {
    usage: "trace <type-or-id> [key]",
    summary: "Follow a cable from a port over patch panels to the far end.",
    shows: true,
    options: [file],
    run: (asked) => {
      const ends = ["from", "to"].flatMap((end) => [`${end}.device`, `${end}.name`]);
      const columns = ["kind", ...ends, "cable.label", "cable.status"];
      return draw(asked, { what: "trace", rows: "hops", columns });
    },
  });
}
