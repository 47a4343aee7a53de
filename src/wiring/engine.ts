/** One process's engine: the ledger, the doorbell, the definitions and the runners, put together. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Config } from "../config.ts";
import { Breaker } from "../engine/breaker.ts";
import { slots, type Core } from "../engine/core.ts";
import { datastore, type Datastore } from "../engine/datastore.ts";
import type { CompiledContent } from "../engine/definitions.ts";
import { carry, hearBell } from "../engine/hear.ts";
import { idMaker } from "../engine/ids.ts";
import { Inventory } from "../engine/inventory.ts";
import type { InventoryOptions } from "../engine/inventory-shared.ts";
import { inventoryRunner } from "../engine/inventory-runner.ts";
import { LedgerClock } from "../engine/ledger-clock.ts";
import type { Viewers } from "../engine/inventory-viewers.ts";
import type { RunbookBook } from "../engine/runbook-book.ts";
import type { RoleBook } from "../engine/role-book.ts";
import type { Resources } from "../engine/resources.ts";
import { seeker } from "../engine/seek.ts";
import { evaluatorPool } from "../processes/evaluator-pool.ts";
import { poolFinder } from "../model/pools.ts";
import { spawner } from "../processes/spawner.ts";
import { openQueue, type WorkQueue } from "../queue/queue.ts";
import type { Runner } from "../runners/runner.ts";
import type { Spawn } from "../runners/spawn.ts";
import { type Bell, openBells } from "../store/bells.ts";
import { type Database, openDatabase, waitForDatabase } from "../store/database.ts";
import { linkOptions } from "../store/link.ts";
import { CommitPump } from "../store/pump.ts";
import { openVault } from "../store/vault.ts";
import { openAlerts, type Alerting } from "./alerts.ts";
import { answerer, askHere } from "./answers.ts";
import { breakersOf, ownerSettings } from "./inventory.ts";
import { openRunbooks } from "./runbooks.ts";
import { openSheets } from "./sheets.ts";
import { openUsers } from "./roles.ts";
import type { Content } from "../model/definitions.ts";
import { LiveDefinitions } from "./definitions.ts";
import { say } from "./log.ts";
import { runnersHere } from "./packs.ts";
import { builtinRunners } from "./runners.ts";

type News = "reload" | "feed" | "sensor" | "ticket";

export interface EngineProcess {
  readonly core: Core;
  readonly database: Database;
  readonly queue: WorkQueue;
  readonly inventory: Inventory;
  /** Documents in git. */
  readonly documents: RunbookBook;
  readonly alerting: Alerting;
  /** Who has which roles. */
  readonly book: RoleBook;
  /** The inventory as each user sees it. */
  readonly viewers: Viewers;
  /** The same by name, with what that user may do now. */
  readonly inventoryOf: (user: string | undefined) => Promise<Inventory>;
  readonly datastore: Datastore;
  readonly definitions: () => CompiledContent;
  /** Reads the content again; what is broken keeps its problems, what runs keeps its definitions. `forget`: what was written through the API over
   * files counts no more. */
  readonly reload: (how: {
    readonly forget: boolean;
  }) => Promise<{ readonly problems: readonly string[] }>;
  /** Takes up what other processes wrote through the API. */
  readonly catchUp: () => Promise<void>;
  /** Definitions written through the API. */
  readonly resources: Resources;
  /** Calls the listener after every reload, when somebody changed the inventory, wishes something of a sensor, or wants a tracker to be
   * told something. */
  readonly on: (news: News, listener: () => void) => void;
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly databaseUrl: string;
  /** Actions this process may run at once (0 = none). */
  readonly slotCount: number;
  /** Where actions reach our own door. */
  readonly apiUrl: string;
  /** Where people reach it; undefined = the same. */
  readonly webUrl?: string;
}

/** Rules, workflows and jobs act in this user's name. */
const systemUser = "stanley";

