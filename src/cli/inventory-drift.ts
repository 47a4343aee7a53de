/** `raicho inventory drift`, `conflicts` and the decisions about them. */
import type { Command } from "commander";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { readDocument } from "./files.ts";
import { entryOf, rowsOf, service, typeNames } from "./inventory-entry.ts";
import { formatOf, optionText } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

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

/** Ids, or options that say which. */
async function decide({ args, client, options, print }: Asked, decision: string): Promise<void> {
  const comment = optionText(options, "comment");
  const chosen = ["source", "type", "attribute"].flatMap((name) => {
    const value = optionText(options, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  if ((args.length === 0) === (chosen.length === 0))
    throw new CliError(exitCodes.usage, "give ids, or --source, --type or --attribute");
  const which = chosen.length > 0 ? { where: Object.fromEntries(chosen) } : { drifts: args };
  const done = await client.object("POST", "/inventory/drifts/decide", {
    service,
    body: { decision, comment, ...which },
  });
  await print.list(rowsOf(done["results"]), {
    columns: ["id", "source", "state", "value", "decided_by", "error"],
    nothing: "No open differences",
  });
  if (done["failed"] !== 0)
    throw new CliError(exitCodes.failed, `${String(done["failed"])} could not be decided`);
}

/** A YAML or JSON file with a list of items {type, set}, or of what is set when --type says the type. */
async function itemsOf({
  args: [, path = ""],
  cli,
  options,
}: Asked): Promise<readonly JsonObject[]> {
  const read = await readDocument(cli, path);
  const type = optionText(options, "type");
  const list: unknown = isObject(read) ? read["items"] : read;
  if (!Array.isArray(list))
    throw new CliError(
      exitCodes.failed,
      `${path}: expected a list of ${type === undefined ? "{type, set}" : "attributes"}, or {items}`,
    );
  const rows = rowsOf(list);
  return type === undefined ? rows : rows.map((set) => ({ type, set }));
}

async function report(asked: Asked): Promise<void> {
  const { args, client, options, print } = asked;
  const body = {
    source: args[0],
    items: await itemsOf(asked),
    observed_at: optionText(options, "observedAt"),
    force: options["force"] === true,
    complete: options["complete"] === true ? (optionText(options, "type") ?? true) : undefined,
  };
  const done = await client.object("POST", "/inventory/claims", { service, body });
  await print.list(rowsOf(done["results"]), {
    columns: ["result", "id", "name", "states", "errors"],
  });
  for (const snapshot of rowsOf(done["snapshots"])) await print.one(snapshot);
}

async function pushed(asked: Asked): Promise<void> {
  const { args, client, options, print } = asked;
  const pushedAt = optionText(options, "pushedAt");
  const body = {
    source: args[0],
    items: await itemsOf(asked),
    ...(pushedAt === undefined ? {} : { pushed_at: pushedAt }),
  };
  const done = await client.object("POST", "/inventory/pushes", { service, body });
  const results = rowsOf(done["results"]);
  await print.list(results, { columns: ["result", "id", "name", "attributes", "errors"] });
  const left = results.filter(({ result }) => result !== "noted").length;
  if (left > 0)
    throw new CliError(exitCodes.failed, `${left} of ${results.length} could not be noted`);
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

async function resolveOne({
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

async function claims({ args, client, options, print }: Asked): Promise<void> {
  const { id, name } = await entryOf(client, args);
  const found = await client.object("GET", `/inventory/entries/${String(id)}/claims`, {
    service,
  });
  if (formatOf(options) !== "table") return print.one(found);
  const attributes = isObject(found["attributes"]) ? found["attributes"] : {};
  const rows = Object.entries(attributes).flatMap(([attribute, one]) => {
    const { document, claims: said }: JsonObject = isObject(one) ? one : {};
    return rowsOf(said).map((claim) => ({ attribute, document, ...claim }));
  });
  await print.list(rows, {
    columns: ["attribute", "source", "value", "document", "state", "observed_at", "note"],
    nothing: `No source said anything about ${String(name)}`,
  });
}

const comment = ["--comment <text>", "why, for the history"] as const;

function addDecisionVerbs(command: Command, cli: Cli): void {
  for (const [decision, summary] of [
    ["approve", "Let the inventory say what the source says."],
    ["reject", "Keep what the inventory says; the same word is no question any more."],
    ["enforce", "Keep what the inventory says, and let rules make the source follow."],
  ] as const)
    addVerb(command, cli, {
      usage: `drift-${decision} [ids...]`,
      summary,
      shows: true,
      options: [
        comment,
        ["--source <name>", "instead of ids: all of this source"],
        ["--type <name>", "all of this type"],
        ["--attribute <name>", "all of this attribute"],
      ],
      run: (asked) => decide(asked, decision),
    });
}

/** What services say, and what they were told. */
function addServiceVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "report <source> <file>",
    summary:
      "Say what a service has: a YAML or JSON file (- = standard input) with a list of {type, set}.",
    shows: true,
    options: [
      ["--type <name>", "the file is a list of what is set, all of this type"],
      ["--complete", "the file has all that the service has: what is missing is gone"],
      ["--force", "believe that also when suspiciously much is missing"],
      ["--observed-at <moment>", "when it was so"],
    ],
    run: report,
  });
  addVerb(command, cli, {
    usage: "pushed <source> <file>",
    summary:
      "Note what was written into a service, so that its report of that is no news: a file as for report.",
    shows: true,
    options: [
      ["--type <name>", "the file is a list of what was set, all of this type"],
      ["--pushed-at <moment>", "when it was written; now unless said"],
    ],
    examples: ["inventory pushed dns records.yaml --type DnsRecord"],
    run: pushed,
  });
}

export function addDriftVerbs(command: Command, cli: Cli): void {
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
  addDecisionVerbs(command, cli);
  addServiceVerbs(command, cli);
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
    run: resolveOne,
  });
  addVerb(command, cli, {
    usage: "claims <type-or-id> [key]",
    summary: "Show what every source says about an entry.",
    shows: true,
    names: typeNames,
    run: claims,
  });
}
