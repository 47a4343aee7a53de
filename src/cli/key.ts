/** `raicho key`: the datastore. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused } from "./client.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { exportStackStormKey, importStackStormKey } from "./datastore-key.ts";
import { readDocument } from "./files.ts";
import { optionText, type Options } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

const scopeOptions = [
  ["-s, --scope <scope>", "system, user, or (in lists) all", "system"],
  ["-u, --user <name>", "whose key, with --scope user (administrators)"],
] as const;
const decryptOption = ["-d, --decrypt", "show secrets in the clear"] as const;
const columns = ["name", "value", "secret", "encrypted", "scope", "user", "expire_timestamp"];

function scopeOf(options: Options): { scope: string | undefined; user: string | undefined } {
  return { scope: optionText(options, "scope"), user: optionText(options, "user") };
}

function place(name: string): string {
  return `/keys/${encodeURIComponent(name)}`;
}

async function list({ client, options, print }: Asked): Promise<void> {
  const { scope, user } = scopeOf(options);
  const query = {
    scope,
    user,
    prefix: optionText(options, "prefix"),
    decrypt: options["decrypt"] === true ? true : undefined,
  };
  const { rows } = await client.pages("/keys", query, countOf(options));
  await print.list(rows, { columns, nothing: "No keys found" });
}

async function get({ args: [name = ""], client, options, print }: Asked): Promise<void> {
  const decrypt = options["decrypt"] === true ? true : undefined;
  const query = { ...scopeOf(options), decrypt };
  await print.one(await client.object("GET", place(name), { query }));
}

function ttlOf(options: Options): JsonObject {
  const text = optionText(options, "ttl");
  if (text === undefined) return {};
  const ttl = Number(text);
  if (Number.isInteger(ttl) && ttl > 0) return { ttl };
  throw new CliError(exitCodes.usage, `--ttl ${text}: give seconds, a whole number above 0`);
}

async function set({
  args: [name = "", given = ""],
  client,
  options,
  print,
  cli,
}: Asked): Promise<void> {
  const value = given === "-" ? (await cli.terminal.readInput()).replace(/\r?\n$/, "") : given;
  const { scope, user } = scopeOf(options);
  const body = {
    name,
    value,
    scope,
    user: scope === "user" ? user : undefined,
    ...(options["encrypt"] === true ? { secret: true } : {}),
    ...(options["encrypted"] === true ? { secret: true, encrypted: true } : {}),
    ...ttlOf(options),
  };
  const query = { scope, user: body.user };
  await print.one(await client.object("PUT", place(name), { query, body }), columns);
}

async function remove({ args, client, options, print }: Asked): Promise<void> {
  for (const name of args) {
    await client.request("DELETE", place(name), { query: scopeOf(options) });
    print.done(`key "${name}" is deleted`);
  }
}

async function removeAll({ args: [flagless], client, options, print }: Asked): Promise<void> {
  const prefix = flagless ?? optionText(options, "prefix") ?? "";
  if (prefix === "")
    throw new CliError(exitCodes.usage, "give the prefix of the keys to delete: -p PREFIX");
  const scope = scopeOf(options);
  const { rows } = await client.pages("/keys", { ...scope, prefix }, undefined);
  for (const { name } of rows)
    await client.request("DELETE", place(String(name)), { query: scope });
  print.done(
    `${rows.length} ${rows.length === 1 ? "key" : "keys"} deleted: ${rows.map(({ name }) => String(name)).join(", ")}`,
  );
}

function itemsOf(value: unknown, file: string): readonly JsonObject[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item, index) => {
    if (isObject(item) && typeof item["name"] === "string" && item["value"] !== undefined)
      return item;
    throw new CliError(
      exitCodes.failed,
      `${file}: item ${index + 1}: expected an object with name and value`,
    );
  });
}

/** Seconds that a key has left: its `ttl`, or until the `expire_timestamp` that a list of keys shows; 0 = it is over. */
function restOf({ ttl, expire_timestamp: end }: JsonObject): unknown {
  if (ttl !== undefined || typeof end !== "string") return ttl;
  return Math.max(0, Math.ceil((Date.parse(end) - Date.now()) / 1000));
}

