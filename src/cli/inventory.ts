/** `raicho inventory`: entries of the inventory, by type and key. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused, type Client } from "./client.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { setUpInventoryAsk } from "./inventory-ask.ts";
import { setUpInventoryUpsert } from "./inventory-upsert.ts";
import { addAccessVerbs } from "./inventory-access.ts";
import { addDeployVerbs } from "./inventory-deploy.ts";
import {
  assignments,
  authorOf,
  authorOptions,
  entryOf,
  overrideOption,
  search,
  service,
  tellLocks,
  typeNames,
  typeOf,
  uuid,
} from "./inventory-entry.ts";
import { addFilterVerbs } from "./inventory-filters.ts";
import { setUpInventoryChanges } from "./inventory-changes.ts";
import { setUpInventoryGuards } from "./inventory-guards.ts";
import { setUpInventoryReindex } from "./inventory-reindex.ts";
import { setUpInventoryPast } from "./inventory-past.ts";
import { addTypeVerbs } from "./inventory-types.ts";
import { formatOf, optionText } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addDriftVerbs } from "./inventory-drift.ts";
import { addSheetVerbs } from "./inventory-sheets.ts";
import { addVerb, type Asked } from "./verb.ts";

/** Makes an entry; its key is the first of the type's keys that takes the word. */
async function create(
  client: Client,
  keys: readonly string[],
  { key, attributes, ...rest }: JsonObject & { readonly attributes: JsonObject },
): Promise<JsonObject> {
  const attempts = keys
    .filter((name) => attributes[name] === undefined)
    .map((name) => ({ ...attributes, [name]: key }));
  let first: unknown;
  for (const tried of attempts.length > 0 ? attempts : [attributes]) {
    try {
      const body = { ...rest, attributes: tried };
      return await client.object("POST", "/inventory/entries", { service, body });
    } catch (error) {
      if (!(error instanceof Refused) || error.exitCode !== exitCodes.failed) throw error;
      first ??= error;
    }
  }
  throw first;
}

async function set({ args, cli, client, options, print }: Asked): Promise<void> {
  const byId = uuid.test(args[0] ?? "");
  const words = byId ? args.slice(1) : args.slice(2);
  if (words.length === 0) throw new CliError(exitCodes.usage, "give at least one attribute=value");
  const before = await entryOf(client, byId ? args.slice(0, 1) : args.slice(0, 2)).catch(
    (error: unknown) => {
      if (
        error instanceof CliError &&
        error.exitCode === exitCodes.notFound &&
        options["create"] === true
      )
        return undefined;
      throw error;
    },
  );
  const type = before === undefined ? (args[0] ?? "") : String(before["type"]);
  const { schemas, keys } = await typeOf(client, type);
  const attributes = assignments(words, schemas, type);
  const version = optionText(options, "ifVersion");
  const answer =
    before === undefined
      ? await create(client, keys, { type, key: args[1], attributes, ...authorOf(options) })
      : await client.object("PATCH", `/inventory/entries/${String(before["id"])}`, {
          service,
          body: { attributes, ...authorOf(options) },
          headers: version === undefined ? {} : { "if-match": `"${version}"` },
        });
  const { entry, result, locked } = answer;
  tellLocks(cli, locked);
  await print.one({
    ...(isObject(entry) ? entry : {}),
    result,
    ...(formatOf(options) !== "table" && locked !== undefined ? { locked } : {}),
  });
}

async function find({ args: [text], client, options, print }: Asked): Promise<void> {
  const type = optionText(options, "type");
  const given: unknown[] = Array.isArray(options["where"]) ? options["where"] : [];
  const words = given.map(String);
  if (words.length > 0 && type === undefined)
    throw new CliError(exitCodes.usage, "--where needs --type: attributes belong to a type");
  const where =
    type === undefined ? {} : assignments(words, (await typeOf(client, type)).schemas, type);
  const [limit, filter] = [countOf(options), optionText(options, "filter")];
  const rows = await search(client, type, where, {
    ...(text === undefined ? {} : { text }),
    ...(filter === undefined ? {} : { filter }),
    ...(limit === undefined ? {} : { limit }),
  });
  await print.list(rows, {
    columns: ["id", "type", "name", "version", "updated_at"],
    nothing: "No entries found",
  });
}

export const setUpInventory: CommandSetup = (command, cli) => {
  addTypeVerbs(command, cli);
  addVerb(command, cli, {
    usage: "get <type-or-id> [key]",
    summary: "Show an entry, by its id or by type and key.",
    shows: true,
    examples: ["inventory get Server web1", "inventory get 0193…"],
    names: typeNames,
    run: async ({ args, client, print }) => print.one(await entryOf(client, args)),
  });
  addVerb(command, cli, {
    usage: "search [text]",
    summary: "Find entries by words, by type, by attributes.",
    shows: true,
    options: [
      ...listOptions,
      ["--type <name>", "of that type"],
      ["--filter <name>", "that fulfil a saved filter"],
      ["--where <attribute=value...>", "whose attributes are so, separated by commas"],
    ],
    examples: ["inventory search tokyo", "inventory search --type Server --where status=active"],
    run: find,
  });
  addVerb(command, cli, {
    usage: "set <type-or-id> [words...]",
    summary: "Change attributes of an entry; an empty value takes an attribute away.",
    options: [
      ["--create", "make the entry when there is none of that key"],
      ["--if-version <number>", "only while it is at that version"],
      overrideOption,
      ...authorOptions,
    ],
    names: typeNames,
    examples: ["inventory set Server web1 status=maintenance --reason 'new disk'"],
    run: set,
  });
  setUpInventoryUpsert(command, cli);
  setUpInventoryAsk(command, cli);
  setUpInventoryPast(command, cli);
  setUpInventoryGuards(command, cli);
  setUpInventoryChanges(command, cli);
  setUpInventoryReindex(command, cli);
  addSheetVerbs(command, cli);
  addDriftVerbs(command, cli);
  addDeployVerbs(command, cli);
  addAccessVerbs(command, cli);
  addFilterVerbs(command, cli);
};
