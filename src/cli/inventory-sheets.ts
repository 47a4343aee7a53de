/** `raicho inventory import`, `export` and what decides about spreadsheets. */
import type { Command } from "commander";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { formatOf, optionText, type Options } from "./output.ts";
import { numberIn, showImport } from "./inventory-sheet-view.ts";
import { bar } from "./progress.ts";
import { addVerb, type Asked } from "./verb.ts";

const service = "own" as const;

function rowsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** `ops-sheet=ops.xlsx`, or a path alone: the source is called like the file then. */
function fileOf(word: string, { workingDirectory }: Cli, options: Options): JsonObject {
  const [, named, path = word] = /^([\p{L}\p{N}_.-]+)=(.+)$/u.exec(word) ?? [];
  const name = basename(path);
  const source = named ?? name.slice(0, name.length - extname(name).length);
  try {
    const content = readFileSync(resolve(workingDirectory, path)).toString("base64");
    const texts = ["type", "sheet", "encoding"].map(
      (key) => [key, optionText(options, key)] as const,
    );
    return { name, source, content, columns: columnsOf(options), ...Object.fromEntries(texts) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `${path} cannot be read: ${why}`);
  }
}

function columnsOf({ column }: Options): JsonObject {
  const given: unknown[] = Array.isArray(column) ? column : [];
  return Object.fromEntries(
    given.map((each) => {
      const text = String(each);
      const at = text.lastIndexOf("=");
      if (at <= 0) throw new CliError(exitCodes.usage, `"${text}": expected heading=attribute`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function authorIn(options: Options): JsonObject {
  const [reason, ticket] = [optionText(options, "reason"), optionText(options, "ticket")];
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
  };
}

/** Stages the files one after the other into one import, and commits it when that is wished. */
async function importFiles(asked: Asked): Promise<void> {
  const { args, client, cli, options } = asked;
  if (args.length === 0) throw new CliError(exitCodes.usage, "give at least one spreadsheet");
  const authority = optionText(options, "authority")?.split(",");
  const wish = {
    newest: options["newest"] === true,
    override: options["override"] === true,
    ...(authority === undefined ? {} : { authority }),
  };
  let staged: JsonObject = {};
  for (const [index, word] of args.entries()) {
    bar(cli, "reading", index, args.length);
    const files = [fileOf(word, cli, options)];
    staged = await client.object("POST", "/inventory/imports", {
      service,
      body: { files, ...wish, import: staged["id"] },
    });
  }
  bar(cli, "reading", args.length, args.length);
  const errors = numberIn(staged["summary"], "error");
  const stopped = errors > 0 && options["skipErrors"] !== true;
  const goesOn = options["commit"] === true && !stopped;
  // Programs read one answer: what became of it in the end.
  if (!goesOn || formatOf(options) === "table") await showImport(asked, staged);
  if (stopped)
    throw new CliError(
      exitCodes.failed,
      `nothing was imported: ${errors} ${errors === 1 ? "row has" : "rows have"} errors; correct them, or give --skip-errors`,
    );
  if (goesOn) await commit(asked, String(staged["id"]));
}

async function commit({ client, cli, options, print }: Asked, id: string): Promise<void> {
  const ended = new AbortController();
  const path = `/inventory/imports/${id}`;
  const body = { skip_errors: options["skipErrors"] === true, ...authorIn(options) };
  const work = client
    .object("POST", `${path}/commit`, { service, body })
    .finally(() => ended.abort());
  const watch = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const { summary } = await client.object("GET", path, { service });
      const all = numberIn(summary, "create") + numberIn(summary, "update");
      if (!ended.signal.aborted)
        bar(cli, "writing", Math.min(all, numberIn(summary, "written")), all + 1);
      await Promise.race([work.catch(() => undefined), pause()]);
    }
  };
  const [done] = await Promise.all([work, cli.terminal.notesSeen ? watch() : undefined]);
  const { result } = done;
  if (formatOf(options) !== "table") return print.one(done);
  const [created, updated] = [numberIn(result, "created"), numberIn(result, "updated")];
  print.done(
    created + updated === 0
      ? "nothing was imported"
      : `imported: ${created} created, ${updated} updated; take it back with raicho inventory import-revert ${id}`,
  );
  const failed = isObject(result) ? rowsOf(result["failed"]) : [];
  if (failed.length > 0)
    await print.list(failed, { columns: ["type", "entry", "result", "error"] });
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, 300));
}