async function openPatiently(url: string): Promise<Database> {
  await waitForDatabase(url, { patienceMs: 60_000 });
  return openDatabase(url);
}

/** Opens everything. Rejects when the database cannot be reached for a minute. */
export async function openEngine(config: Config, options: EngineOptions): Promise<EngineProcess> {
  const database = await openPatiently(options.databaseUrl);
  const queue = await queueOf(config, options.databaseUrl);
  const live = await LiveDefinitions.open(config, database);
  const listeners = openListeners(live);
  const [vault, evaluators] = [openVault(config.masterKeyFile), evaluatorPool({ size: 2 })];
  const store = datastore(database, vault);
  const answer = answerer(evaluators, store, { systemUser, inventory: () => inventory });
  const spawn = options.slotCount > 0 ? spawner({ nice: config.actionNice }) : undefined;
  const sheets = openSheets();
  const inventory = await openInventory(config, live, {
    database,
    answer,
    sheets,
    onChange: () => core.bells.ring({ kind: "feed", id: "inventory" }),
  });
  const reload: EngineProcess["reload"] = (how) =>
    live.reload(how, ({ types, sources }) => inventory.reload(types, sources));
  const content = (): Content => live.loaded.compiled.content;
  const again = (): ReturnType<typeof reload> => reload({ forget: true });
  const findOwner: Inventory["findOwner"] = (host) => inventory.findOwner(host);
  const more = runnersHere(config, { core: () => core, content, reload: again, findOwner });
  const users = await openUsers(config, { database, inventory, systemUser }, listeners.reload);
  const own = [...builtinRunners(spawnOf(spawn), config), inventoryRunner(users.inventoryOf)];
  const documents = openRunbooks(config, () => core, inventory);
  const alerting = openAlerts(database, config, () => ({ core, live, inventory }));
  const runners = [...own, documents.runner, alerting.runner, ...more];
  const core = makeCore(options, {
    database,
    queue,
    runners,
    sign: (text) => vault.sign(text),
    ...settingsOf(config),
    pools: options.slotCount > 0 ? config.labels : [],
    definitions: () => live.loaded.compiled,
    readAgain: () => reload({ forget: false }),
    answer,
    onBell: (bell) => takeBell(bell, { core, live, listeners, reload }),
  });
  return {
    core,
    database,
    queue,
    inventory,
    documents: documents.book,
    alerting,
    ...users,
    datastore: store,
    definitions: () => live.loaded.compiled,
    reload,
    catchUp: () => live.catchUp(core.process),
    resources: live.resources(core),
    on: (news, listener) => listeners[news].add(listener),
    close: async () => {
      await core.pump.close();
      await closeAll([...runners, evaluators, spawn, sheets, core.bells, queue]);
      await database.close();
    },
  };
}

async function closeAll(
  parts: readonly ({ readonly close?: () => unknown } | undefined)[],
): Promise<void> {
  await Promise.all(parts.map((part) => Promise.resolve(part?.close?.())));
}

function openInventory(
  { timeZone }: Config,
  live: LiveDefinitions,
  rest: Pick<InventoryOptions, "database" | "answer" | "sheets" | "onChange">,
): Promise<Inventory> {
  const owners = ownerSettings(() => live.loaded.compiled.content);
  const { types, sources } = live.loaded;
  return Inventory.open({ timeZone, types, sources, owners, ...rest });
}

function queueOf({ redisUrl }: Config, databaseUrl: string): Promise<WorkQueue> {
  const database = linkOptions(databaseUrl);
  return openQueue({ database, redisUrl, onError: gate("the queue reports an error") });
}

function spawnOf(started: ReturnType<typeof spawner> | undefined): Spawn | undefined {
  return started && ((...given) => started.spawn(...given));
}

