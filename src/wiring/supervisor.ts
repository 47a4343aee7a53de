/** `raicho start`: the database, then one process for door, sensors and clock, and the workers. */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Config } from "../config.ts";
import { ConfigError } from "../config-values.ts";
import { ensureAdmin } from "../engine/auth.ts";
import { type ChildSpec, type Supervisor, supervise } from "../processes/supervisor.ts";
import { type Database, migrate, openDatabase, waitForDatabase } from "../store/database.ts";
import { type EmbeddedPostgres, startPostgres } from "../store/postgres.ts";
import { forgetProcessOf, processesOf } from "../store/processes.ts";
import { openVault } from "../store/vault.ts";
import { watchDirectories, watchedDirectories } from "../content/watch.ts";
import { contentDirectories } from "./content.ts";
import { freePort } from "./free-port.ts";
import { isRaicho, lockHome } from "./home-lock.ts";
import { logAsJson, say, sayPassword } from "./log.ts";

const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url),
);

/** How long an external database may keep us waiting at the start. */
const patienceMs = 10_000;

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Ledger {
  readonly url: string;
  readonly embedded: EmbeddedPostgres | undefined;
}

async function openLedger({ databaseUrl, home }: Config): Promise<Ledger> {
  if (databaseUrl === undefined) {
    const embedded = await startPostgres({ home }).catch((error: unknown) => {
      throw new ConfigError(
        `the embedded PostgreSQL did not start: ${message(error)}; see ${join(home, "postgres", "server.log")}`,
      );
    });
    return { url: embedded.url, embedded };
  }
  await waitForDatabase(databaseUrl, {
    patienceMs,
    onWait: (reason) => say("warn", "waiting for the database", { reason }),
  }).catch((error: unknown) => {
    throw new ConfigError(
      `the database of DATABASE_URL cannot be used: ${message(error)}; start it or correct DATABASE_URL`,
    );
  });
  return { url: databaseUrl, embedded: undefined };
}

function childSpecs(config: Config, url: string): ChildSpec[] {
  const { st2Ports: ports } = config;
  const env = {
    ...process.env,
    DATABASE_URL: url,
    RAICHO_HOME: config.home,
    RAICHO_PORT: String(config.port),
    RAICHO_LOCAL_PORT: String(config.localPort),
    RAICHO_LABELS: config.labels.join(","),
    RAICHO_ST2_PORTS: ports === undefined ? "off" : `${ports.auth},${ports.stream}`,
  };
  const spec = (name: string, role: string, more: Record<string, string>): ChildSpec => ({
    name,
    module: main,
    args: ["start", "--role", role, "--supervised"],
    env: { ...env, ...more },
    execArgv: [
      "--enable-experimental-regexp-engine-on-excessive-backtracks",
      "--disable-proto=delete",
    ],
  });
  const workers = Array.from({ length: config.workers }, (_, index) =>
    spec(`worker-${index + 1}`, "worker", {}),
  );
  return [spec("door", "door", { RAICHO_WORKERS: String(config.workers) }), ...workers];
}

function announce(
  config: Config,
  said: ReadonlyMap<string, unknown>,
  password: string | undefined,
): void {
  const addresses = said.get("door");
  const { http, smtp } =
    typeof addresses === "object" &&
    addresses !== null &&
    "http" in addresses &&
    "smtp" in addresses
      ? addresses
      : { http: "", smtp: "" };
  sayPassword(password);
  if (!config.auth)
    process.stdout.write("  Authentication is off: every caller on this machine is admin.\n");
  process.stdout.write(`raicho ready ${String(http)} smtp ${String(smtp)}\n`);
}

function watchSignals(
  config: Config,
  supervisor: Supervisor,
): { stopped: Promise<string>; close: () => void } {
  process.on("SIGHUP", () => supervisor.tell("reload"));
  const watching = config.watch
    ? watchDirectories(
        watchedDirectories(contentDirectories(config)),
        () => supervisor.tell("reload"),
        {
          failed: (directory, error) =>
            say("warn", "a directory is not watched", { directory, reason: message(error) }),
        },
      )
    : undefined;
  const stopped = new Promise<string>((resolve) => {
    process.on("SIGINT", () => resolve("SIGINT"));
    process.on("SIGTERM", () => resolve("SIGTERM"));
  });
  return { stopped, close: () => watching?.stop() };
}

/** Runs until it is told to stop; gives the exit code. */
export async function runSupervisor(given: Config): Promise<number> {
  logAsJson(given.jsonLog);
  mkdirSync(given.home, { recursive: true });
  const unlock = lockHome(given.home);
  let ledger: Ledger | undefined;
  let database: Database | undefined;
  try {
    const config = {
      ...given,
      port: await freePort(given.host, given.port, "RAICHO_PORT"),
      localPort:
        given.tls === undefined
          ? given.localPort
          : await freePort("127.0.0.1", given.localPort, "RAICHO_LOCAL_PORT"),
    };
    if (config.smtpPort !== undefined)
      await freePort(config.smtpHost, config.smtpPort, "RAICHO_SMTP_PORT");
    ledger = await openLedger(config);
    openVault(config.masterKeyFile);
    database = openDatabase(ledger.url, { max: 2, application: "raicho supervisor" });
    await migrate(database);
    const password = await ensureAdmin(database, config.adminPassword);
    await forgetDead(database);
    return await superviseChildren(config, ledger, { database, password });
  } finally {
    await database?.close();
    await ledger?.embedded?.stop();
    unlock();
  }
}

/** Processes of this host that are no more (we were killed, the machine restarted): their work need not wait until they are missed. */
async function forgetDead({ db }: Database): Promise<void> {
  for (const pid of await processesOf(db, hostname()))
    if (!isRaicho(pid)) await forgetProcessOf(db, hostname(), pid);
}

async function superviseChildren(
  config: Config,
  ledger: Ledger,
  { database, password }: { database: Database; password: string | undefined },
): Promise<number> {
  const supervisor = supervise({
    children: childSpecs(config, ledger.url),
    stopMs: config.drainSeconds * 1_000 + 8_000,
    onLost: (name, pid, how) => {
      say("warn", "a process ended and is started again", { process: name, pid, how });
      forgetProcessOf(database.db, hostname(), pid).catch(() => undefined);
    },
  });
  const { stopped, close } = watchSignals(config, supervisor);
  const lost = ledger.embedded?.lost ?? new Promise<string>(() => undefined);
  try {
    const first = await Promise.race([supervisor.ready, stopped, lost]);
    if (typeof first === "string") return endsWell(first);
    announce(config, first, password);
    return endsWell(await Promise.race([stopped, lost]));
  } catch (error) {
    throw new ConfigError(message(error));
  } finally {
    close();
    await supervisor.stop();
  }
}

function endsWell(reason: string): number {
  if (reason.startsWith("SIG")) return 0;
  say("error", reason, {});
  return 1;
}
