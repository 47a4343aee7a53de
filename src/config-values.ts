/** Single values of the environment, each read and checked; config.ts puts them together. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { createSecureContext } from "node:tls";

const hostPolicies = ["refuse", "remember", "accept"] as const;

export interface SshConfig {
  /** Who signs in when the action does not say. */
  readonly username: string;
  /** File of the key of that user. */
  readonly privateKey: string | undefined;
  /** Files in OpenSSH's format; what is remembered is written to the first. */
  readonly knownHosts: readonly string[];
  /** What is done about a host without a known key. */
  readonly unknownHosts: (typeof hostPolicies)[number];
}

/** A configuration that cannot work: one line that says what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function port(environment: Environment, name: string, fallback: number): number {
  const text = environment[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new ConfigError(
      `${name}=${text} is not a port: give a number from 0 (any free port) to 65535`,
    );
  return value;
}

export function count(text: string, name: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new ConfigError(`${name} ${text}: give a whole number from 0 to ${max}`);
  return value;
}

export function wholeNumber(
  environment: Environment,
  name: string,
  [fallback, max]: readonly [fallback: number, max: number],
): number {
  const text = environment[name];
  return text === undefined || text === "" ? fallback : count(text, name, max);
}

export function timeZone(name = "Asia/Tokyo"): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new ConfigError(
      `RAICHO_TZ=${name} is not a time zone: give a name such as Asia/Tokyo or UTC`,
    );
  }
}

/** `on` where nothing is said, unless another `usual` is given. */
export function onOrOff(environment: Environment, name: string, usual = "on"): boolean {
  const wish = environment[name] ?? usual;
  if (wish !== "on" && wish !== "off") throw new ConfigError(`${name}=${wish}: give "on" or "off"`);
  return wish === "on";
}

export function url(
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

export function directories(
  text: string | undefined,
  name: string,
  base: string,
): readonly string[] {
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

export function ssh(environment: Environment, home: string, directory: string): SshConfig {
  const { HOME, RAICHO_SSH_USER, RAICHO_SSH_KEY, RAICHO_SSH_KNOWN_HOSTS } = environment;
  const usual = [
    join(home, "known_hosts"),
    ...(HOME === undefined ? [] : [join(HOME, ".ssh", "known_hosts")]),
    "/etc/ssh/ssh_known_hosts",
  ];
  const given = (RAICHO_SSH_KNOWN_HOSTS ?? "").split(delimiter).filter((path) => path !== "");
  const wish = environment["RAICHO_SSH_UNKNOWN_HOSTS"] ?? "refuse";
  const unknownHosts = hostPolicies.find((policy) => policy === wish);
  if (unknownHosts === undefined)
    throw new ConfigError(
      `RAICHO_SSH_UNKNOWN_HOSTS=${wish}: give one of ${hostPolicies.join(", ")}`,
    );
  return {
    username: RAICHO_SSH_USER ?? "stanley",
    privateKey: RAICHO_SSH_KEY === undefined ? undefined : resolve(directory, RAICHO_SSH_KEY),
    knownHosts: given.length === 0 ? usual : given.map((path) => resolve(directory, path)),
    unknownHosts,
  };
}

/** Files of the certificate (with the chain up to a root) and its key, both PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

function bytes(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${name}: ${error instanceof Error ? error.message : file}`);
  }
}

/** Certificate and key as they lie on disk now; throws ConfigError when they cannot be used. */
export function readTls({ cert, key }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  const pair = { cert: bytes("RAICHO_TLS_CERT", cert), key: bytes("RAICHO_TLS_KEY", key) };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new ConfigError(
      `RAICHO_TLS_CERT=${cert} and RAICHO_TLS_KEY=${key} do not work together: ${error instanceof Error ? error.message : String(error)}; give a certificate (with its chain) and its key without passphrase, as PEM`,
    );
  }
  return pair;
}

export function tls(environment: Environment, directory: string): TlsFiles | undefined {
  const { RAICHO_TLS_CERT: cert = "", RAICHO_TLS_KEY: key = "" } = environment;
  if (cert === "" && key === "") return undefined;
  if (cert === "" || key === "")
    throw new ConfigError("RAICHO_TLS_CERT and RAICHO_TLS_KEY belong together: set both, or none");
  const files = { cert: resolve(directory, cert), key: resolve(directory, key) };
  readTls(files);
  return files;
}
