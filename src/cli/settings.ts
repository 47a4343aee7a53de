/** Which server, and as whom: options, then the environment, then the configuration files, then what `raicho start` listens on.
 *
 * Raicho's own file is `raicho/config` below XDG_CONFIG_HOME (~/.config); StackStorm's `~/.st2/config` is read too. Both have the same format. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError, exitCodes, type Cli, type Environment } from "./cli.ts";
import { parseIni, writePrivately, type Ini } from "./ini.ts";
import { optionText, type Options } from "./output.ts";

export interface Settings {
  readonly api: string;
  readonly auth: string;
  readonly stream: string;
  /** Raicho's own API; nobody else has one. */
  readonly own: string;
  readonly token: string | undefined;
  readonly apiKey: string | undefined;
  /** Signs in when there is neither token nor key. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** For a proxy in front: `user:password`. */
  readonly basic: string | undefined;
  /** File of certificates to trust; `false` = trust everybody. */
  readonly cacert: string | false | undefined;
  readonly cacheTokens: boolean;
  readonly debug: boolean;
  readonly configFile: string;
}

export const defaultUrl = "http://127.0.0.1:9101";

function readIni(file: string, needed: boolean): Ini {
  try {
    return parseIni(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (!needed) return new Map();
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `the configuration cannot be read: ${why}`);
  }
}

/** Where the program keeps what it remembers for its user. */
export function configDirectory(environment: Environment): string {
  const base = environment["XDG_CONFIG_HOME"];
  return join(
    base === undefined || base === "" ? join(home(environment), ".config") : base,
    "raicho",
  );
}

function home(environment: Environment): string {
  return environment["HOME"] ?? "/";
}

function first(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value !== "");
}

interface Places {
  readonly api: string;
  readonly auth: string;
  readonly stream: string;
}

/** All on one address, as Raicho and a web server in front of StackStorm have it. */
function behindOne(url: string, version: string): Places {
  const base = url.replace(/\/+$/, "").replace(/\/api(\/v1)?$/, "");
  return {
    api: `${base}/api/${version}`,
    auth: `${base}/auth/${version}`,
    stream: `${base}/stream/${version}`,
  };
}

/** StackStorm's three ports of one host. */
function threePorts(base: string, version: string): Places {
  const host = base.replace(/\/+$/, "");
  return {
    api: `${host}:9101/${version}`,
    auth: `${host}:9100`,
    stream: `${host}:9102/${version}`,
  };
}

function places(options: Options, environment: Environment, config: Ini): Places {
  const version =
    first(
      optionText(options, "apiVersion"),
      environment["ST2_API_VERSION"],
      config.get("general.api_version"),
    ) ?? "v1";
  const own = first(optionText(options, "url"), environment["RAICHO_URL"]);
  const api = first(
    optionText(options, "apiUrl"),
    own === undefined ? environment["ST2_API_URL"] : undefined,
  );
  const base = first(environment["ST2_BASE_URL"]);
  const configured = first(config.get("general.url"));
  const configuredApi = first(config.get("api.url"));
  const configuredBase = first(config.get("general.base_url"));
  const found =
    own !== undefined
      ? behindOne(own, version)
      : api !== undefined
        ? { ...behindOne(api, version), api }
        : base !== undefined
          ? threePorts(base, version)
          : configured !== undefined
            ? behindOne(configured, version)
            : configuredApi !== undefined
              ? { ...behindOne(configuredApi, version), api: configuredApi }
              : configuredBase !== undefined
                ? threePorts(configuredBase, version)
                : behindOne(defaultUrl, version);
  const said = own === undefined;
  const given = (option: string, variable: string, key: string): string | undefined =>
    first(
      optionText(options, option),
      said ? environment[variable] : undefined,
      said && api === undefined && base === undefined ? config.get(key) : undefined,
    );
  return {
    api: (first(optionText(options, "apiUrl")) ?? found.api).replace(/\/+$/, ""),
    auth: (given("authUrl", "ST2_AUTH_URL", "auth.url") ?? found.auth).replace(/\/+$/, ""),
    stream: (given("streamUrl", "ST2_STREAM_URL", "stream.url") ?? found.stream).replace(
      /\/+$/,
      "",
    ),
  };
}

