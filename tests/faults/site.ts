/** The real program as separate processes on a real PostgreSQL (and Redis) of their own, beside the recorder; each of them can be ended, paused and cut off. What
 * ends comes back, as an init system would bring it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/redis.ts";
import {
  adminPassword,
  basic,
  plainRequest,
  removeHome,
  runRaicho,
  temporaryHome,
  type Started,
} from "../support/raicho.ts";
import type { Network } from "./network.ts";
import { writePack } from "./pack.ts";
import { closeProxies, openProxies, type Proxies, through } from "./proxies.ts";
import { startRecorder, type Recorder } from "./recorder.ts";
import { databaseServer, redisServer, type DatabaseServer, type RedisServer } from "./servers.ts";

export type Role = "api" | "worker" | "sensors" | "scheduler";
export type Backend = "postgres" | "redis";

export interface SiteOptions {
  readonly backend?: Backend;
  /** How many processes of each role. */
  readonly counts?: Partial<Record<Role, number>>;
  readonly env?: Readonly<Record<string, string>>;
  /** `<configs>/<pack>.yaml` by pack. */
  readonly configs?: Readonly<Record<string, unknown>>;
  /** For single processes, by name. */
  readonly envOf?: (name: string) => Readonly<Record<string, string>>;
  /** What runs the program, by name of the process. */
  readonly beforeOf?: (name: string) => readonly string[];
  readonly pack?: Parameters<typeof writePack>[2];
  /** Settings of PostgreSQL. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the database's files are put, e.g. on a small tmpfs. */
  readonly databaseHome?: string;
  /** The processes start so many seconds before the database. */
  readonly databaseComesAfter?: number;
  /** Connections to PostgreSQL and Redis go through proxies. */
  readonly proxied?: boolean;
  /** Each process is on the machine that its layout says; the servers are at its hub. */
  readonly network?: Network;
}

export interface Kept {
  readonly name: string;
  readonly role: Role;
  started: Started;
  /** Starts that were counted so far. */
  starts: number;
  paused: boolean;
  /** The log of those that ended. */
  said: string;
  /** It does not come back by itself. */
  held: boolean;
  /** For its next start only. */
  next: Readonly<Record<string, string>>;
}

/** Starts this way and another seed's the same: nothing of a site is left to chance but ports. */
export interface Site {
  readonly home: string;
  readonly backend: Backend;
  readonly database: DatabaseServer;
  readonly redis: RedisServer | undefined;
  readonly recorder: Recorder;
  readonly proxies: Proxies;
  readonly processes: readonly Kept[];
  /** Addresses of the doors. */
  readonly doors: readonly string[];
  readonly smtp: readonly { readonly host: string; readonly port: number }[];
  token: string;
  named(name: string): Kept;
  of(role: Role): readonly Kept[];
  isReady(kept: Kept): boolean;
  ready(kept?: Kept): Promise<void>;
  /** Signals it and resolves when it has ended; it is started again at once, with `env` besides. */
  kill(kept: Kept, signal?: NodeJS.Signals, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when it ended by itself. */
  ended(kept: Kept): Promise<void>;
  /** All that it logged so far, in all its starts. */
  logOf(kept: Kept): string;
  /** Takes the queue's memory. */
  wipeQueue(): Promise<void>;
  /** Aborted when it closes: whoever still delivers to it stops. */
  readonly over: AbortSignal;
  /** Resolves with the names of those of which something still runs after SIGTERM and, 15 s later, SIGKILL. */
  close(): Promise<readonly string[]>;
}

const usual = { api: 1, scheduler: 1, sensors: 1, worker: 2 } as const;

interface Ports {
  readonly http: ReadonlyMap<string, number>;
  readonly smtp: ReadonlyMap<string, number>;
}

async function portsFor(names: readonly { name: string; role: Role }[]): Promise<Ports> {
  const http = new Map<string, number>();
  const smtp = new Map<string, number>();
  for (const { name, role } of names) {
    if (role === "api") http.set(name, await freePort());
    if (role === "sensors") smtp.set(name, await freePort());
  }
  return { http, smtp };
}

function namesOf(counts: Readonly<Record<Role, number>>): readonly { name: string; role: Role }[] {
  return (["api", "scheduler", "sensors", "worker"] as const).flatMap((role) =>
    Array.from({ length: counts[role] }, (_, n) => ({ name: `${role} ${n + 1}`, role })),
  );
}

function writeConfigs(home: string, configs: SiteOptions["configs"] = {}): void {
  for (const [pack, config] of Object.entries(configs))
    writeFileSync(join(home, "configs", `${pack}.yaml`), JSON.stringify(config));
}

/** Resolves when all processes are ready and admin has signed in. */
export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const { backend = "postgres" } = options;
  const home = temporaryHome();
  mkdirSync(join(home, "site"));
  mkdirSync(join(home, "configs"));
  writeConfigs(home, options.configs);
  const { settings = {}, databaseHome = home, network } = options;
  const hub = network?.hub;
  const recorder = await startRecorder(hub);
  const onHub = hub === undefined ? {} : { hub };
  const database = await databaseServer(databaseHome, { settings, ...onHub });
  const redis = backend === "redis" ? await redisServer(home, hub) : undefined;
  const names = namesOf({ ...usual, ...options.counts });
  const ports = await portsFor(names);
  const proxies = options.proxied === true ? await openProxies(database, redis) : {};
  writePack(home, recorder.url, options.pack);
  const parts = { home, backend, recorder, database, redis, proxies, ports, options };
  const site = new RunningSite(parts);
  await launchAll(site, names, options.databaseComesAfter ?? 0);
  await site.signIn();
  return site;
}