/** Keys of a file: a list of objects with name and value (and scope, user, secret, encrypted, ttl), as `key list -j` prints them; those whose time is over are left out. */
async function load({ args: [file = ""], client, options, print, cli }: Asked): Promise<void> {
  const items = itemsOf(await readDocument(cli, file), file);
  const convert = options["convert"] === true;
  const text = items.find(({ value }) => typeof value !== "string");
  if (text !== undefined && !convert)
    throw new CliError(
      exitCodes.failed,
      `${file}: the value of "${String(text["name"])}" is not text; -c stores it as JSON`,
    );
  const made: JsonObject[] = [];
  for (const item of items) {
    const { name, value, scope, user, secret, encrypted } = item;
    const body = {
      name,
      value: typeof value === "string" ? value : JSON.stringify(value),
      scope: typeof scope === "string" ? scope : "system",
      user,
      secret,
      encrypted,
      ttl: restOf(item),
    };
    if (body.ttl === 0) continue;
    const query = { scope: body.scope, user: typeof user === "string" ? user : undefined };
    try {
      made.push(await client.object("PUT", place(String(name)), { query, body }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new CliError(
        error.exitCode,
        `${file}: key "${String(name)}": ${error.message} (${made.length} keys before it are stored)`,
      );
    }
  }
  await print.list(made, { columns });
}

const setUpStackStormKey: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "import-stackstorm <file>",
    summary: "Encrypt secrets with a StackStorm's key file from now on (administrators).",
    examples: ["key import-stackstorm /etc/st2/keys/datastore_key.json", "key load keys.json"],
    run: importStackStormKey,
  });
  addVerb(command, cli, {
    usage: "export-stackstorm <file>",
    summary: "Write the key that encrypts secrets as StackStorm's key file (administrators).",
    examples: ["key export-stackstorm datastore_key.json", "key list -s all -n -1 -j > keys.json"],
    run: exportStackStormKey,
  });
};

const keyNames = { path: "/keys", key: "name" };

export const setUpKey: CommandSetup = (command, cli) => {
  const shows = true;
  addVerb(command, cli, {
    usage: "list",
    summary: "List keys.",
    shows,
    options: [
      ...listOptions,
      ...scopeOptions,
      decryptOption,
      ["--prefix <text>", "whose names begin so"],
    ],
    run: list,
  });
  addVerb(command, cli, {
    usage: "get <name>",
    summary: "Show a key.",
    shows,
    options: [...scopeOptions, decryptOption],
    names: keyNames,
    examples: ["key get smtp_password --decrypt -j -a value"],
    run: get,
  });
  addVerb(command, cli, {
    usage: "set <name> <value>",
    summary: "Set a key; the value - is read from standard input.",
    shows,
    options: [
      ...scopeOptions,
      ["-e, --encrypt", "keep it as a secret"],
      ["--encrypted", "the value is encrypted already, by the same key (administrators)"],
      ["-l, --ttl <seconds>", "how long it lives"],
    ],
    examples: ["key set maintenance true -l 3600", "key set -e smtp_password - < password.txt"],
    run: set,
  });
  addVerb(command, cli, {
    usage: "delete <name...>",
    summary: "Delete keys.",
    names: { ...keyNames, all: true },
    options: scopeOptions,
    run: remove,
  });
  addVerb(command, cli, {
    usage: "delete_by_prefix [prefix]",
    aliases: ["delete-by-prefix"],
    summary: "Delete all keys whose names begin so.",
    options: [...scopeOptions, ["-p, --prefix <text>", "how the names begin"]],
    run: removeAll,
  });
  addVerb(command, cli, {
    usage: "load <file>",
    summary: "Set the keys of a YAML or JSON file.",
    shows,
    options: [["-c, --convert", "store values that are not text as JSON"]],
    run: load,
  });
  setUpStackStormKey(command, cli);
};
