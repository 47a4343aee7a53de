/** `raicho inventory render` and `clone`. */
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import type { Client } from "./client.ts";
import { readWords } from "./files.ts";
import {
  assignments,
  authorOf,
  authorOptions,
  entryOf,
  rowsOf,
  service,
  typeOf,
} from "./inventory-entry.ts";
import { optionText, type Options } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

function wordsOf(options: Options, name: string): readonly string[] {
  const given: unknown = options[name];
  return Array.isArray(given) ? given.map(String) : [];
}

async function settings(
  client: Client,
  options: Options,
  type: string,
): Promise<JsonObject | undefined> {
  const words = wordsOf(options, "set");
  if (words.length === 0) return undefined;
  return assignments(words, (await typeOf(client, type)).schemas, type);
}

/** A pool is a name, or the attributes of a key as JSON. */
function poolOf(text: string): unknown {
  if (!text.startsWith("{")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(exitCodes.usage, `${text}: expected a name, or a key's attributes as JSON`);
  }
}

async function render({ args, client, options, cli }: Asked): Promise<void> {
  const file = optionText(options, "template");
  const entry = args.length === 0 ? undefined : await entryOf(client, args);
  const variables = wordsOf(options, "variable").map((word) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined) return [name, value];
    throw new CliError(exitCodes.usage, `"${word}": expected name=value`);
  });
  const body = {
    id: entry?.["id"],
    template: file === undefined ? undefined : await readWords(cli, file),
    attribute: optionText(options, "attribute"),
    variables: Object.fromEntries(variables),
  };
  const { text } = await client.object("POST", "/inventory/render", { service, body });
  const written = typeof text === "string" ? text : "";
  // Jinja drops the last line end; files have one.
  cli.terminal.write(written.endsWith("\n") ? written : `${written}\n`);
}

/** `Device.status=planned`: attributes of further copies, by type. */
async function furtherSettings(client: Client, options: Options): Promise<JsonObject | undefined> {
  const words = wordsOf(options, "each").map((word) => {
    const [, type, assignment] = /^(\w+)\.(.+)$/s.exec(word) ?? [];
    if (type !== undefined && assignment !== undefined) return { type, assignment };
    throw new CliError(exitCodes.usage, `"${word}": expected type.attribute=value`);
  });
  if (words.length === 0) return undefined;
  const each = new Map<string, JsonObject>();
  for (const [type, own] of Map.groupBy(words, (word) => word.type)) {
    const { schemas } = await typeOf(client, type);
    const assigned = own.map(({ assignment }) => assignment);
    each.set(type, assignments(assigned, schemas, type));
  }
  return Object.fromEntries(each);
}

async function clone({ args, client, options, print }: Asked): Promise<void> {
  const entry = await entryOf(client, args);
  const type = String(entry["type"]);
  const pools = wordsOf(options, "allocate").map((word) => {
    const [, of, pool] = /^(\w+)=(.+)$/s.exec(word) ?? [];
    if (of !== undefined && pool !== undefined) return [of, poolOf(pool)];
    throw new CliError(exitCodes.usage, `"${word}": expected type=pool, as IPAddress=10.0.0.0/24`);
  });
  const renamed = wordsOf(options, "rename").map((word) => {
    const [from, to, ...more] = word.split("=");
    if (from !== undefined && from !== "" && to !== undefined && more.length === 0)
      return { from, to };
    throw new CliError(exitCodes.usage, `"${word}": expected from=to, as stg-=prd-`);
  });
  const body = {
    follow: wordsOf(options, "follow"),
    rename: renamed.length === 0 ? undefined : renamed,
    each: await furtherSettings(client, options),
    name: optionText(options, "name"),
    set: await settings(client, options, type),
    allocate: Object.fromEntries(pools),
    dry_run: options["dryRun"] === true,
    ...authorOf(options),
  };
  const path = `/inventory/entries/${String(entry["id"])}/clone`;
  const { copies, changeset } = await client.object("POST", path, { service, body });
  await print.list(rowsOf(copies), { columns: ["type", "name", "of.name", "id"] });
  print.done(
    typeof changeset === "string"
      ? `Changeset ${changeset}; raicho inventory revert-changeset ${changeset} takes it back.`
      : "Nothing was written.",
  );
}

export function addDeployVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "render [type-or-id] [key]",
    summary: "Render a Jinja template over an entry and what it refers to.",
    options: [
      ["--template <file>", "the template; - reads it from standard input"],
      ["--attribute <name>", "attribute of the entry that holds the template"],
      ["--variable <name=value...>", "further names in the template"],
    ],
    examples: ["inventory render Pool web --template haproxy.cfg.j2"],
    run: render,
  });
  addVerb(command, cli, {
    usage: "clone <type-or-id> [key]",
    summary: "Copy an entry and what belongs to it, with names and addresses of its own.",
    shows: true,
    options: [
      ["--follow <path...>", "paths to what is copied with it"],
      ["--name <name>", "the copy's name; the next free one unless said"],
      ["--set <attribute=value...>", "attributes of the copy"],
      ["--each <type.attribute=value...>", "attributes of what is copied with it"],
      ["--rename <from=to...>", "text that is replaced in names of what is copied with it"],
      ["--allocate <type=pool...>", "pools to take addresses and places from"],
      ["--dry-run", "only tell what would be made"],
      ...authorOptions,
    ],
    examples: [
      "inventory clone NodeSet NodeSet1 --follow '<Device.nodeset' '<Pool.nodeset.<Member.pool' --dry-run",
    ],
    run: clone,
  });
}