/** What the site decides about executions. */
function settingsOf(config: Config): Pick<Core, "actionTriggers" | "validateOutput" | "poolFor"> {
  return {
    poolFor: poolFinder(config.pools),
    actionTriggers: new Set(config.actionTriggers),
    validateOutput: config.validateOutput,
  };
}

interface Parts extends Pick<
  Core,
  | "database"
  | "queue"
  | "definitions"
  | "answer"
  | "sign"
  | "actionTriggers"
  | "validateOutput"
  | "pools"
  | "poolFor"
> {
  readonly runners: readonly Runner[];
  readonly onBell: (bell: Bell) => void;
  readonly readAgain: () => Promise<unknown>;
}

function makeCore(
  { databaseUrl, slotCount, apiUrl, webUrl = apiUrl }: EngineOptions,
  { runners, onBell, readAgain, ...parts }: Parts,
): Core {
  const hear = (bell: Bell): void => {
    onBell(bell);
    hearBell(core, bell);
  };
  const core: Core = {
    ...parts,
    process: `${hostname()}.${process.pid}.${randomBytes(4).toString("hex")}`,
    pump: new CommitPump({ url: databaseUrl, onOutage: sayOutage }),
    bells: openBells(databaseUrl, hear),
    runners: tableOf(runners),
    slots: slots(slotCount),
    running: new Map(),
    conducted: new Map(),
    carry,
    seek: seeker({
      known: (action) => parts.definitions().content.actions.has(action),
      read: readAgain,
      clock: () => performance.now(),
    }),
    breaker: new Breaker({
      core: () => core,
      ...breakersOf(() => parts.definitions().content),
    }),
    log: say,
    clock: new LedgerClock(),
    systemUser,
    apiUrl,
    webUrl,
    newId: idMaker(),
    ask: askHere,
  };
  return core;
}

interface BellGround {
  readonly core: Core;
  readonly live: LiveDefinitions;
  readonly listeners: ReturnType<typeof openListeners>;
  readonly reload: EngineProcess["reload"];
}

/** What this process does about news from others. */
function takeBell({ kind, id }: Bell, { core, live, listeners, reload }: BellGround): void {
  if (kind === "feed" || kind === "sensor" || kind === "ticket") listeners[kind].tell();
  const others = kind === "reload" && id !== core.process;
  const caught = kind === "resources" ? live.catchUp(core.process) : undefined;
  Promise.all([others && reload({ forget: false }), caught]).catch(sayNotReloaded);
}

/** By name and alias. */
function tableOf(runners: readonly Runner[]): ReadonlyMap<string, Runner> {
  return new Map(
    runners.flatMap((runner) =>
      [runner.name, ...runner.aliases].map((name) => [name, runner] as const),
    ),
  );
}

function sayNotReloaded(error: unknown): void {
  say("error", "the content was not taken up", {
    reason: error instanceof Error ? error.message : String(error),
  });
}

function sayOutage(reason: string | undefined): void {
  if (reason === undefined) say("info", "the database is back", {});
  else say("error", "the database is away", { reason });
}

function openListeners(live: Pick<LiveDefinitions, "onChange">) {
  const listeners = {
    reload: listenerList(),
    feed: listenerList(),
    sensor: listenerList(),
    ticket: listenerList(),
  };
  live.onChange(() => listeners.reload.tell());
  return listeners;
}

interface ListenerList {
  add(listener: () => void): void;
  tell(): void;
}

function listenerList(): ListenerList {
  const all: (() => void)[] = [];
  return {
    add: (listener) => void all.push(listener),
    tell: () => {
      for (const listener of all) listener();
    },
  };
}

/** One line per reason and five seconds: an outage must not fill the log. */
function gate(sentence: string): (reason: string) => void {
  const said = new Map<string, number>();
  return (reason) => {
    const now = performance.now();
    if ((said.get(reason) ?? -Infinity) > now - 5_000) return;
    if (said.size > 100) said.clear();
    said.set(reason, now);
    say("warn", sentence, { reason });
  };
}
