/** One process's engine: the ledger, the doorbell, the definitions and the runners, put together. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Config } from "../config.ts";
import { loadContent } from "../content/load.ts";
import { alertRunner } from "../engine/alert-runner.ts";
import { slots, type Core } from "../engine/core.ts";
import { datastore, type Datastore } from "../engine/datastore.ts";
import { compileContent, type CompiledContent } from "../engine/definitions.ts";
import { carry, hearBell } from "../engine/hear.ts";
import { idMaker } from "../engine/ids.ts";
import { ingest } from "../engine/ingest.ts";
import { Inventory } from "../engine/inventory.ts";
import { inventoryRunner } from "../engine/inventory-runner.ts";
import { type Question, Unanswered } from "../expressions/context.ts";
import { compileTypes } from "../inventory/compile.ts";
import type { NewEvent } from "../model/events.ts";
import { answerQuestion, type EvaluatorRequest } from "../processes/ask.ts";
import { evaluatorPool } from "../processes/evaluator-pool.ts";
import type { ChildPool } from "../processes/pool.ts";
import { type Spawner, spawner } from "../processes/spawner.ts";
import { openQueue, type WorkQueue } from "../queue/queue.ts";
import { openBells } from "../store/bells.ts";
import { type Database, openDatabase, waitForDatabase } from "../store/database.ts";
import { CommitPump } from "../store/pump.ts";
import { openVault } from "../store/vault.ts";
import { contentDirectories, knownRunners } from "./content.ts";
import { ownerSettings } from "./inventory.ts";
import { say } from "./log.ts";
import { builtinRunners } from "./runners.ts";

export interface EngineProcess {
  readonly core: Core;
  readonly database: Database;
  readonly queue: WorkQueue;
  readonly inventory: Inventory;
  readonly datastore: Datastore;
  definitions(): CompiledContent;
  /** Reads the content again; what is broken keeps its problems, what runs keeps its definitions. */
  reload(): Promise<{ readonly problems: readonly string[] }>;
  /** Called after every reload. */
  onReload(listener: () => void): void;
  /** Called when the inventory was changed, by anybody. */
  onInventoryChange(listener: () => void): void;
  close(): Promise<void>;
}

const systemUser = "stanley";

interface Loaded {
  readonly compiled: CompiledContent;
  readonly problems: readonly string[];
}

async function load(config: Config): Promise<Loaded> {
  const { content, problems } = await loadContent({
    directories: contentDirectories(config),
    runners: knownRunners(),
  });
  const compiled = compileContent(content);
  const lines = problems
    .filter(({ severity }) => severity !== "info")
    .map(
      ({ severity, file, line, column, message }) =>
        `${severity}: ${file}:${line}:${column} ${message}`,
    );
  for (const line of [...lines, ...compiled.problems]) say("warn", "content", { problem: line });
  return { compiled, problems: [...lines, ...compiled.problems] };
}

function typesOf(compiled: CompiledContent): ReturnType<typeof compileTypes>["types"] {
  const { types, problems } = compileTypes(compiled.types);
  for (const { declaration, path, message } of problems)
    say("warn", "inventory type", { file: declaration.source.file, path, message });
  return types;
}

interface Helpers {
  readonly evaluators: ChildPool<EvaluatorRequest, unknown>;
  readonly spawn: Spawner | undefined;
}

/** Opens everything; `slotCount` = actions this process may run at once (0 = none). */
export async function openEngine(
  config: Config,
  { databaseUrl, slotCount, apiUrl }: { databaseUrl: string; slotCount: number; apiUrl: string },
): Promise<EngineProcess> {
  await waitForDatabase(databaseUrl, { patienceMs: 60_000 });
  const database = openDatabase(databaseUrl);
  const queue = await openQueue({
    databaseUrl,
    redisUrl: config.redisUrl,
    onError: gate("the queue reports an error"),
  });
  let loaded = await load(config);
  const reloadListeners: (() => void)[] = [];
  const changeListeners: (() => void)[] = [];
  const vault = openVault(config.masterKeyFile);
  const store = datastore(database, vault);
  const helpers: Helpers = {
    evaluators: evaluatorPool({ size: 2 }),
    spawn: slotCount > 0 ? spawner() : undefined,
  };
  const inventory = await Inventory.open({
    database,
    types: typesOf(loaded.compiled),
    owners: ownerSettings(() => loaded.compiled.content),
    onChange: () => core.bells.ring({ kind: "feed", id: "inventory" }),
  });
  const core: Core = {
    process: `${hostname()}.${process.pid}.${randomBytes(4).toString("hex")}`,
    database,
    queue,
    pump: new CommitPump({
      url: databaseUrl,
      onOutage: (reason) =>
        say(
          reason === undefined ? "info" : "error",
          reason === undefined ? "the database is back" : "the database is away",
          reason === undefined ? {} : { reason },
        ),
    }),
    bells: openBells(databaseUrl, (bell) => {
      if (bell.kind === "feed") for (const listener of changeListeners) listener();
      hearBell(core, bell);
    }),
    runners: new Map(),
    slots: slots(slotCount),
    running: new Map(),
    conducted: new Map(),
    carry,
    log: say,
    systemUser,
    apiUrl,
    definitions: () => loaded.compiled,
    newId: idMaker(),
    ask: askHere,
    answer: (question) =>
      answerQuestion(question, {
        pool: helpers.evaluators,
        now: () => new Date().toISOString(),
        random: () => Math.random(),
        datastore: lookup(store),
        task: () => Promise.resolve(undefined),
      }),
  };
  const raise = (events: readonly NewEvent[]): Promise<unknown> => ingest(core, events);
  const alert = alertRunner({
    database,
    timeZone: config.timeZone,
    parsers: () => loaded.compiled.parsers,
    ingest: raise,
  });
  const runners = [...builtinRunners(helpers.spawn?.spawn), inventoryRunner(inventory), alert];
  const table = new Map(
    runners.flatMap((runner) =>
      [runner.name, ...runner.aliases].map((name) => [name, runner] as const),
    ),
  );
  Object.assign(core, { runners: table });
  return {
    core,
    database,
    queue,
    inventory,
    datastore: store,
    definitions: () => loaded.compiled,
    reload: async () => {
      loaded = await load(config);
      await inventory.reload(typesOf(loaded.compiled));
      for (const listener of reloadListeners) listener();
      return { problems: loaded.problems };
    },
    onReload: (listener) => void reloadListeners.push(listener),
    onInventoryChange: (listener) => void changeListeners.push(listener),
    close: async () => {
      await core.pump.close();
      await Promise.all([
        ...runners.map((runner) => runner.close?.()),
        helpers.evaluators.close(),
        helpers.spawn?.close(),
        core.bells.close(),
        queue.close(),
      ]);
      await database.close();
    },
  };
}

/** What a process answers by itself, at once. */
function askHere(question: Question): unknown {
  if (question.kind === "now") return new Date().toISOString();
  if (question.kind === "random") return Math.random();
  throw new Unanswered(question);
}

/** `system.x`, `user.x`: as written after `st2kv.`. Users' keys are those of the system user here: rules and workflows act in its name. */
function lookup(store: Datastore): (name: string, decrypt: boolean) => Promise<unknown> {
  return async (name, decrypt) => {
    const dot = name.indexOf(".");
    const scope = name.slice(0, dot) === "user" ? `user:${systemUser}` : "system";
    return (await store.get(scope, name.slice(dot + 1), decrypt))?.value;
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
