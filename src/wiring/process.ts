/** One role in one process: what `--role` names, or what the supervisor started. */
import { passing } from "../model/crash-points.ts";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config.ts";
import { ConfigError } from "../config-values.ts";
import { ensureAdmin } from "../engine/auth.ts";
import { hear, heartbeat } from "../engine/hear.ts";
import { Interrupted } from "../engine/run.ts";
import { collectGarbage } from "../engine/retention.ts";
import { lookAtPools } from "../engine/pools.ts";
import { sweep } from "../engine/sweep.ts";
import { openTicketDesk, type TicketDesk } from "../engine/ticket-desk.ts";
import { presentTicketSettings } from "../engine/ticket-runner.ts";
import { childLife, type ChildLife, unlessStopped } from "../processes/supervisor.ts";
import type { Listener } from "../queue/queue.ts";
import { migrate, openDatabase, waitForDatabase } from "../store/database.ts";
import { Telemetry } from "../engine/telemetry.ts";
import { idAround } from "../store/counts.ts";
import { forgetAnswers } from "../store/idempotency.ts";
import { forgetProcess } from "../store/processes.ts";
import { armCrash } from "./crash.ts";
import { type EngineProcess, openEngine } from "./engine.ts";
import { freePort } from "./free-port.ts";
import { type DoorServer, openDoor } from "./door.ts";
import { logAsJson, say, sayPassword } from "./log.ts";
import { type OpenSensors, openSensors } from "./open-sensors.ts";

interface Duties {
  readonly api: boolean;
  readonly sensors: boolean;
  readonly clock: boolean;
  readonly work: boolean;
}

function dutiesOf({ role, workers }: Config): Duties {
  const everything = role === "door";
  return {
    api: everything || role === "api",
    sensors: everything || role === "sensors",
    clock: everything || role === "scheduler",
    work: role === "worker" || (everything && workers === 0),
  };
}

const beatMs = 2_000;
const sweepMs = 1_000;
const tracesMs = 1_000;
const poolsMs = 5_000;
/** How long the audit log may take at the end. */
const lastWordsMs = 2_000;
/** What a process without a supervisor may take to end: the embedded database goes down at the same time, so nothing can be waited for. */
const orphanMs = 3_000;

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs `work` again and again, `ms` apart, until stopped; a failure is logged once until it works again. */
function every(ms: number, name: string, work: () => Promise<unknown>): () => Promise<void> {
  let stopped = false;
  let failing = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const turn = async (): Promise<void> => {
    try {
      await work();
      failing = false;
    } catch (error) {
      if (!failing) say("warn", `${name} failed; it is tried again`, { reason: text(error) });
      failing = true;
    }
    if (!stopped) timer = setTimeout(again, ms);
  };
  const again = (): void => void (running = turn());
  again();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}

