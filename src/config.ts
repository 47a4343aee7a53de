/** The environment and the command line, read once. Everything else takes what it needs from here. */
import { join, resolve } from "node:path";
import { poolRules, servedPools } from "./config-pools.ts";
import {
  ConfigError,
  count,
  directories,
  type Environment,
  onOrOff,
  port,
  ssh,
  type SshConfig,
  timeZone,
  tls,
  type TlsFiles,
  url,
  wholeNumber,
} from "./config-values.ts";
import { type CrashPoint, crashPoints } from "./model/crash-points.ts";
import type { PoolRule } from "./model/pools.ts";

export const roles = ["all", "door", "worker", "api", "sensors", "scheduler"] as const;
export type Role = (typeof roles)[number];

export interface Config {
  /** Data directory, absolute. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
  /** Ports of StackStorm's token and stream services beside the door; undefined = none. */
  readonly st2Ports: { readonly auth: number; readonly stream: number } | undefined;
  /** The door and SMTP speak TLS with it; undefined = plain. */
  readonly tls: TlsFiles | undefined;
  /** With TLS: port on 127.0.0.1 at which this machine's actions and sensors reach the door without it; 0 = any free port. */
  readonly localPort: number;
  readonly smtpHost: string;
  /** 0 = any free port; undefined = no listener. */
  readonly smtpPort: number | undefined;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** False only on loopback: every caller is admin. */
  readonly auth: boolean;
  /** Origins of pages that may use the API in a browser, besides its own. */
  readonly allowOrigins: readonly string[];
  readonly adminPassword: string | undefined;
  /** How people sign in, where it is not only by accounts of our own. */
  readonly authFile: string;
  /** Whether the log is JSON, one object a line. */
  readonly jsonLog: boolean;
  /** Where traces go; undefined = nowhere. */
  readonly telemetry:
    | { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> }
    | undefined;
  /** Directory of webhooks that check signatures. */
  readonly webhooks: string;
  /** Directory of roles, assignments and mappings. */
  readonly rbac: string | undefined;
  readonly timeZone: string;
  readonly configsDirectory: string | undefined;
  /** Whether events that do not fit the schema of their trigger type are refused; else they are only told of. */
  readonly validatePayloads: boolean;
  /** Whether an action fails whose result does not fit its output schema. */
  readonly validateOutput: boolean;
  /** Where actions and sensors reach the door; undefined = the own one. */
  readonly apiUrl: string | undefined;
  /** Extra directories of packs. */
  readonly packs: readonly string[];
  /** Paths and addresses of indexes in which packs are found by name. */
  readonly packIndexes: readonly string[];
  /** Directory of Python wheels: pip then fetches nothing from anywhere. */
  readonly wheels: string | undefined;
  readonly masterKeyFile: string;
  /** Where the site's own packs/, rules/ and workflows/ are. */
  readonly site: string;
  readonly workers: number;
  readonly role: Role;
  /** Actions at once in one worker, of each of its pools. */
  readonly concurrency: number;
  /** By how much the priority of programs that actions start is lower than ours, in steps of nice(1). */
  readonly actionNice: number;
  /** Pools that workers started with this serve. */
  readonly labels: readonly string[];
  /** To which pools the site sends actions; the first that fits counts. */
  readonly pools: readonly PoolRule[];
  readonly watch: boolean;
  /** How long a graceful stop waits for running actions. */
  readonly drainSeconds: number;
  /** Days that things are kept after their end; 0 = forever. */
  readonly retention: {
    readonly executions: number;
    readonly output: number;
    readonly events: number;
    readonly feed: number;
  };
  /** Ends of executions of which rules may hear through StackStorm's action trigger. */
  readonly actionTriggers: readonly string[];
  /** Who runs local shell commands; undefined = who runs the worker. */
  readonly systemUser: string | undefined;
  /** How actions sign in at other machines. */
  readonly ssh: SshConfig;
  /** Deliveries a second that a door takes of one webhook; undefined = as many as it can. */
  readonly webhookRate: number | undefined;
  /** Mails a second that are taken for one recipient; undefined = as many as it can. */
  readonly mailRate: number | undefined;
  /** Where this process is to die, for tests: at that point, when it is passed for the nth time. */
  readonly crashAt: { readonly point: CrashPoint; readonly passes: number } | undefined;
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

/** `on` for StackStorm's own 9100 and 9102, or two ports of one's own. */
function st2Ports(environment: Environment, { "st2-ports": wish }: Options): Config["st2Ports"] {
  const text = wish === true ? "on" : (environment["RAICHO_ST2_PORTS"] ?? "off");
  if (text === "off" || text === "") return undefined;
  if (text === "on") return { auth: 9100, stream: 9102 };
  const [, first, second] = /^(\d{1,5}),(\d{1,5})$/.exec(text) ?? [];
  const ports = { auth: Number(first), stream: Number(second) };
  const sound = [ports.auth, ports.stream].every((each) => each > 0 && each <= 65_535);
  if (sound && ports.auth !== ports.stream) return ports;
  throw new ConfigError(
    `RAICHO_ST2_PORTS=${text}: give "on" (9100 and 9102), "off", or the ports of tokens and streams, e.g. 9100,9102`,
  );
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function auth(environment: Environment, host: string): boolean {
  const wish = onOrOff(environment, "RAICHO_AUTH");
  if (!wish && !loopback.test(host))
    throw new ConfigError(
      `RAICHO_AUTH=off is refused with RAICHO_HOST=${host}: without authentication listen on 127.0.0.1 only`,
    );
  return wish;
}

/** Whole origins only: with `*` any page could read what a signed-in browser sees. */
function allowOrigins(text: string | undefined): readonly string[] {
  const given = (text ?? "").split(",").map((each) => each.trim());
  return given
    .filter((each) => each !== "")
    .map((each) => {
      const origin = URL.canParse(each) ? new URL(each).origin : "null";
      if (origin !== "null" && each.replace(/\/$/, "").toLowerCase() === origin) return origin;
      throw new ConfigError(
        `RAICHO_ALLOW_ORIGIN: "${each}" is no origin: give the scheme, host and port of pages, e.g. https://console.example`,
      );
    });
}

/** StackStorm's public index, unless others are named; `off` for none. */
function packIndexes(text: string | undefined, base: string): readonly string[] {
  if (text === "off") return [];
  const given = (text ?? "").split(",").filter((entry) => entry.trim() !== "");
  if (given.length === 0) return ["https://index.stackstorm.org/v1/index.json"];
  return given.map((entry) =>
    /^[a-z]+:\/\//i.test(entry.trim()) ? entry.trim() : resolve(base, entry.trim()),
  );
}

const ends = ["succeeded", "failed", "timeout", "canceled", "abandoned"];

/** A list with commas; StackStorm's `action_sensor.emit_when`. */
function actionTriggers(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return ends;
  const given = text === "none" ? [] : text.split(",").map((each) => each.trim());
  const wrong = given.find((each) => !ends.includes(each));
  if (wrong === undefined) return given;
  throw new ConfigError(
    `RAICHO_ACTION_TRIGGERS: "${wrong}" is no end of an execution: give some of ${ends.join(",")}, or none`,
  );
}

/** Times a second; 0 = no limit. */
function rates(environment: Environment): Pick<Config, "webhookRate" | "mailRate"> {
  const rateOf = (name: string): number | undefined => {
    const rate = wholeNumber(environment, name, [0, 1_000_000]);
    return rate === 0 ? undefined : rate;
  };
  return { webhookRate: rateOf("RAICHO_WEBHOOK_RATE"), mailRate: rateOf("RAICHO_MAIL_RATE") };
}

function crashAt({ RAICHO_CRASH_AT: text }: Environment): Config["crashAt"] {
  if (text === undefined || text === "") return undefined;
  const [name, passes] = /^([\w.-]+?)(?::(\d+))?$/.exec(text)?.slice(1) ?? [];
  const point = crashPoints.find((each) => each === name);
  if (point !== undefined && passes !== "0") return { point, passes: Number(passes ?? 1) };
  throw new ConfigError(
    `RAICHO_CRASH_AT=${text}: give one of ${crashPoints.join(", ")}, and perhaps after a colon for which time it is passed, e.g. claim.after:3`,
  );
}

/** What the workers serve, and how much of it. */
function pools(
  environment: Environment,
  { label }: Options,
): Pick<Config, "concurrency" | "actionNice" | "labels" | "pools"> {
  return {
    concurrency: Math.max(1, wholeNumber(environment, "RAICHO_CONCURRENCY", [32, 10_000])),
    actionNice: wholeNumber(environment, "RAICHO_ACTION_NICE", [5, 19]),
    labels: servedPools(environment["RAICHO_LABELS"], label),
    pools: poolRules(environment["RAICHO_POOLS"]),
  };
}

function jsonLog({ RAICHO_LOG: wish = "text" }: Environment): boolean {
  if (wish !== "text" && wish !== "json")
    throw new ConfigError(`RAICHO_LOG=${wish}: give "text" or "json"`);
  return wish === "json";
}

/** OpenTelemetry's own names. */
function telemetry(environment: Environment): Config["telemetry"] {
  const endpoint = url(environment, "OTEL_EXPORTER_OTLP_ENDPOINT", ["http", "https"]);
  if (endpoint === undefined) return undefined;
  const pairs = (environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "").split(",");
  const headers: Record<string, string> = {};
  for (const pair of pairs) {
    const [name = "", ...rest] = pair.split("=");
    if (name.trim() !== "") headers[name.trim()] = rest.join("=").trim();
  }
  return { endpoint, headers };
}

interface Options {
  readonly workers?: string | undefined;
  readonly role?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly watch?: boolean | undefined;
  readonly "st2-ports"?: boolean | undefined;
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
    st2Ports: st2Ports(environment, options),
    tls: tls(environment, directory),
    localPort: port(environment, "RAICHO_LOCAL_PORT", 0),
    smtpHost: host,
    smtpPort: smtpPort(environment),
    databaseUrl: url(environment, "DATABASE_URL", ["postgres", "postgresql"]),
    redisUrl: url(environment, "REDIS_URL", ["redis", "rediss"]),
    auth: auth(environment, host),
    allowOrigins: allowOrigins(environment["RAICHO_ALLOW_ORIGIN"]),
    // Set but empty is as good as not set: nobody wants an empty password.
    adminPassword: environment["RAICHO_ADMIN_PASSWORD"] || undefined,
    authFile: resolve(directory, environment["RAICHO_AUTH_FILE"] ?? join(home, "auth.yaml")),
    jsonLog: jsonLog(environment),
    telemetry: telemetry(environment),
    webhooks: resolve(directory, environment["RAICHO_WEBHOOKS"] ?? join(home, "webhooks")),
    rbac:
      environment["RAICHO_RBAC"] === "off"
        ? undefined
        : resolve(directory, environment["RAICHO_RBAC"] ?? join(home, "rbac")),
    timeZone: timeZone(environment["RAICHO_TZ"]),
    apiUrl: url(environment, "RAICHO_API_URL", ["http", "https"])?.replace(/\/+$/, ""),
    validatePayloads: onOrOff(environment, "RAICHO_VALIDATE_PAYLOADS"),
    validateOutput: onOrOff(environment, "RAICHO_VALIDATE_OUTPUT", "off"),
    configsDirectory: directories(environment["RAICHO_CONFIGS"], "RAICHO_CONFIGS", directory)[0],
    packs: directories(environment["RAICHO_PACKS"], "RAICHO_PACKS", directory),
    packIndexes: packIndexes(environment["RAICHO_PACK_INDEX"], directory),
    wheels: directories(environment["RAICHO_WHEELS"], "RAICHO_WHEELS", directory)[0],
    masterKeyFile: resolve(
      directory,
      environment["RAICHO_MASTER_KEY_FILE"] ?? join(home, "master.key"),
    ),
    site: directory,
    workers: workers(environment, options),
    role: role(options.role),
    ...pools(environment, options),
    watch: options.watch ?? false,
    drainSeconds: wholeNumber(environment, "RAICHO_DRAIN_SECONDS", [20, 3_600]),
    retention: {
      executions: wholeNumber(environment, "RAICHO_KEEP_EXECUTIONS_DAYS", [90, 36_500]),
      output: wholeNumber(environment, "RAICHO_KEEP_OUTPUT_DAYS", [7, 36_500]),
      events: wholeNumber(environment, "RAICHO_KEEP_EVENTS_DAYS", [30, 36_500]),
      feed: wholeNumber(environment, "RAICHO_KEEP_FEED_DAYS", [30, 36_500]),
    },
    actionTriggers: actionTriggers(environment["RAICHO_ACTION_TRIGGERS"]),
    systemUser: environment["RAICHO_SYSTEM_USER"],
    ssh: ssh(environment, home, directory),
    ...rates(environment),
    crashAt: crashAt(environment),
  };
}
