/** `raicho login`, `logout`, `whoami`, `auth`, `api-key`: who one is. */
import { isObject } from "../model/json.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { readDocument } from "./files.ts";
import { optionText, type Options } from "./output.ts";
import { addResource } from "./resource.ts";
import { changeIni } from "./ini.ts";
import { forgetToken, rememberToken } from "./settings.ts";
import { addVerb, asVerb, type Asked } from "./verb.ts";

function ttlOf(options: Options): number | undefined {
  const text = optionText(options, "ttl");
  if (text === undefined) return undefined;
  const ttl = Number(text);
  if (Number.isInteger(ttl) && ttl > 0) return ttl;
  throw new CliError(exitCodes.usage, `--ttl ${text}: give seconds, a whole number above 0`);
}

async function passwordOf({ options, cli }: Asked, user: string): Promise<string> {
  return (
    optionText(options, "password") ??
    cli.environment["RAICHO_PASSWORD"] ??
    (await cli.terminal.ask(`Password of ${user}: `, { hidden: true }))
  );
}

async function login(asked: Asked): Promise<void> {
  const { args, client, options, cli, print } = asked;
  const { settings } = client;
  const user = args[0] ?? settings.user ?? (await cli.terminal.ask("User: "));
  const password = await passwordOf(asked, user);
  const issued = await client.signIn(user, password, ttlOf(options));
  rememberToken(cli.environment, settings, issued);
  const url = optionText(options, "url") ?? cli.environment["RAICHO_URL"];
  const cacert = optionText(options, "cacert");
  changeIni(settings.configFile, {
    "credentials.username": issued.user,
    ...(url === undefined ? {} : { "general.url": url }),
    ...(cacert === undefined ? {} : { "general.cacert": cacert }),
    ...(options["writePassword"] === true ? { "credentials.password": password } : {}),
  });
  const until = issued.expiry === undefined ? "" : ` until ${issued.expiry}`;
  print.done(`Signed in at ${settings.api} as ${issued.user}${until}.`);
}

async function token(asked: Asked): Promise<void> {
  const { args, client, options, cli, print } = asked;
  const user = args[0] ?? client.settings.user ?? (await cli.terminal.ask("User: "));
  const issued = await client.signIn(user, await passwordOf(asked, user), ttlOf(options));
  if (options["onlyToken"] === true) cli.terminal.write(`${issued.token}\n`);
  else await print.one({ ...issued });
}

const signInOptions = [
  ["-p, --password <password>", "asked for when it is not given; better in RAICHO_PASSWORD"],
  ["-l, --ttl <seconds>", "how long the token lives"],
] as const;

export const setUpLogin: CommandSetup = (command, cli) => {
  asVerb(command, cli, {
    usage: "[user]",
    summary: "Sign in; the token is remembered in a file that only you can read.",
    options: [
      ...signInOptions,
      ["-w, --write-password", "keep the password too, to sign in again by itself"],
    ],
    examples: ["login admin", "--url https://raicho.example.com --cacert ca.pem login admin"],
    run: login,
  });
};

export const setUpAuth: CommandSetup = (command, cli) => {
  asVerb(command, cli, {
    usage: "[user]",
    summary: "Get a token and print it; nothing is remembered.",
    options: [...signInOptions, ["--only-token", "print nothing but the token"]],
    examples: ["auth admin --only-token"],
    run: token,
  });
};

export const setUpLogout: CommandSetup = (command, cli) => {
  asVerb(command, cli, {
    usage: "",
    summary: "Forget the remembered token and password of this server.",
    run: async ({ client: { settings }, print }) => {
      if (settings.user === undefined) {
        print.done("Nobody was signed in.");
        return;
      }
      forgetToken(cli.environment, settings, settings.user);
      changeIni(settings.configFile, {
        "credentials.username": undefined,
        "credentials.password": undefined,
      });
      print.done(`Signed out ${settings.user}.`);
    },
  });
};

export const setUpWhoami: CommandSetup = (command, cli) => {
  asVerb(command, cli, {
    usage: "",
    summary: "Tell who the server takes you for.",
    shows: true,
    run: async ({ client, print }) => {
      const { username, authentication, rbac } = await client.object("GET", "/user");
      await print.one({ username, authentication, rbac });
    },
  });
};

const apiKey = {
  noun: "API key",
  plural: "API keys",
  path: "/apikeys",
  key: "id",
  columns: ["id", "user", "created_at", "enabled", "metadata"],
  verbs: ["list", "get", "delete", "enable", "disable"],
} as const;

export const setUpApiKey: CommandSetup = (command, cli) => {
  addResource(command, cli, apiKey);
  addVerb(command, cli, {
    usage: "create",
    summary: "Make an API key; it is shown this once.",
    options: [
      ["-u, --user <name>", "whose key it is (administrators)"],
      ["-m, --metadata <json>", "what to remember about it"],
      ["-k, --only-key", "print nothing but the key"],
    ],
    examples: [`api-key create -k -m '{"used_by":"monitoring"}'`],
    run: async ({ client, options, print }) => {
      const text = optionText(options, "metadata");
      const metadata = text === undefined ? {} : parseObject(text);
      const user = optionText(options, "user");
      const body = { metadata, ...(user === undefined ? {} : { user }) };
      const made = await client.object("POST", "/apikeys", { body });
      if (options["onlyKey"] === true) cli.terminal.write(`${String(made["key"])}\n`);
      else await print.one(made);
    },
  });
  addVerb(command, cli, {
    usage: "load <file>",
    summary: "Make the API keys of a file, as another server listed them with their hashes.",
    shows: true,
    run: async ({ args: [file = ""], client, print }) => {
      const value = await readDocument(cli, file);
      const items: readonly unknown[] = Array.isArray(value) ? value : [value];
      const made = [];
      for (const [index, body] of items.entries()) {
        if (!isObject(body))
          throw new CliError(exitCodes.failed, `${file}: item ${index + 1}: expected an object`);
        made.push(await client.object("POST", "/apikeys", { body }));
      }
      await print.list(made, { columns: [...apiKey.columns, "key"] });
    },
  });
};

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new CliError(exitCodes.usage, `--metadata ${text}: expected a JSON object`);
}
