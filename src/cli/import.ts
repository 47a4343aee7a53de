/** `raicho import stackstorm URL`: takes over a running StackStorm through its API.
 *
 * 1. Only documented operations of StackStorm's API are used, on both sides: what is read there is written here by the same words.
 * 2. Nothing is changed there, and nothing that exists here is overwritten unless `--replace` says so.
 * 3. Whatever one item's fate is, the others go on; the report names each that was not taken over, and why. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Client } from "./client.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { writePrivately } from "./ini.ts";
import { formatOf, optionText, type Options } from "./output.ts";
import { access, apiKeys } from "./import-access.ts";
import { configs, keys, packs, policies, rules, type Item, type Move } from "./import-steps.ts";
import { readSettings, type Settings } from "./settings.ts";
import { addVerb, type Asked } from "./verb.ts";

/** The last executions, as lines of a file: a history is read, never written, through the API. */
async function history(
  { from, note, dryRun }: Move,
  count: number,
): Promise<readonly JsonObject[]> {
  const { rows, total } = await from.pages(
    "/executions",
    { parent: "null", sort_desc: "True" },
    count,
  );
  const name = `${rows.length} of ${total ?? rows.length} executions`;
  note({
    kind: "history",
    name,
    fate: dryRun ? "would be taken over" : "taken over",
    reason: "written as a file, one execution a line",
  });
  return rows;
}

const steps = ["packs", "configs", "keys", "policies", "rules", "apikeys", "access"] as const;
type Section = (typeof steps)[number];

function sections(options: Options): ReadonlySet<Section> {
  const given = optionText(options, "only");
  if (given === undefined) return new Set(steps);
  const names = given.split(",").map((name) => name.trim());
  const odd = names.find((name) => !steps.some((step) => step === name));
  if (odd !== undefined)
    throw new CliError(exitCodes.usage, `--only ${odd}: expected some of ${steps.join(", ")}`);
  return new Set(steps.filter((step) => names.includes(step)));
}

function source({ cli, options, args }: Asked): Settings {
  const address = args[0] ?? "";
  const place = {
    url: address.replace(/\/+$/, ""),
    skipConfig: true,
    token: optionText(options, "fromToken"),
    apiKey: optionText(options, "fromApiKey"),
    apiUrl: optionText(options, "fromApiUrl"),
    authUrl: optionText(options, "fromAuthUrl"),
    cacert: optionText(options, "fromCacert"),
  };
  return readSettings({ environment: { HOME: cli.environment["HOME"] } }, place);
}

async function sourceClient(asked: Asked): Promise<Client> {
  const { cli, options } = asked;
  const settings = source(asked);
  const user = optionText(options, "fromUser");
  if (user === undefined) return new Client(cli, settings);
  const password =
    cli.environment["RAICHO_FROM_PASSWORD"] ??
    (await cli.terminal.ask(`Password of ${user} at ${settings.auth}: `, { hidden: true }));
  const { token } = await new Client(cli, settings).signIn(user, password);
  return new Client(cli, { ...settings, token });
}

interface Found {
  readonly keys: readonly JsonObject[];
  readonly access: JsonObject | undefined;
  readonly executions: readonly JsonObject[];
}

async function moveAll(
  move: Move,
  wanted: ReadonlySet<Section>,
  historyCount: number,
): Promise<Found> {
  if (wanted.has("packs")) await packs(move);
  if (wanted.has("configs")) await configs(move);
  if (wanted.has("keys")) await keys(move);
  if (wanted.has("policies")) await policies(move);
  // After what they need.
  if (wanted.has("rules")) await rules(move);
  return {
    keys: wanted.has("apikeys") ? await apiKeys(move) : [],
    access: wanted.has("access") ? await access(move) : undefined,
    executions: historyCount > 0 ? await history(move, historyCount) : [],
  };
}

