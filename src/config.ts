/** The environment and the command line, read once. Everything else takes what it needs from here. */
import { existsSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

export const roles = ["all", "door", "worker", "api", "sensors", "scheduler"] as const;
export type Role = (typeof roles)[number];

export interface Config {
  /** Data directory, absolute. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly smtpHost: string;
  /** 0 = any free port; undefined = no listener. */
  readonly smtpPort: number | undefined;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** False only on loopback: every caller is admin. */
  readonly auth: boolean;
  readonly adminPassword: string | undefined;
  readonly timeZone: string;
  readonly configsDirectory: string | undefined;
  /** Extra directories of packs. */
  readonly packs: readonly string[];
  readonly masterKeyFile: string;
  /** Where the site's own packs/, rules/ and workflows/ are. */
  readonly site: string;
  readonly workers: number;
  readonly role: Role;
  /** Actions at once in one worker. */
  readonly concurrency: number;
  readonly watch: boolean;
  /** How long a graceful stop waits for running actions. */
  readonly drainSeconds: number;
}

/** A configuration that cannot work: one line that says what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

type Environment = Readonly<Record<string, string | undefined>>;

function port(environment: Environment, name: string, fallback: number): number {
  const text = environment[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new ConfigError(
      `${name}=${text} is not a port: give a number from 0 (any free port) to 65535`,
    );
  return value;
}

function count(text: string, name: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new ConfigError(`${name} ${text}: give a whole number from 0 to ${max}`);
  return value;
}

function wholeNumber(
  environment: Environment,
  name: string,
  [fallback, max]: readonly [fallback: number, max: number],
): number {
  const text = environment[name];
  return text === undefined || text === "" ? fallback : count(text, name, max);
}

function workers(environment: Environment, options: Options): number {
  return options.workers === undefined
    ? wholeNumber(environment, "RAICHO_WORKERS", [1, 64])
    : count(options.workers, "--workers", 64);
}

function smtpPort(environment: Environment): number | undefined {
  return environment["RAICHO_SMTP_PORT"] === "off"
    ? undefined
    : port(environment, "RAICHO_SMTP_PORT", 2525);
}

function timeZone(name = "Asia/Tokyo"): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new ConfigError(
      `RAICHO_TZ=${name} is not a time zone: give a name such as Asia/Tokyo or UTC`,
    );
  }
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function auth(environment: Environment, host: string): boolean {
  const wish = environment["RAICHO_AUTH"] ?? "on";
  if (wish !== "on" && wish !== "off")
    throw new ConfigError(`RAICHO_AUTH=${wish}: give "on" or "off"`);
  if (wish === "off" && !loopback.test(host))
    throw new ConfigError(
      `RAICHO_AUTH=off is refused with RAICHO_HOST=${host}: without authentication listen on 127.0.0.1 only`,
    );
  return wish === "on";
}

function url(
  environment: Environment,
  name: string,
  schemes: readonly string[],
): string | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  if (!schemes.some((scheme) => text.startsWith(`${scheme}://`)))
    throw new ConfigError(
      `${name} must start with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
    );
  return text;
}

function directories(text: string | undefined, name: string, base: string): readonly string[] {
  return (text ?? "")
    .split(delimiter)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const path = isAbsolute(entry) ? entry : resolve(base, entry);
      if (!existsSync(path) || !statSync(path).isDirectory())
        throw new ConfigError(`${name}: there is no directory ${path}`);
      return path;
    });
}

interface Options {
  readonly workers?: string | undefined;
  readonly role?: string | undefined;
  readonly watch?: boolean | undefined;
}

function role(name = "all"): Role {
  const known = roles.find((candidate) => candidate === name);
  if (known === undefined) throw new ConfigError(`--role ${name}: give one of ${roles.join(", ")}`);
  return known;
}

/** Throws ConfigError. `directory` is where relative paths start. */
export function readConfig(
  environment: Environment,
  directory: string,
  options: Options = {},
): Config {
  const home = resolve(directory, environment["RAICHO_HOME"] ?? ".raicho");
  const host = environment["RAICHO_HOST"] ?? "127.0.0.1";
  return {
    home,
    host,
    port: port(environment, "RAICHO_PORT", 9101),
    smtpHost: host,
    smtpPort: smtpPort(environment),
    databaseUrl: url(environment, "DATABASE_URL", ["postgres", "postgresql"]),
    redisUrl: url(environment, "REDIS_URL", ["redis", "rediss"]),
    auth: auth(environment, host),
    adminPassword: environment["RAICHO_ADMIN_PASSWORD"],
    timeZone: timeZone(environment["RAICHO_TZ"]),
    configsDirectory: directories(environment["RAICHO_CONFIGS"], "RAICHO_CONFIGS", directory)[0],
    packs: directories(environment["RAICHO_PACKS"], "RAICHO_PACKS", directory),
    masterKeyFile: resolve(
      directory,
      environment["RAICHO_MASTER_KEY_FILE"] ?? join(home, "master.key"),
    ),
    site: directory,
    workers: workers(environment, options),
    role: role(options.role),
    concurrency: Math.max(1, wholeNumber(environment, "RAICHO_CONCURRENCY", [32, 10_000])),
    watch: options.watch ?? false,
    drainSeconds: wholeNumber(environment, "RAICHO_DRAIN_SECONDS", [20, 3_600]),
  };
}
