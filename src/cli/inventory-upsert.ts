/** `raicho inventory upsert`: many entries of a file, found by their keys, made or changed. */
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { readDocument } from "./files.ts";
import {
  authorOf,
  authorOptions,
  overrideOption,
  rowsOf,
  service,
  tellLocks,
} from "./inventory-entry.ts";
import { formatOf, optionText } from "./output.ts";
import { bar } from "./progress.ts";
import { addVerb, type Asked } from "./verb.ts";

/** Items of one request, which is one changeset; what later ones bring is not there yet for the references of these. */
const slice = 10_000;

/** A list of items, or of the attributes of entries of one type. */
async function itemsOf({ args: [file = ""], cli, options }: Asked): Promise<readonly unknown[]> {
  const read = await readDocument(cli, file);
  const list: unknown = isObject(read) ? read["items"] : read;
  if (!Array.isArray(list))
    throw new CliError(exitCodes.failed, `${file}: expected a list of {type, set}, or {items}`);
  const type = optionText(options, "type");
  const match = optionText(options, "match")?.split(",");
  const rest = match === undefined ? {} : { match: [match] };
  const given: readonly unknown[] = list;
  return given.map((item) => {
    if (!isObject(item)) return item;
    return type === undefined ? { ...rest, ...item } : { type, ...rest, set: item };
  });
}

async function upsert(asked: Asked): Promise<void> {
  const { client, cli, options, print } = asked;
  const items = await itemsOf(asked);
  const results: JsonObject[] = [];
  for (let from = 0; from < items.length; from += slice) {
    bar(cli, "writing", from, items.length);
    const body = { items: items.slice(from, from + slice), ...authorOf(options) };
    const done = await client.object("POST", "/inventory/upsert", { service, body });
    const own = rowsOf(done["results"]);
    results.push(...own.map((result, index) => ({ item: from + index, ...result })));
  }
  bar(cli, "writing", items.length, items.length);
  for (const { name, locked } of results) tellLocks(cli, locked, String(name));
  const wrong = results.filter(({ error }) => error !== undefined);
  if (formatOf(options) !== "table") await print.list(results, { columns: [] });
  else {
    const counts = Map.groupBy(results, ({ result }) => String(result));
    print.done([...counts].map(([result, { length }]) => `${length} ${result}`).join(", "));
    if (wrong.length > 0) await print.list(wrong, { columns: ["item", "result", "error"] });
  }
  if (wrong.length > 0)
    throw new CliError(
      exitCodes.failed,
      `${wrong.length} of ${items.length} ${wrong.length === 1 ? "was" : "were"} not written`,
    );
}

export const setUpInventoryUpsert: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "upsert <file>",
    summary:
      "Make or change the entries of a YAML or JSON file (- = standard input), found by their keys.",
    shows: true,
    options: [
      ["--type <name>", "the file lists attributes of entries of that type"],
      [
        "--match <attributes>",
        "find entries by these, separated by commas; by the type's keys unless said",
      ],
      overrideOption,
      ...authorOptions,
    ],
    examples: ["inventory upsert devices.yaml --type Device --reason 'first inventory'"],
    run: upsert,
  });
};
