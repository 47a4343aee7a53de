/** `raicho inventory filters`, `save-filter`, `delete-filter`, `members`. */
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { authorOf, authorOptions, entryOf, rowsOf, service, typeNames } from "./inventory-entry.ts";
import { optionText, type Options } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

const filterNames = { path: "/inventory/filters", key: "name", own: "filters" };

async function show({ args: [name], client, options, print }: Asked): Promise<void> {
  if (name === undefined) {
    const { filters } = await client.object("GET", "/inventory/filters", { service });
    const columns = ["name", "owner", "shared", "protected", "type", "description", "updated_at"];
    return print.list(rowsOf(filters), { columns, nothing: "No filters are saved" });
  }
  const path = `/inventory/filters/${encodeURIComponent(name)}`;
  if (options["history"] !== true) return print.one(await client.object("GET", path, { service }));
  const { versions } = await client.object("GET", `${path}/history`, { service });
  await print.list(rowsOf(versions), {
    columns: ["version", "at", "actor", "op", "type", "where", "shared", "reason"],
  });
}

function conditionOf(options: Options): unknown {
  const text = optionText(options, "where");
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(exitCodes.usage, `--where ${text}: expected a condition as JSON`);
  }
}

function listOf(options: Options, name: string): readonly string[] | undefined {
  return optionText(options, name)?.split(",");
}

async function save({ args: [name = ""], client, options, print }: Asked): Promise<void> {
  const version = optionText(options, "ifVersion");
  const body: JsonObject = {
    type: listOf(options, "type"),
    where: conditionOf(options),
    description: optionText(options, "description"),
    sort: optionText(options, "sort"),
    select: listOf(options, "select"),
    shared: options["shared"] === true || options["protected"] === true,
    protected: options["protected"] === true,
    ...authorOf(options),
  };
  const path = `/inventory/filters/${encodeURIComponent(name)}`;
  const headers: Readonly<Record<string, string>> =
    version === undefined ? {} : { "if-match": `"${version}"` };
  const { filter, result } = await client.object("PUT", path, { service, body, headers });
  await print.one({ ...rowsOf([filter])[0], result });
}

async function members({ args, client, options, print }: Asked): Promise<void> {
  const entry = await entryOf(client, args);
  const asked = new URLSearchParams({ limit: String(countOf(options) ?? 1000) });
  const type = optionText(options, "type");
  if (type !== undefined) asked.set("type", type);
  const path = `/inventory/entries/${String(entry["id"])}/members?${asked.toString()}`;
  const { entries } = await client.object("GET", path, { service });
  await print.list(rowsOf(entries), {
    columns: ["id", "type", "name", "updated_at"],
    nothing: "It has no members",
  });
}

export function addFilterVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "filters [name]",
    summary: "List saved filters, or show one and the versions that it had.",
    shows: true,
    options: [["--history", "every version that it had"]],
    names: filterNames,
    examples: ["inventory filters", "inventory filters web-prod --history"],
    run: show,
  });
  addVerb(command, cli, {
    usage: "save-filter <name>",
    summary: "Save a query under a name, or give a saved filter another meaning.",
    shows: true,
    options: [
      ["--type <names>", "types, separated by commas; every type unless said"],
      [
        "--where <json>",
        "conditions, as in a search; $filter and $group name other filters and groups",
      ],
      ["--description <text>", "what it is for"],
      ["--sort <path>", "order of a search by this filter"],
      ["--select <paths>", "paths whose values such a search shows"],
      ["--shared", "for all"],
      ["--protected", "for all, and only administrators change it: roles name only such"],
      ["--if-version <number>", "only while it is at that version"],
      ...authorOptions,
    ],
    names: filterNames,
    examples: [
      `inventory save-filter web-prod --type Device --where '{"service": "web"}' --shared`,
    ],
    run: save,
  });
  addVerb(command, cli, {
    usage: "delete-filter <name>",
    summary: "Take a saved filter away; its history is kept.",
    options: [...authorOptions],
    names: filterNames,
    run: async ({ args: [name = ""], client, options, print }) => {
      const path = `/inventory/filters/${encodeURIComponent(name)}`;
      await client.object("DELETE", path, { service, body: authorOf(options) });
      print.done(`Filter ${name} is gone.`);
    },
  });
  addVerb(command, cli, {
    usage: "members <type-or-id> [key]",
    summary: "List the members of a group: those that were put in, and those that its query finds.",
    shows: true,
    options: [...listOptions, ["--type <name>", "of that type"]],
    names: typeNames,
    examples: ["inventory members NodeSet web-prd"],
    run: members,
  });
}