async function launchAll(
  site: RunningSite,
  names: readonly { name: string; role: Role }[],
  databaseComesAfter: number,
): Promise<void> {
  if (databaseComesAfter > 0) await site.database.stop();
  // The first one brings the schema up to date, the others find it so.
  for (const [index, each] of names.entries()) {
    site.launch(each);
    if (index === 0 && databaseComesAfter === 0) await site.ready(site.named(each.name));
  }
  if (databaseComesAfter > 0) {
    await delay(databaseComesAfter * 1_000);
    await site.database.start();
  }
  await site.ready();
}

type Own = "home" | "backend" | "recorder" | "database" | "redis" | "proxies";

interface Parts extends Pick<Site, Own> {
  readonly ports: Ports;
  readonly options: SiteOptions;
}

class RunningSite implements Site {
  readonly home: string;
  readonly backend: Backend;
  readonly database: DatabaseServer;
  readonly redis: RedisServer | undefined;
  readonly recorder: Recorder;
  readonly proxies: Proxies;
  readonly doors: readonly string[];
  readonly smtp: Site["smtp"];
  token = "";
  readonly #kept: Kept[] = [];
  readonly #ports: Ports;
  readonly #options: SiteOptions;
  readonly #closing = new AbortController();

  constructor({ home, backend, recorder, database, redis, proxies, ports, options }: Parts) {
    this.proxies = proxies;
    this.home = home;
    this.backend = backend;
    this.database = database;
    this.redis = redis;
    this.recorder = recorder;
    this.#ports = ports;
    this.#options = options;
    this.doors = [...ports.http].map(([name, port]) => `http://${this.#hostOf(name)}:${port}`);
    this.smtp = [...ports.smtp].map(([name, port]) => ({ host: this.#hostOf(name), port }));
  }

  get over(): AbortSignal {
    return this.#closing.signal;
  }

  get processes(): readonly Kept[] {
    return this.#kept;
  }

  launch({ name, role }: { name: string; role: Role }): void {
    const started = this.#run(name, role, {});
    const state = { said: "", starts: 1, paused: false, held: false, next: {} };
    const kept: Kept = { name, role, started, ...state };
    this.#kept.push(kept);
    this.#keep(kept, started);
  }

  #hostOf(name: string): string {
    return this.#options.network?.address(name) ?? "127.0.0.1";
  }

  #run(name: string, role: Role, env: Readonly<Record<string, string>>): Started {
    const { env: common, envOf, beforeOf, network } = this.#options;
    const hub = network?.hub;
    const { database, redis } = this.proxies;
    return runRaicho(["start", "--role", role], {
      home: this.home,
      cwd: join(this.home, "site"),
      before: [...(network?.before(name) ?? []), ...(beforeOf?.(name) ?? [])],
      env: {
        DATABASE_URL: through(this.database.url, { proxy: database, hub }),
        ...(this.redis === undefined
          ? {}
          : { REDIS_URL: through(this.redis.url, { proxy: redis, hub }) }),
        RAICHO_CONFIGS: join(this.home, "configs"),
        RAICHO_ADMIN_PASSWORD: adminPassword,
        RAICHO_API_URL: this.doors[0] ?? "",
        RAICHO_HOST: this.#hostOf(name),
        RAICHO_PORT: String(this.#ports.http.get(name) ?? 0),
        RAICHO_SMTP_PORT: String(this.#ports.smtp.get(name) ?? 0),
        RAICHO_PACK_INDEX: "off",
        ...common,
        ...envOf?.(name),
        ...env,
      },
    });
  }

  #keep(kept: Kept, started: Started): void {
    void started.ended.then(() => this.#again(kept, started));
  }

  #again(kept: Kept, ended: Started): void {
    kept.said += ended.printed.err;
    if (this.over.aborted || kept.held || kept.started !== ended) return;
    const { next } = kept;
    kept.next = {};
    kept.paused = false;
    kept.starts += 1;
    kept.started = this.#run(kept.name, kept.role, next);
    this.#keep(kept, kept.started);
  }

  named(name: string): Kept {
    const found = this.#kept.find((kept) => kept.name === name);
    if (found === undefined) throw new Error(`there is no process ${name}`);
    return found;
  }

  of(role: Role): readonly Kept[] {
    return this.#kept.filter((kept) => kept.role === role);
  }

  isReady({ started, paused }: Kept): boolean {
    return !paused && started.printed.out.includes("raicho ready");
  }

  async ready(kept?: Kept): Promise<void> {
    for (const each of kept === undefined ? this.#kept : [kept])
      await eventually(
        `${each.name} to be ready`,
        () => {
          if (this.isReady(each)) return true;
          throw new Error(each.started.printed.err.slice(-600));
        },
        { seconds: 180 },
      );
  }

  async kill(
    kept: Kept,
    signal: NodeJS.Signals = "SIGKILL",
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { child, ended } = kept.started;
    kept.next = env;
    child.kill(signal);
    await ended;
  }

  async ended(kept: Kept): Promise<void> {
    await kept.started.ended;
  }

  logOf({ said, started }: Kept): string {
    return said.endsWith(started.printed.err) ? said : said + started.printed.err;
  }

  async wipeQueue(): Promise<void> {
    if (this.redis !== undefined) return this.redis.flush();
    const tables = await this.database.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'",
    );
    if (tables.length === 0) throw new Error("the queue has no tables");
    const all = tables.map(({ name }) => name).join(", ");
    // The processes at work lock the same tables, in another order: the database then ends one of them, perhaps this.
    await eventually("the queue to be emptied", () =>
      this.database.query(`truncate ${all} cascade`),
    );
  }

  async signIn(): Promise<void> {
    const { status, body } = await plainRequest(`${this.doors[0]}/auth/v1/tokens`, {
      method: "POST",
      body: {},
      headers: basic("admin", adminPassword),
    });
    if (status !== 201) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    this.token = (body as { token: string }).token;
  }

  async close(): Promise<readonly string[]> {
    this.#closing.abort();
    const left = await endAll(this.#kept);
    await closeProxies(this.proxies);
    await this.redis?.stop();
    await this.database.stop();
    await this.recorder.close();
    removeHome(this.home);
    return left;
  }
}

/** Kills those that take too long, with all that they started; gives those that still have not ended. */
async function endAll(all: readonly Kept[]): Promise<readonly string[]> {
  for (const { started, paused } of all) {
    if (paused) started.child.kill("SIGCONT");
    started.child.kill("SIGTERM");
  }
  const open = new Set(all);
  const ends = all.map((kept) => kept.started.ended.finally(() => open.delete(kept)));
  const ended = Promise.all(ends);
  await Promise.race([ended, delay(15_000, undefined, { ref: false })]);
  for (const { started } of open) started.kill();
  await Promise.race([ended, delay(15_000, undefined, { ref: false })]);
  return [...open].map(({ name }) => name);
}
