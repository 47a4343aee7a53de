/** The engine in this process, put together as `raicho start` does it. Nothing counts before it is on disk. */
import { readConfig } from "../src/config.ts";
import { ingest } from "../src/engine/ingest.ts";
import { request } from "../src/engine/request.ts";
import { type EngineProcess, openEngine } from "../src/wiring/engine.ts";
import { median, perSecond, timed } from "./measure.ts";
import type { Journal } from "./journal.ts";

const atOnce = 256;
const context = { user: "bench", pack: "bench" };
const event = {
  trigger: "bench.event",
  payload: { service: "http", value: 97, message: "x".repeat(220) },
  source: "bench",
} as const;

export interface Idle {
  /** Milliseconds, the median of one at a time. */
  readonly eventToAction: number;
  readonly commit: number;
}

export interface Engine {
  /** Events per second: each stored, matched, and its inline action done and recorded. */
  events(ms: number): Promise<number>;
  /** Steps per second of 10-step chains. */
  steps(ms: number): Promise<number>;
  /** One event, one raw commit, one event …, with pauses between them. */
  idle(journal: Journal, pairs: number): Promise<Idle>;
  /** Microseconds per step when that many chains of that length start together. */
  stepCost(length: 10 | 1_000, chains: number): Promise<number>;
  /** Microseconds per item when that many workflows with one task over so many items start together. */
  itemCost(length: 10 | 10_000, workflows: number): Promise<number>;
  /** How many executions failed; a measurement with failures is none. */
  failures(): Promise<number>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

async function pass({ core }: EngineProcess): Promise<void> {
  const [id] = await ingest(core, [event]);
  if (id === undefined) throw new Error("an event was taken for a repetition");
}

/** Resolves when the whole workflow is on disk. */
async function run({ core }: EngineProcess, action: string): Promise<void> {
  const id = await request(core, { action, parameters: {}, context });
  await core.conducted.get(id)?.settled();
}

/** Microseconds per step of that many workflows, each so many steps. */
async function cost(
  engine: EngineProcess,
  { shape, length }: { shape: "chain" | "items"; length: number },
  workflows: number,
): Promise<number> {
  const action = `default.${shape}${length}`;
  const took = await timed(() =>
    Promise.all(Array.from({ length: workflows }, () => run(engine, action))),
  );
  return (took * 1_000) / (length * workflows);
}

async function idle(engine: EngineProcess, journal: Journal, pairs: number): Promise<Idle> {
  const events: number[] = [];
  const commits: number[] = [];
  for (let n = 0; n < pairs; n++) {
    events.push(await timed(() => pass(engine)));
    await new Promise((resolve) => setTimeout(resolve, 2));
    commits.push(await timed(() => journal.commit()));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { eventToAction: median(events), commit: median(commits) };
}

export async function openBenchEngine({
  site,
  databaseUrl,
}: {
  site: string;
  databaseUrl: string;
}): Promise<Engine> {
  const config = readConfig(
    { RAICHO_HOME: site, DATABASE_URL: databaseUrl, RAICHO_SMTP_PORT: "off" },
    site,
  );
  const engine = await openEngine(config, {
    databaseUrl,
    slotCount: config.concurrency,
    apiUrl: "http://127.0.0.1:9101",
  });
  await run(engine, "default.chain10");
  await run(engine, "default.chain1000");
  await run(engine, "default.items10");
  return {
    events: (ms) =>
      perSecond(atOnce, ms, async () => {
        await pass(engine);
        return 1;
      }),
    steps: (ms) =>
      perSecond(atOnce, ms, async () => {
        await run(engine, "default.chain10");
        return 10;
      }),
    idle: (journal, pairs) => idle(engine, journal, pairs),
    stepCost: (length, chains) => cost(engine, { shape: "chain", length }, chains),
    itemCost: (length, workflows) => cost(engine, { shape: "items", length }, workflows),
    failures: async () => {
      const { db } = engine.database;
      const { count } = await db
        .selectFrom("execution")
        .select((build) => build.fn.countAll<number>().as("count"))
        .where("status", "!=", "succeeded")
        .executeTakeFirstOrThrow();
      return count;
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}