function certificates(
  options: Options,
  environment: Environment,
  config: Ini,
): string | false | undefined {
  if (options["insecure"] === true) return false;
  const text = first(
    optionText(options, "cacert"),
    environment["RAICHO_CACERT"],
    environment["ST2_CACERT"],
    config.get("general.cacert"),
  );
  return text?.toLowerCase() === "false" ? false : text;
}

function configFileOf(options: Options, environment: Environment): string | undefined {
  return first(
    optionText(options, "configFile"),
    environment["RAICHO_CONFIG_FILE"],
    environment["ST2_CONFIG_FILE"],
  );
}

function readConfigs(options: Options, environment: Environment): Ini {
  const skip = environment["ST2_CLI_SKIP_CONFIG"] ?? "";
  if (options["skipConfig"] === true || (skip !== "" && skip !== "0")) return new Map();
  const named = configFileOf(options, environment);
  if (named !== undefined) return readIni(resolve(named), true);
  return new Map([
    ...readIni(join(home(environment), ".st2", "config"), false),
    ...readIni(join(configDirectory(environment), "config"), false),
  ]);
}

export function readSettings(
  { environment }: Pick<Cli, "environment">,
  options: Options,
): Settings {
  const config = readConfigs(options, environment);
  const { api, auth, stream } = places(options, environment, config);
  const token = first(
    optionText(options, "token"),
    environment["RAICHO_TOKEN"],
    environment["ST2_AUTH_TOKEN"],
  );
  const apiKey = first(
    optionText(options, "apiKey"),
    environment["RAICHO_API_KEY"],
    environment["ST2_API_KEY"],
    config.get("credentials.api_key"),
  );
  return {
    api,
    auth,
    stream,
    own: api.replace(/(\/api)?(\/v\d+)?$/, "/api/v2"),
    token,
    apiKey,
    user: first(config.get("credentials.username")),
    password: first(config.get("credentials.password")),
    basic: first(optionText(options, "basicAuth"), config.get("credentials.basic_auth")),
    cacert: certificates(options, environment, config),
    cacheTokens: config.get("cli.cache_token")?.toLowerCase() !== "false",
    debug: options["debug"] === true || config.get("cli.debug")?.toLowerCase() === "true",
    configFile: configFileOf(options, environment) ?? join(configDirectory(environment), "config"),
  };
}

function tokenFile(environment: Environment, { auth }: Settings, user: string): string {
  const place = auth.replace(/^https?:\/\//, "").replaceAll(/[^\w.-]+/g, "_");
  return join(configDirectory(environment), `token-${user.replaceAll(/[^\w.@-]/g, "_")}-${place}`);
}

/** The token of an earlier sign-in at this server; undefined when there is none that still lives, or others could read it. */
export function cachedToken(
  environment: Environment,
  settings: Settings,
  now: number,
): string | undefined {
  if (settings.user === undefined || !settings.cacheTokens) return undefined;
  const file = tokenFile(environment, settings, settings.user);
  try {
    if ((statSync(file).mode & 0o077) !== 0) return undefined;
    const said: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof said !== "object" || said === null || !("token" in said)) return undefined;
    const until = "expiry" in said ? Date.parse(String(said.expiry)) : Infinity;
    return until - 10_000 > now ? String(said.token) : undefined;
  } catch {
    return undefined;
  }
}

export function rememberToken(
  environment: Environment,
  settings: Settings,
  {
    user,
    token,
    expiry,
  }: { readonly user: string; readonly token: string; readonly expiry?: string },
): void {
  const text = JSON.stringify({ user, token, ...(expiry === undefined ? {} : { expiry }) });
  writePrivately(tokenFile(environment, settings, user), `${text}\n`);
}

export function forgetToken(environment: Environment, settings: Settings, user: string): void {
  rmSync(tokenFile(environment, settings, user), { force: true });
}
