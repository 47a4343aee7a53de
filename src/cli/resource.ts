/** What commands for one kind of thing share: list, get, create, update, delete, enable, disable. */
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import { Refused, type Client } from "./client.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import type { Named } from "./complete-names.ts";
import { readObject } from "./files.ts";
import { nearest } from "../inventory/text.ts";
import { optionText, type Options } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

type Verb = "list" | "get" | "create" | "update" | "delete" | "enable" | "disable";

export interface Resource {
  /** As sentences name one and several. */
  readonly noun: string;
  readonly plural: string;
  readonly path: string;
  /** What names one of them. */
  readonly key: "ref" | "id" | "name" | "url";
  readonly columns: readonly string[];
  /** Attributes of the table of one; undefined = all. */
  readonly detail?: readonly string[];
  /** Filters of the list: flag, description, name in the query. */
  readonly filters?: readonly (readonly [flag: string, description: string, query: string])[];
  readonly verbs: readonly Verb[];
  /** The list has no pages. */
  readonly whole?: true;
}

export const listOptions = [["-n, --last <number>", "how many; -1 = all", "50"]] as const;
const packFilter = ["-p, --pack <name>", "of that pack", "pack"] as const;
export { packFilter };

/** How many rows of a list are wanted; undefined = all. Throws CliError. */
export function countOf(options: Options): number | undefined {
  const text = optionText(options, "last") ?? "50";
  const count = Number(text);
  if (Number.isInteger(count) && (count > 0 || count === -1))
    return count === -1 ? undefined : count;
  throw new CliError(exitCodes.usage, `--last ${text}: give a number of rows, or -1 for all`);
}

/** `--trigger-instance <id>` → `triggerInstance`. */
function attributeOf(flag: string): string {
  const [, name = ""] = /--([\w-]+)/.exec(flag) ?? [];
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function place({ path }: Resource, name: string): string {
  return `${path}/${encodeURIComponent(name)}`;
}

async function refuse(
  error: unknown,
  client: Client,
  resource: Resource,
  name: string,
): Promise<never> {
  if (!(error instanceof Refused) || error.status !== 404 || resource.key === "id") throw error;
  const rows =
    resource.whole === true
      ? await client.list(resource.path)
      : (await client.pages(resource.path, {}, undefined)).rows;
  const close = nearest(
    name,
    rows.map((row) => String(row[resource.key])),
  );
  const help = close === undefined ? "" : `; did you mean "${close}"?`;
  throw new CliError(exitCodes.notFound, `there is no ${resource.noun} "${name}"${help}`);
}

/** One of them, by what names it. Throws CliError with the nearest name when there is none. */
export async function find(client: Client, resource: Resource, name: string): Promise<JsonObject> {
  try {
    return await client.object("GET", place(resource, name));
  } catch (error) {
    return refuse(error, client, resource, name);
  }
}

async function list(asked: Asked, resource: Resource): Promise<void> {
  const { client, options, print } = asked;
  const query = Object.fromEntries(
    (resource.filters ?? []).map(([flag, , name]) => [
      name,
      optionText(options, attributeOf(flag)),
    ]),
  );
  const count = countOf(options);
  const rows =
    resource.whole === true
      ? (await client.list(resource.path, { query })).slice(0, count)
      : (await client.pages(resource.path, query, count)).rows;
  await print.list(rows, { columns: resource.columns, nothing: `No ${resource.plural} found` });
}

async function change(asked: Asked, resource: Resource, enabled: boolean): Promise<void> {
  const { args, client, print } = asked;
  for (const name of args) {
    const before = await find(client, resource, name);
    const changed = await client.object("PUT", place(resource, name), {
      body: { ...before, enabled },
    });
    await print.one(changed, resource.detail);
  }
}

const shapes: Readonly<
  Record<
    Verb,
    { readonly usage: (key: string) => string; readonly summary: (resource: Resource) => string }
  >
> = {
  list: { usage: () => "list", summary: ({ plural }) => `List ${plural}.` },
  get: {
    usage: (key) => `get <${key}...>`,
    summary: ({ noun }) => `Show one ${noun}, or several.`,
  },
  create: {
    usage: () => "create <file>",
    summary: ({ noun }) =>
      `Make ${withArticle(noun)} from a YAML or JSON file; - reads standard input.`,
  },
  update: {
    usage: (key) => `update <${key}> <file>`,
    summary: ({ noun }) => `Replace ${withArticle(noun)} by what a file says.`,
  },
  delete: { usage: (key) => `delete <${key}...>`, summary: ({ plural }) => `Delete ${plural}.` },
  enable: { usage: (key) => `enable <${key}...>`, summary: ({ plural }) => `Enable ${plural}.` },
  disable: { usage: (key) => `disable <${key}...>`, summary: ({ plural }) => `Disable ${plural}.` },
};

const runs: Readonly<Record<Verb, (asked: Asked, resource: Resource) => Promise<void>>> = {
  list,
  get: async ({ args, client, print }, resource) => {
    for (const name of args) await print.one(await find(client, resource, name), resource.detail);
  },
  create: async ({ args: [file = ""], client, print, cli }, resource) => {
    const body = await readObject(cli, file);
    await print.one(await client.object("POST", resource.path, { body }), resource.detail);
  },
  update: async ({ args: [name = "", file = ""], client, print, cli }, resource) => {
    const body = await readObject(cli, file);
    const before = await find(client, resource, name);
    const { id } = before;
    const whole = typeof id === "string" ? { ...body, id } : body;
    await print.one(
      await client.object("PUT", place(resource, name), { body: whole }),
      resource.detail,
    );
  },
  delete: async ({ args, client, print }, resource) => {
    for (const name of args) {
      await find(client, resource, name);
      await client.request("DELETE", place(resource, name));
      print.done(`${resource.noun} "${name}" is deleted`);
    }
  },
  enable: (asked, resource) => change(asked, resource, true),
  disable: (asked, resource) => change(asked, resource, false),
};

function namesIn({ path, key, whole }: Resource, verb: Verb): Named {
  return { path, key, all: verb !== "update", ...(whole === true ? { whole } : {}) };
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** Adds the verbs that this kind of thing has. */
export function addResource(command: Command, cli: Cli, resource: Resource): void {
  for (const verb of resource.verbs) {
    const { usage, summary } = shapes[verb];
    const filters = (resource.filters ?? []).map(([flag, words]) => [flag, words] as const);
    addVerb(command, cli, {
      usage: usage(resource.key),
      summary: summary(resource),
      shows: verb !== "delete",
      options: verb === "list" ? [...listOptions, ...filters] : [],
      ...(verb === "list" || verb === "create" ? {} : { names: namesIn(resource, verb) }),
      run: (asked) => runs[verb](asked, resource),
    });
  }
}