async function decide(asked: Asked): Promise<void> {
  const { args, client, options } = asked;
  const [id = "", type, entry, attribute] = args;
  const [take, value] = [optionText(options, "take"), optionText(options, "value")];
  if ((take === undefined) === (value === undefined))
    throw new CliError(exitCodes.usage, "give --take <source>, or --value <value>");
  const word = take === undefined ? { value } : { take };
  const decisions = [{ type, attribute, ...word, ...(entry === "*" ? {} : { entry }) }];
  const path = `/inventory/imports/${id}/decisions`;
  await showImport(asked, await client.object("POST", path, { service, body: { decisions } }));
}

async function exportType({ args: [type], client, cli, options, print }: Asked): Promise<void> {
  const path = optionText(options, "file");
  const format =
    optionText(options, "format") ?? (path?.endsWith(".xlsx") === true ? "xlsx" : "csv");
  const given = ["text", "columns", "source", "language", "where", "encoding"] as const;
  const query = Object.fromEntries(given.map((name) => [name, optionText(options, name)]));
  const bytes = await client.bytes("/inventory/export", {
    service,
    query: { type, format, ...query },
  });
  if (path === undefined && query["encoding"] !== undefined)
    throw new CliError(exitCodes.usage, "give --file for text in another encoding");
  if (path === undefined && format === "csv") return cli.terminal.write(bytes.toString("utf8"));
  if (path === undefined) throw new CliError(exitCodes.usage, "give --file for a workbook");
  writeFileSync(resolve(cli.workingDirectory, path), bytes);
  print.done(`written to ${path}`);
}

const reasons = [
  ["--reason <text>", "why, for the history"],
  ["--ticket <key>", "ticket it is done for, for the history"],
] as const;
const skip = ["--skip-errors", "leave rows with errors out"] as const;

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

export function addSheetVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "import <files...>",
    summary: "Read spreadsheets (source=file) and show what they would do; --commit does it.",
    shows: true,
    options: [
      ["--type <name>", "type of the entries; found out by the headings"],
      ["--sheet <name>", "only this sheet of a workbook"],
      ["--encoding <name>", "of a text file, as cp932; recognised when left out"],
      ["--override", "also cells that another source owns and lets nobody edit"],
      ["--authority <sources>", "sources, best first, that decide contradictions"],
      ["--newest", "the newest sheet decides contradictions"],
      ["--commit", "import at once"],
      skip,
      ...reasons,
    ],
    examples: [
      "inventory import ops-sheet=ops.xlsx admin-sheet=admin.csv",
      "inventory import 機材.csv --type Device --column 機械=hostname --commit",
    ],
    run: importFiles,
  }).option(
    "--column <heading=attribute>",
    "what a column is; an empty attribute: not read",
    collect,
  );
  addStagedVerbs(command, cli);
  addVerb(command, cli, {
    usage: "export <type>",
    summary: "Write entries as a spreadsheet that can be imported again.",
    options: [
      ["--file <path>", "where to; standard output when left out"],
      ["--format <csv|xlsx>", "by the ending of the file when left out"],
      ["--encoding <utf-8|cp932>", "of CSV; utf-8 when left out"],
      ["--columns <attributes>", "which, in order, separated by commas"],
      ["--where <json>", "conditions, as in a search"],
      ["--text <words>", "words, as in a search"],
      ["--source <name>", "use the headings of this source's sheets"],
      ["--language <ja|en|name>", "of headings and values; ja when left out"],
    ],
    examples: ["inventory export Device --file devices.xlsx"],
    run: exportType,
  });
}

/** What is done with an import after it was staged. */
function addStagedVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "import-show <id>",
    summary: "Show what an import would do, or did.",
    shows: true,
    run: async (asked) =>
      showImport(
        asked,
        await asked.client.object("GET", `/inventory/imports/${asked.args[0]}`, { service }),
      ),
  });
  addVerb(command, cli, {
    usage: "import-decide <id> <type> <entry> <attribute>",
    summary: "Decide a contradiction of a staged import; the entry * stands for the whole column.",
    shows: true,
    options: [
      ["--take <source>", 'whose word counts; "document" for what stands in the inventory'],
      ["--value <value>", "another value"],
    ],
    run: decide,
  });
  addVerb(command, cli, {
    usage: "import-commit <id>",
    summary: "Write a staged import, as one changeset.",
    options: [skip, ...reasons],
    run: async (asked) => commit(asked, asked.args[0] ?? ""),
  });
  addVerb(command, cli, {
    usage: "import-revert <id>",
    summary: "Take a committed import back as a whole.",
    options: reasons,
    run: async ({ args: [id], client, options, print }) => {
      const path = `/inventory/imports/${id}/revert`;
      await print.one(await client.object("POST", path, { service, body: authorIn(options) }), [
        "id",
        "state",
      ]);
    },
  });
}
