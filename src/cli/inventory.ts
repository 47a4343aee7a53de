/** `raicho inventory`: entries of the inventory, by type and key. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused, type Client } from "./client.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { nearest } from "../inventory/text.ts";
import { optionText, type Options } from "./output.ts";
import { setUpInventoryGuards } from "./inventory-guards.ts";
import { castBySchema } from "./parameters.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const service = "own" as const;

function rowsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The type's attributes: name → JSON schema of what a command line may give. Throws CliError with the nearest type. */
async function typeOf(
  client: Client,
  name: string,
): Promise<{ keys: readonly string[]; schemas: JsonObject; title: string }> {
  try {
    const type = await client.object("GET", `/inventory/types/${encodeURIComponent(name)}`, {
      service,
    });
    const attributes = rowsOf(type["attributes"]);
    const names = new Set(["integer", "number", "boolean", "array", "object"]);
    const schemaOf = (kind: unknown, items: unknown): JsonObject => ({
      type: typeof kind === "string" && names.has(kind) ? kind : "string",
      ...(typeof items === "string" ? { items: schemaOf(items, undefined) } : {}),
    });
    const schemas = Object.fromEntries(
      attributes.map((each) => [String(each["name"]), schemaOf(each["type"], each["items"])]),
    );
    const { keys, title } = type;
    return {
      keys: (Array.isArray(keys) ? keys : []).map(firstOf),
      schemas,
      title: typeof title === "string" ? title : "name",
    };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    const { types } = await client.object("GET", "/inventory/types", { service });
    const close = nearest(
      name,
      rowsOf(types).map((type) => String(type["name"])),
    );
    throw new CliError(
      exitCodes.notFound,
      `there is no entry type "${name}"${close === undefined ? "; see raicho inventory types" : `; did you mean "${close}"?`}`,
    );
  }
}

/** A key is an attribute, or several. */
function firstOf(key: unknown): string {
  const inner: unknown = isObject(key) ? key["attributes"] : key;
  const attribute: unknown = Array.isArray(inner) ? inner[0] : inner;
  return typeof attribute === "string" ? attribute : "";
}

async function search(
  client: Client,
  type: string | undefined,
  where: JsonObject,
  rest: JsonObject,
): Promise<readonly JsonObject[]> {
  const found = await client.object("POST", "/inventory/search", {
    service,
    body: { ...(type === undefined ? {} : { type }), where, ...rest },
  });
  return rowsOf(found["entries"] ?? found["items"] ?? found["results"]);
}

/** The entry of that id, or of that type and key. Throws CliError. */
async function entryOf(client: Client, words: readonly string[]): Promise<JsonObject> {
  const [first = "", key] = words;
  if (key === undefined) {
    if (!uuid.test(first))
      throw new CliError(
        exitCodes.usage,
        `"${first}": give the id of an entry, or its type and key`,
      );
    return client.object("GET", `/inventory/entries/${first}`, { service });
  }
  const { keys } = await typeOf(client, first);
  for (const name of keys) {
    const found = await search(client, first, { [name]: key }, { limit: 2 });
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length > 1)
      throw new CliError(
        exitCodes.failed,
        `several entries of ${first} have ${name} "${key}"; give the id`,
      );
  }
  throw new CliError(exitCodes.notFound, `there is no ${first} "${key}" (${keys.join(", ")})`);
}

function assignments(words: readonly string[], schemas: JsonObject, type: string): JsonObject {
  return Object.fromEntries(
    words.map((word) => {
      const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined)
        throw new CliError(exitCodes.usage, `"${word}": expected attribute=value`);
      if (schemas[name] === undefined) {
        const close = nearest(name, Object.keys(schemas));
        throw new CliError(
          exitCodes.usage,
          `${type} has no attribute "${name}"${close === undefined ? "" : `; did you mean "${close}"?`}`,
        );
      }
      return [name, value === "" ? null : castBySchema(name, value, schemas[name])];
    }),
  );
}

function authorOf(options: Options): JsonObject {
  const [reason, ticket] = [optionText(options, "reason"), optionText(options, "ticket")];
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
  };
}

async function set({ args, client, options, print }: Asked): Promise<void> {
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
      ? await client.object("POST", "/inventory/entries", {
          service,
          body: {
            type,
            attributes: { ...(keys[0] === undefined ? {} : { [keys[0]]: args[1] }), ...attributes },
            ...authorOf(options),
          },
        })
      : await client.object("PATCH", `/inventory/entries/${String(before["id"])}`, {
          service,
          body: { attributes, ...authorOf(options) },
          headers: version === undefined ? {} : { "if-match": `"${version}"` },
        });
  const { entry, result } = answer;
  await print.one({ ...(isObject(entry) ? entry : {}), result });
}

async function find({ args: [text], client, options, print }: Asked): Promise<void> {
  const type = optionText(options, "type");
  const given: unknown[] = Array.isArray(options["where"]) ? options["where"] : [];
  const words = given.map(String);
  if (words.length > 0 && type === undefined)
    throw new CliError(exitCodes.usage, "--where needs --type: attributes belong to a type");
  const where =
    type === undefined ? {} : assignments(words, (await typeOf(client, type)).schemas, type);
  const limit = countOf(options);
  const rows = await search(client, type, where, {
    ...(text === undefined ? {} : { text }),
    ...(limit === undefined ? {} : { limit }),
  });
  await print.list(rows, {
    columns: ["id", "type", "title", "version", "updated_at"],
    nothing: "No entries found",
  });
}

async function history({ args, client, print }: Asked): Promise<void> {
  const { id } = await entryOf(client, args);
  const path = `/inventory/entries/${String(id)}/history`;
  const { revisions } = await client.object("GET", path, { service });
  await print.list(rowsOf(revisions), {
    columns: ["version", "at", "actor", "operation", "reason", "changes"],
  });
}

export const setUpInventory: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "types",
    summary: "List entry types.",
    shows: true,
    run: async ({ client, print }) => {
      const { types } = await client.object("GET", "/inventory/types", { service });
      await print.list(rowsOf(types), {
        columns: ["name", "pack", "label", "entries", "description"],
      });
    },
  });
  addVerb(command, cli, {
    usage: "get <type-or-id> [key]",
    summary: "Show an entry, by its id or by type and key.",
    shows: true,
    examples: ["inventory get Server web1", "inventory get 0193…"],
    run: async ({ args, client, print }) => print.one(await entryOf(client, args)),
  });
  addVerb(command, cli, {
    usage: "search [text]",
    summary: "Find entries by words, by type, by attributes.",
    shows: true,
    options: [
      ...listOptions,
      ["--type <name>", "of that type"],
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
      ["--reason <text>", "why, for the history"],
      ["--ticket <key>", "ticket it is done for, for the history"],
    ],
    examples: ["inventory set Server web1 status=maintenance --reason 'new disk'"],
    run: set,
  });
  addVerb(command, cli, {
    usage: "history <type-or-id> [key]",
    summary: "List the revisions of an entry, the newest first.",
    shows: true,
    run: history,
  });
  setUpInventoryGuards(command, cli);
};
