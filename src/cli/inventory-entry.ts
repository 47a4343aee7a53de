/** What commands about entries of the inventory share: finding one, and reading attribute=value as its type says. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused, type Client } from "./client.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { nearest } from "../inventory/text.ts";
import { optionText, type Options } from "./output.ts";
import { castBySchema } from "./parameters.ts";

export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const service = "own" as const;

export function rowsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The type's attributes: name → JSON schema of what a command line may give. Throws CliError with the nearest type. */
export async function typeOf(
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

export async function search(
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

/** A word that is no value of a key (a login where mail addresses are) finds nothing. */
function nothingFits(error: unknown): readonly JsonObject[] {
  if (error instanceof Refused && error.exitCode === exitCodes.failed) return [];
  throw error;
}

/** The entry of that id, or of that type and key. Throws CliError. */
export async function entryOf(client: Client, words: readonly string[]): Promise<JsonObject> {
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
  // Of a type whose keys have several parts, people still know the name.
  for (const name of new Set([...keys, "name"])) {
    const found = await search(client, first, { [name]: key }, { limit: 2 }).catch(nothingFits);
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length > 1)
      throw new CliError(
        exitCodes.failed,
        `several entries of ${first} have ${name} "${key}"; give the id`,
      );
  }
  throw new CliError(exitCodes.notFound, `there is no ${first} "${key}" (${keys.join(", ")})`);
}

export function assignments(
  words: readonly string[],
  schemas: JsonObject,
  type: string,
): JsonObject {
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

export function authorOf(options: Options): JsonObject {
  const [reason, ticket] = [optionText(options, "reason"), optionText(options, "ticket")];
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(options["override"] === true ? { override: true } : {}),
  };
}

export const overrideOption = [
  "--override",
  "also what another source owns, against its word",
] as const;

/** Says on the error output what was edited that other sources own. */
export function tellLocks(cli: Cli, locked: unknown, entry = ""): void {
  for (const { message } of rowsOf(locked))
    cli.terminal.note(`raicho: ${entry === "" ? "" : `${entry}: `}${String(message)}\n`);
}

export const authorOptions = [
  ["--reason <text>", "why, for the history"],
  ["--ticket <key>", "ticket it is done for, for the history"],
] as const;

/** What the tab key offers where a type is meant. */
export const typeNames = { path: "/inventory/types", key: "name", own: "types" };
