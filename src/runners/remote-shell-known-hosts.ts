/** Host keys as OpenSSH keeps them in its known_hosts files. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface HostKeyOptions {
  /** Files that are read, in the format of OpenSSH. What is remembered is written to the first. */
  readonly knownHosts: readonly string[];
  /** What to do about a host without a known key. `accept` protects from nothing. */
  readonly unknownHosts: "refuse" | "remember" | "accept";
}

interface KnownKey {
  readonly patterns: string;
  readonly marker: string | undefined;
  readonly type: string;
  readonly key: string;
}

export interface HostKeys {
  /** Algorithms of the keys that are known of that host; those are asked for first. */
  readonly algorithms: readonly string[];
  /** Why that key is refused; undefined = it is right. */
  check(key: Buffer): Promise<string | undefined>;
}

/** What is known of one host. Certificates of hosts are not supported: their lines are passed over. */
export async function hostKeys(
  host: string,
  port: number,
  { knownHosts, unknownHosts }: HostKeyOptions,
): Promise<HostKeys> {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const texts = await Promise.all(knownHosts.map((file) => readFile(file, "utf8").catch(() => "")));
  const known = texts
    .flatMap((text) => text.split("\n").flatMap(parseLine))
    .filter(({ patterns }) => names(patterns, name));
  const revoked = known.filter(({ marker }) => marker === "@revoked");
  const trusted = known.filter(({ marker }) => marker === undefined);
  const refuse = (key: Buffer): string | undefined => {
    const text = key.toString("base64");
    const shown = `${keyType(key)} ${fingerprint(key)}`;
    if (revoked.some((one) => one.key === text))
      return `The key of host ${name} (${shown}) is revoked in ${knownHosts.join(", ")}`;
    if (trusted.some((one) => one.key === text)) return undefined;
    if (trusted.length > 0)
      return `The key of host ${name} has changed: it shows ${shown}, which is not in ${knownHosts.join(", ")}. Somebody may be listening in. If the host was set up anew, remove its old line (ssh-keygen -R '${name}')`;
    if (unknownHosts !== "refuse") return undefined;
    const scan = port === 22 ? host : `-p ${port} ${host}`;
    return `The key of host ${name} is not known (${shown}). Compare it with the host's own, then add it: ssh-keyscan ${scan} >> ${knownHosts[0] ?? "known_hosts"}`;
  };
  return {
    algorithms: trusted.flatMap(({ type }) => algorithmsOf(type)),
    check: async (key) => {
      const refused = refuse(key);
      const file = knownHosts[0];
      if (refused === undefined && trusted.length === 0 && unknownHosts === "remember" && file) {
        await mkdir(dirname(file), { recursive: true });
        const line = `${name} ${keyType(key)} ${key.toString("base64")}\n`;
        await appendFile(file, line, { mode: 0o600 });
      }
      return refused;
    },
  };
}

function parseLine(line: string): KnownKey[] {
  if (line.trim() === "" || line.trimStart().startsWith("#")) return [];
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
  const [patterns, type, key] = words;
  if (patterns === undefined || type === undefined || key === undefined) return [];
  return [{ patterns, marker, type, key }];
}

/** Whether a line's names (patterns with * and ?, exceptions with !, or a hash) include that name. */
function names(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = patterns.split("|");
    const own = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
    const given = Buffer.from(hash, "base64");
    return given.length === own.length && timingSafeEqual(given, own);
  }
  const list = patterns.split(",");
  const fits = (pattern: string): boolean => matches(pattern.toLowerCase(), name.toLowerCase());
  if (list.some((pattern) => pattern.startsWith("!") && fits(pattern.slice(1)))) return false;
  return list.some((pattern) => !pattern.startsWith("!") && fits(pattern));
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}

function algorithmsOf(type: string): readonly string[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
}

/** The name at the start of a key in the format of SSH. */
function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString();
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
