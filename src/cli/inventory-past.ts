/** `raicho inventory history`, `diff`, `revert`, `changesets`, `revert-changeset`, `delete`, `restore` and `allocate`. */
import type { Command } from "commander";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import {
  assignments,
  authorOf,
  authorOptions,
  entryOf,
  overrideOption,
  rowsOf,
  service,
  typeNames,
  typeOf,
  uuid,
} from "./inventory-entry.ts";
import { formatOf, optionText } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

function place(id: unknown): string {
  return `/inventory/entries/${encodeURIComponent(String(id))}`;
}

/** A whole number from 0 on. Throws CliError. */
function wholeNumber(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError(exitCodes.usage, `${name} ${text}: expected a whole number`);
}

/** The value with the names that entries had in the place of their ids. */
function named(value: unknown, names: unknown): unknown {
  if (typeof value === "string") return (isObject(names) ? names[value] : undefined) ?? value;
  if (Array.isArray(value)) return value.map((each: unknown) => named(each, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, named(each, names)]));
}

/** `position: 3 → 7`; what was not there is left out. */
function changeText({ attribute, before, after }: JsonObject, names: unknown): string {
  const [from, to] = [before, after].map((value) => {
    if (value === undefined || value === null) return "";
    const shown = named(value, names);
    return typeof shown === "string" ? shown : JSON.stringify(shown);
  });
  return `${String(attribute)}: ${from === "" ? "" : `${from} → `}${to === "" ? "–" : to}`;
}

async function history({ args, client, options, print }: Asked): Promise<void> {
  const { id } = await entryOf(client, args);
  const { revisions } = await client.object("GET", `${place(id)}/history`, { service });
  const rows = rowsOf(revisions);
  const forPeople = formatOf(options) === "table";
  const told = rows.map((row) => ({
    ...row,
    changes: rowsOf(row["changes"])
      .map((change) => changeText(change, row["names"]))
      .join("; "),
  }));
  await print.list(forPeople ? told : rows, {
    columns: ["version", "at", "actor", "op", "reason", "ticket", "changes"],
  });
}

async function diff({ args, client, options, print }: Asked): Promise<void> {
  const { id, version } = await entryOf(client, args);
  const from = optionText(options, "from") ?? String(Math.max(1, Number(version) - 1));
  const query = { from: wholeNumber(from, "--from"), to: optionText(options, "to") };
  const found = await client.object("GET", `${place(id)}/diff`, { service, query });
  const rows = rowsOf(found["changes"]);
  const told = rows.map(({ attribute, before, after }) => {
    const { names } = found;
    return { attribute, before: named(before, names), after: named(after, names) };
  });
  await print.list(formatOf(options) === "table" ? told : rows, {
    columns: ["attribute", "before", "after"],
    nothing: `versions ${String(found["from"])} and ${String(found["to"])} do not differ`,
  });
}

/** The changed entry, with what became of the wish. */
async function showWritten({ print }: Asked, { entry, result }: JsonObject): Promise<void> {
  await print.one({ ...(isObject(entry) ? entry : {}), result });
}

async function revert(asked: Asked): Promise<void> {
  const { args, client, options } = asked;
  const to = optionText(options, "to");
  if (to === undefined)
    throw new CliError(
      exitCodes.usage,
      "give --to VERSION; raicho inventory history lists the versions",
    );
  const names = optionText(options, "attributes");
  const [first = ""] = args;
  // One that was deleted is found by its id alone.
  const id = uuid.test(first) ? first : (await entryOf(client, args))["id"];
  const body = {
    version: wholeNumber(to, "--to"),
    ...(names === undefined ? {} : { attributes: names.split(",") }),
    ...authorOf(options),
  };
  await showWritten(asked, await client.object("POST", `${place(id)}/revert`, { service, body }));
}

async function changesets({ client, options, print }: Asked): Promise<void> {
  const names = ["actor", "source", "ticket", "since", "until"];
  const query = Object.fromEntries(names.map((name) => [name, optionText(options, name)]));
  const { changesets: rows } = await client.object("GET", "/inventory/changesets", {
    service,
    query: { ...query, limit: countOf(options) },
  });
  await print.list(rowsOf(rows), {
    columns: ["id", "at", "actor", "kind", "reason", "ticket", "size"],
    nothing: "No changesets found",
  });
}