async function writeFiles(
  directory: string,
  { keys: made, access: rbac, executions }: Found,
): Promise<readonly string[]> {
  const { printYaml } = await import("../content/print-yaml.ts");
  const files: [string, string][] = [];
  for (const part of ["roles", "assignments"]) {
    const documents = rbac?.[part];
    for (const [name, document] of Object.entries(isObject(documents) ? documents : {}))
      files.push([`${part}/${name.replaceAll(/[^\w.@-]/g, "_")}.yaml`, printYaml(document)]);
  }
  if (made.length > 0) files.push(["api-keys.json", `${JSON.stringify(made, undefined, 2)}\n`]);
  if (executions.length > 0)
    files.push(["executions.jsonl", executions.map((row) => `${JSON.stringify(row)}\n`).join("")]);
  for (const [name, content] of files) writePrivately(`${directory}/${name}`, content);
  return files.map(([name]) => `${directory}/${name}`);
}

async function importStackStorm(asked: Asked): Promise<void> {
  const { client, options, cli, print } = asked;
  const wanted = sections(options);
  const count = Number(optionText(options, "history") ?? 0);
  if (!Number.isInteger(count) || count < 0)
    throw new CliError(exitCodes.usage, "--history: give a number of executions");
  const dryRun = options["dryRun"] === true;
  const items: Item[] = [];
  const move: Move = {
    from: await sourceClient(asked),
    to: client,
    dryRun,
    replace: options["replace"] === true,
    note: (item) => {
      items.push(item);
      if (cli.terminal.notesSeen)
        cli.terminal.note(`\r\u001B[K${items.length} ${item.kind} ${item.name}`.slice(0, 78));
    },
  };
  const found = await moveAll(move, wanted, count);
  if (cli.terminal.notesSeen) cli.terminal.note("\r\u001B[K");
  const directory = `${cli.workingDirectory}/${optionText(options, "directory") ?? "stackstorm-import"}`;
  const files = dryRun ? [] : await writeFiles(directory, found);
  if (formatOf(options) === "table") {
    await print.list(
      items.map((item) => ({ ...item })),
      { columns: ["kind", "name", "fate", "reason"], nothing: "There is nothing to take over" },
    );
    const tally = Map.groupBy(items, ({ fate }) => fate);
    print.done(
      `\n${[...tally].map(([fate, each]) => `${each.length} ${fate}`).join(", ")}${dryRun ? "; nothing was changed (--dry-run)" : ""}`,
    );
    for (const file of files) print.done(`written: ${file}`);
  } else await print.one({ dry_run: dryRun, items, files });
  if (items.some(({ fate }) => fate === "failed")) cli.end(exitCodes.failed);
}

export const setUpImport: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "stackstorm <url>",
    summary:
      "Take over a running StackStorm through its API: pack configurations, keys, policies, rules, API keys, roles and who has them.",
    options: [
      ["--dry-run", "tell what would be done, change nothing"],
      ["--replace", "take over what exists here and differs"],
      ["--only <names>", `some of ${steps.join(", ")}, separated by commas`],
      ["--history <number>", "write the last executions there to a file"],
      [
        "--directory <path>",
        "for roles, new API keys and the history (default: stackstorm-import)",
      ],
      ["--from-token <token>", "token of an administrator there"],
      ["--from-api-key <key>", "API key of an administrator there"],
      [
        "--from-user <name>",
        "sign in there; the password is asked for, or in RAICHO_FROM_PASSWORD",
      ],
      ["--from-api-url <address>", "its API when it is not URL/api/v1"],
      ["--from-auth-url <address>", "its token service when it is not URL/auth/v1"],
      ["--from-cacert <file>", "certificates to trust there"],
    ],
    examples: [
      "import stackstorm https://st2.example.com --from-api-key KEY --dry-run",
      "import stackstorm https://st2.example.com --from-user st2admin --history 10000",
    ],
    run: importStackStorm,
  });
};
