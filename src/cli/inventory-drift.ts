/** `raicho inventory drift`, `conflicts` and the decisions about them. */
import type { Command } from "commander";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { optionText } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

const service = "own" as const;

function rowsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function age(seconds: unknown): string {
  const total = typeof seconds === "number" ? seconds : 0;
  if (total < 3600) return `${Math.floor(total / 60)}m`;
  return total < 86_400 ? `${Math.floor(total / 3600)}h` : `${Math.floor(total / 86_400)}d`;
}

function nameOf(entry: unknown): string {
  return isObject(entry) ? `${String(entry["type"])} ${String(entry["name"])}` : "";
}

async function drift({ client, options, print }: Asked): Promise<void> {
  const names = ["state", "source", "type", "attribute"] as const;
  const query = Object.fromEntries(names.map((name) => [name, optionText(options, name)]));
  const { drifts } = await client.object("GET", "/inventory/drifts", {
    service,
    query: { ...query, limit: countOf(options) },
  });
  const rows = rowsOf(drifts).map((row) => ({
    ...row,
    about: nameOf(row["entry"]),
    age: age(row["age_seconds"]),
  }));
  await print.list(rows, {
    columns: ["id", "about", "attribute", "source", "state", "reported", "document", "age"],
    nothing: "Sources and inventory agree",
  });
}

async function conflicts({ client, options, print }: Asked): Promise<void> {
  const { conflicts: found } = await client.object("GET", "/inventory/conflicts", {
    service,
    query: { limit: countOf(options) },
  });
  const rows = rowsOf(found).map((row) => ({
    ...row,
    id: isObject(row["entry"]) ? row["entry"]["id"] : "",
    about: nameOf(row["entry"]),
    says: rowsOf(row["claims"])
      .map(({ source, value }) => `${String(source)}: ${JSON.stringify(value)}`)
      .join(" / "),
    age: age(row["age_seconds"]),
  }));
  await print.list(rows, {
    columns: ["id", "about", "attribute", "document", "says", "age"],
    nothing: "No open conflicts",
  });
}

async function resolve({
  args: [entry = "", attribute = ""],
  client,
  options,
  print,
}: Asked): Promise<void> {
  const [take, value] = [optionText(options, "take"), optionText(options, "value")];
  if ((take === undefined) === (value === undefined))
    throw new CliError(exitCodes.usage, "give --take <source>, or --value <value>");
  const path = `/inventory/conflicts/${entry}/${encodeURIComponent(attribute)}/resolve`;
  const body = {
    ...(take === undefined ? { value } : { take }),
    comment: optionText(options, "comment"),
  };
  await print.one(await client.object("POST", path, { service, body }));
}

export function addDriftVerbs(command: Command, cli: Cli): void {
  const comment = ["--comment <text>", "why, for the history"] as const;
  addVerb(command, cli, {
    usage: "drift",
    summary: "List where sources and the inventory differ, the oldest first.",
    shows: true,
    options: [
      ...listOptions,
      ["--source <name>", "only of this source"],
      ["--type <name>", "only of this type"],
      ["--attribute <name>", "only of this attribute"],
      ["--state <names>", "states, separated by commas"],
    ],
    run: drift,
  });
  for (const [decision, summary] of [
    ["approve", "Let the inventory say what the source says."],
    ["reject", "Keep what the inventory says; the same word is no question any more."],
    ["enforce", "Keep what the inventory says, and let rules make the source follow."],
  ] as const)
    addVerb(command, cli, {
      usage: `drift-${decision} <id>`,
      summary,
      shows: true,
      options: [comment],
      run: async ({ args: [id], client, options, print }) => {
        const path = `/inventory/drifts/${id}/${decision}`;
        const body = { comment: optionText(options, "comment") };
        await print.one(await client.object("POST", path, { service, body }));
      },
    });
  addVerb(command, cli, {
    usage: "conflicts",
    summary: "List what sources contradict each other about.",
    shows: true,
    options: listOptions,
    run: conflicts,
  });
  addVerb(command, cli, {
    usage: "conflict-resolve <entry-id> <attribute>",
    summary: "End a contradiction.",
    shows: true,
    options: [
      ["--take <source>", 'whose word counts; "document" for what stands in the inventory'],
      ["--value <value>", "another value"],
      comment,
    ],
    run: resolve,
  });
  addVerb(command, cli, {
    usage: "claims <entry-id>",
    summary: "Show what every source says about an entry.",
    shows: true,
    run: async ({ args: [id], client, print }) => {
      const path = `/inventory/entries/${id}/claims`;
      await print.one(await client.object("GET", path, { service }));
    },
  });
}