/** Lets running actions end, then interrupts them; nothing of them is lost. */
async function drain({ core }: EngineProcess, seconds: number): Promise<void> {
  core.slots.close();
  const until = performance.now() + seconds * 1_000;
  const idle = (): boolean => core.running.size === 0;
  while (!idle() && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
  for (const controller of core.running.values()) controller.abort(new Interrupted("stopping"));
  const end = performance.now() + 5_000;
  while (!idle() && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await Promise.all([...core.conducted.values()].map((conducted) => conducted.settled()));
}

interface Opened {
  readonly engine: EngineProcess;
  readonly servers: readonly DoorServer[];
  /** Resolves when the audit log is written. */
  readonly settled: () => Promise<void>;
  readonly sensors: OpenSensors | undefined;
  readonly listener: Listener | undefined;
  readonly desk: TicketDesk | undefined;
  readonly ticks: readonly (() => Promise<void>)[];
  readonly addresses: { readonly http: string; readonly smtp: string };
}

/** Sends traces, where somebody wants them. */
function traces(
  { database }: EngineProcess["core"],
  { telemetry }: Config,
): (() => Promise<void>)[] {
  if (telemetry === undefined) return [];
  const after = idAround(new Date(), 0);
  const sender = new Telemetry(database.db, telemetry, after);
  return [every(tracesMs, "the export of traces", () => sender.look())];
}

/** Where actions and people reach the door. A certificate does not name the loopback address, so actions of this machine go past TLS. */
function addressesOf(config: Config): { readonly apiUrl: string; readonly webUrl: string } {
  const host = config.host === "0.0.0.0" ? "127.0.0.1" : config.host;
  const own = `${config.tls === undefined ? "http" : "https"}://${host}:${config.port}`;
  const local = config.tls === undefined ? own : `http://127.0.0.1:${config.localPort}`;
  return { apiUrl: config.apiUrl ?? local, webUrl: config.apiUrl ?? own };
}

async function openRole(config: Config, databaseUrl: string): Promise<Opened> {
  const duties = dutiesOf(config);
  const { apiUrl, webUrl } = addressesOf(config);
  const engine = await openEngine(config, {
    databaseUrl,
    slotCount: duties.work ? config.concurrency : 0,
    apiUrl,
    webUrl,
  });
  const { core } = engine;
  await heartbeat(core, config.role);
  await engine.catchUp();
  await core.breaker.refresh();
  const beats = every(beatMs, "the heartbeat", async () => {
    await heartbeat(core, config.role);
    await engine.catchUp();
    await core.breaker.refresh();
  });
  const { http, servers, settled } = duties.api
    ? await openDoor(engine, config)
    : { http: "-", servers: [], settled: () => Promise.resolve() };
  const sensors = duties.sensors ? await openSensors(engine, config) : undefined;
  const sweeps = duties.clock
    ? [
        every(sweepMs, "the sweep", () => sweep(core)),
        every(poolsMs, "the look at pools", () => lookAtPools(core)),
        ...traces(core, config),
        every(600_000, "housekeeping", async () => {
          await collectGarbage(core, config.retention);
          await forgetAnswers(core.database.db);
        }),
      ]
    : [];
  const listener = duties.work
    ? await core.queue.listen({
        concurrency: config.concurrency,
        pools: core.pools,
        hear: (ring) => hear(core, ring),
        onError: (reason) => say("warn", "the queue", { reason }),
      })
    : undefined;
  const desk = duties.work ? openTicketDesk(core, () => presentTicketSettings(core)) : undefined;
  engine.on("ticket", () => desk?.wake());
  return {
    engine,
    servers,
    settled,
    sensors,
    listener,
    desk,
    ticks: [beats, ...sweeps],
    addresses: { http, smtp: sensors?.smtp ?? "-" },
  };
}

async function closeRole(
  { engine, servers, settled, sensors, listener, desk, ticks }: Opened,
  config: Config,
): Promise<void> {
  await sensors?.stop();
  for (const server of servers) {
    server.close();
    server.closeIdleConnections();
  }
  const heard = listener?.close();
  const left = desk?.stop();
  passing("stop.before-drain");
  await drain(engine, config.drainSeconds);
  passing("stop.after-drain");
  await Promise.all([heard, left]);
  for (const stop of ticks) await stop();
  await forgetProcess(engine.database.db, engine.core.process).catch(() => undefined);
  for (const server of servers) server.closeAllConnections();
  await Promise.race([settled(), delay(lastWordsMs, undefined, { ref: false })]);
  await engine.close();
}

/** Runs until it is told to stop; gives the exit code. */
export async function runProcess(
  config: Config,
  { supervised }: { supervised: boolean },
): Promise<number> {
  logAsJson(config.jsonLog);
  armCrash(config.crashAt);
  const life = childLife();
  try {
    if (config.databaseUrl === undefined)
      throw new ConfigError(
        `--role ${config.role} needs DATABASE_URL: without it, use raicho start`,
      );
    const opened = await unlessStopped(
      prepareAndOpen(config, config.databaseUrl, supervised),
      life,
    );
    if (opened === undefined) return 0;
    passing("boot.before-ready");
    announce(life, opened, supervised);
    life.onMessage((message) => {
      if (message === "reload") void opened.engine.reload({ forget: dutiesOf(config).api });
    });
    const why = await life.stopped;
    if (why === "orphaned") setTimeout(() => process.exit(1), orphanMs).unref();
    await closeRole(opened, why === "orphaned" ? { ...config, drainSeconds: 0 } : config);
    return 0;
  } catch (error) {
    if (!supervised) throw error;
    life.report("fatal", text(error));
    say("error", `the ${config.role} process cannot work`, {
      reason: error instanceof Error ? error.stack : String(error),
    });
    return 1;
  } finally {
    // Whatever a library left open must not keep a stopped process alive.
    setTimeout(() => process.exit(), 500).unref();
    if (process.connected) process.disconnect();
  }
}

async function prepareAndOpen(
  config: Config,
  databaseUrl: string,
  supervised: boolean,
): Promise<Opened> {
  if (!supervised) await prepare(config, databaseUrl);
  return openRole(await withPorts(config), databaseUrl);
}

/** Actions are told where to call before the door opens. */
async function withPorts(config: Config): Promise<Config> {
  const duties = dutiesOf(config);
  const { host, port, localPort, tls, apiUrl } = config;
  if (tls !== undefined && localPort === 0 && apiUrl === undefined && !duties.api)
    throw new ConfigError(
      `--role ${config.role} with TLS: set RAICHO_LOCAL_PORT to the one of this machine's door, or RAICHO_API_URL, so that actions find the API`,
    );
  if (!duties.api) return config;
  return {
    ...config,
    port: port === 0 ? await freePort(host, 0, "RAICHO_PORT") : port,
    localPort:
      tls !== undefined && localPort === 0
        ? await freePort("127.0.0.1", 0, "RAICHO_LOCAL_PORT")
        : localPort,
  };
}

function announce(life: ChildLife, { addresses }: Opened, supervised: boolean): void {
  life.report("ready", addresses);
  if (!supervised) process.stdout.write(`raicho ready ${addresses.http} smtp ${addresses.smtp}\n`);
}

async function prepare(config: Config, url: string): Promise<void> {
  await waitForDatabase(url, {
    patienceMs: 60_000,
    onWait: (reason) => say("warn", "waiting for the database", { reason }),
  }).catch((error: unknown) => {
    throw new ConfigError(
      `the database of DATABASE_URL cannot be used: ${text(error)}; start it or correct DATABASE_URL`,
    );
  });
  const database = openDatabase(url, { max: 2 });
  await migrate(database);
  if (dutiesOf(config).api) sayPassword(await ensureAdmin(database, config.adminPassword));
  await database.close();
}