/** What is taken from: an address or a name, or the attributes of an entry's key as JSON. Throws CliError. */
function poolOf(text: string): unknown {
  if (!text.startsWith("{")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(exitCodes.usage, `${text}: expected JSON, such as '{"name": "A-07"}'`);
  }
}

async function allocate({ args, client, options, print }: Asked): Promise<void> {
  const [type = "", from = "", ...words] = args;
  const { schemas } = await typeOf(client, type);
  const number = (name: "count" | "size"): JsonObject => {
    const text = optionText(options, name);
    return text === undefined ? {} : { [name]: wholeNumber(text, `--${name}`) };
  };
  const { entries } = await client.object("POST", "/inventory/allocate", {
    service,
    body: {
      type,
      from: poolOf(from),
      ...number("count"),
      ...number("size"),
      set: assignments(words, schemas, type),
      ...authorOf(options),
    },
  });
  await print.list(rowsOf(entries), { columns: ["id", "type", "name", "version"] });
}

export const setUpInventoryPast: CommandSetup = (command, cli) => {
  const names = typeNames;
  addVerb(command, cli, {
    usage: "history <type-or-id> [key]",
    summary: "List the revisions of an entry, the newest first.",
    shows: true,
    names,
    run: history,
  });
  addVerb(command, cli, {
    usage: "diff <type-or-id> [key]",
    summary: "Show what differs between two versions of an entry: the last change unless said.",
    shows: true,
    names,
    options: [
      ["--from <version>", "the version to compare with; the one before the present"],
      ["--to <version>", "the version that is compared; the present"],
    ],
    examples: ["inventory diff Server web1", "inventory diff Server web1 --from 3 --to 7"],
    run: diff,
  });
  addVerb(command, cli, {
    usage: "revert <type-or-id> [key]",
    summary: "Take an entry, or some of its attributes, back to what it was at a version.",
    names,
    options: [
      ["--to <version>", "the version"],
      ["--attributes <names>", "only these, separated by commas"],
      overrideOption,
      ...authorOptions,
    ],
    examples: ["inventory revert Server web1 --to 4 --attributes status --reason 'wrong machine'"],
    run: revert,
  });
  setUpChangesets(command, cli);
  setUpLives(command, cli);
};

function setUpChangesets(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "changesets",
    summary: "List what was changed together, the newest first.",
    shows: true,
    options: [
      ...listOptions,
      ["--actor <name>", "by that user"],
      ["--source <name>", "through that, such as api or workflow"],
      ["--ticket <key>", "for that ticket"],
      ["--since <time>", "at or after, e.g. 2026-11-21T00:00:00Z"],
      ["--until <time>", "before"],
    ],
    run: changesets,
  });
  addVerb(command, cli, {
    usage: "revert-changeset <id>",
    summary: "Take back all that was changed together.",
    options: authorOptions,
    run: async ({ args: [id = ""], client, options, print }) => {
      const path = `/inventory/changesets/${encodeURIComponent(id)}/revert`;
      await print.one(await client.object("POST", path, { service, body: authorOf(options) }));
    },
  });
}

/** How entries come, go and come back. */
function setUpLives(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "allocate <type> <from> [words...]",
    summary: "Make entries of the next free of a pool: addresses, networks, VLANs, rack units.",
    shows: true,
    names: typeNames,
    options: [
      ["--count <number>", "how many"],
      ["--size <number>", "length of a network, units in a row"],
      ...authorOptions,
    ],
    examples: [
      "inventory allocate IPAddress 10.0.0.0/24 status=planned --count 2",
      "inventory allocate Prefix 10.0.0.0/16 --size 24",
    ],
    run: allocate,
  });
  addVerb(command, cli, {
    usage: "delete <type-or-id> [key]",
    summary: "Delete an entry; its history stays, and it can be restored by its id.",
    names: typeNames,
    options: authorOptions,
    run: async ({ args, client, options, print }) => {
      const { id } = await entryOf(client, args);
      await client.request("DELETE", place(id), { service, body: authorOf(options) });
      print.done(
        `entry ${String(id)} is deleted; raicho inventory restore ${String(id)} brings it back`,
      );
    },
  });
  addVerb(command, cli, {
    usage: "restore <id>",
    summary: "Bring a deleted entry back.",
    options: authorOptions,
    run: async (asked) => {
      const [id = ""] = asked.args;
      const body = authorOf(asked.options);
      await showWritten(
        asked,
        await asked.client.object("POST", `${place(id)}/restore`, { service, body }),
      );
    },
  });
}
