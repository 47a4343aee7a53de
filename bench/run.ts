/** `npm run bench -- [--json FILE] [--page FILE.md] [--quick] [--strict]`: what Raicho does per second, as ratios to baselines that are measured beside it in the same run.
 *
 * 1. A ratio is formed within one repetition, from measurements that follow each other; the report gives the median of the repetitions and keeps them all.
 * 2. The same PostgreSQL, with the settings that Raicho ships, serves everything; nothing is told to be done before it is on disk.
 * 3. The journal is measured before and after what is divided by it: a machine that slows down meanwhile flatters nobody. */
import { rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startPostgres } from "../src/store/postgres.ts";
import { type Engine, openBenchEngine } from "./engine.ts";
import { jobsOnPostgres, jobsOnRedis, startRedis } from "./jobs.ts";
import { type Journal, openJournal } from "./journal.ts";
import { benchMatch } from "./match.ts";
import { openWebhooks, type Webhooks } from "./webhooks.ts";
import { writePage } from "./page.ts";
import { type Repetition, type Summary, summary, table } from "./report.ts";
import { temporaryDirectory, writeSite } from "./site.ts";

const usage = `usage: npm run bench -- [--json FILE] [--page FILE.md] [--quick] [--strict]
  --strict: end with 3 when a ratio misses its aim (1 = it could not be measured, 2 = wrong use)
`;

/** How long each part takes. */
interface Effort {
  readonly repetitions: number;
  readonly ms: number;
  readonly webhookSeconds: number;
  readonly idlePairs: number;
  readonly redisJobs: number;
  readonly postgresJobs: number;
  readonly chains: number;
  readonly matchEvents: number;
}

const full: Effort = {
  repetitions: 5,
  ms: 2_000,
  webhookSeconds: 3,
  idlePairs: 150,
  redisJobs: 10_000,
  postgresJobs: 1_500,
  chains: 5,
  matchEvents: 50_000,
};
const quick: Effort = {
  repetitions: 3,
  ms: 600,
  webhookSeconds: 1,
  idlePairs: 60,
  redisJobs: 3_000,
  postgresJobs: 300,
  chains: 2,
  matchEvents: 20_000,
};

interface Parts {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly webhooks: Webhooks;
  readonly redisUrl: string | undefined;
  readonly queueUrl: string;
}

/** Runs the measurements one after the other; stops between two of them when told to. */
type Turn = <Result>(work: () => Promise<Result>) => Promise<Result>;

async function repetition(
  { engine, journal, webhooks, redisUrl, queueUrl }: Parts,
  effort: Effort,
  turn: Turn,
): Promise<Omit<Repetition, "match">> {
  const { ms, webhookSeconds, chains } = effort;
  const rows = (): Promise<number> => turn(() => journal.rows(ms));
  const bare = await turn(() => webhooks.bare(webhookSeconds));
  const matched = await turn(() => webhooks.matched(webhookSeconds));
  const bareAfter = await turn(() => webhooks.bare(webhookSeconds));
  const stored = await turn(() => webhooks.stored(webhookSeconds));
  const bareLast = await turn(() => webhooks.bare(webhookSeconds));
  const before = await rows();
  const steps = await turn(() => engine.steps(ms));
  const between = await rows();
  const events = await turn(() => engine.events(ms));
  const after = await rows();
  const redis =
    redisUrl === undefined ? undefined : await turn(() => jobsOnRedis(redisUrl, effort.redisJobs));
  const postgres = await turn(() => jobsOnPostgres(queueUrl, effort.postgresJobs));
  const idle = await turn(() => engine.idle(journal, effort.idlePairs));
  const short = await turn(() => engine.stepCost(10, chains * 100));
  const long = await turn(() => engine.stepCost(1_000, chains));
  const few = await turn(() => engine.itemCost(10, chains * 200));
  const many = await turn(() => engine.itemCost(10_000, Math.ceil(chains / 5)));
  return {
    bare,
    bareAfter,
    bareLast,
    matched,
    stored,
    journal: [before, between, after],
    steps,
    events,
    redis,
    postgres,
    idle,
    stepCost: { short, long },
    itemCost: { few, many },
  };
}

/** Lets every program compile and fill its caches; nothing of it counts. */
async function warmUp({ engine, journal, webhooks }: Parts): Promise<void> {
  await webhooks.bare(1);
  await webhooks.matched(1);
  await webhooks.stored(1);
  await engine.steps(700);
  await engine.events(700);
  await journal.rows(300);
  await engine.stepCost(1_000, 1);
  await engine.itemCost(10_000, 1);
}

interface Measured {
  readonly repetitions: readonly Repetition[];
  readonly bodyBytes: number;
  readonly redis: boolean;
}

async function measure(effort: Effort, turn: Turn): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const site = temporaryDirectory();
  stack.defer(() => rmSync(site, { recursive: true, force: true }));
  writeSite(site);
  const server = await startPostgres({ home: site });
  stack.defer(() => server.stop());
  const database = openDatabase(server.url, { max: 1 });
  await migrate(database);
  await database.close();
  const redis = await startRedis();
  if (redis !== undefined) stack.use(redis);
  const engine = stack.use(await openBenchEngine({ site, databaseUrl: server.url }));
  const journal = stack.use(await openJournal(server.url));
  const webhooks = stack.use(await openWebhooks({ site, databaseUrl: server.url }));
  const parts = { engine, journal, webhooks, redisUrl: redis?.url, queueUrl: server.url };
  await turn(() => warmUp(parts));
  const repetitions: Repetition[] = [];
  const { rounds } = benchMatch(effort.repetitions, effort.matchEvents);
  for (const [index, match] of rounds.entries()) {
    process.stderr.write(`repetition ${index + 1} of ${effort.repetitions}\n`);
    repetitions.push({ ...(await repetition(parts, effort, turn)), match });
  }
  const failures = await engine.failures();
  if (failures > 0)
    throw new Error(`${failures} executions did not succeed: the numbers would mean nothing`);
  return { repetitions, bodyBytes: webhooks.bodyBytes, redis: redis !== undefined };
}

async function bench(effort: Effort): Promise<Summary> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Error("interrupted"));
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const start = performance.now();
  const { repetitions, bodyBytes, redis } = await measure(effort, async (work) => {
    stop.signal.throwIfAborted();
    return work();
  });
  return summary(repetitions, { bodyBytes, redis, seconds: (performance.now() - start) / 1_000 });
}

interface Wanted {
  readonly json?: string | undefined;
  readonly page?: string | undefined;
  readonly strict?: boolean | undefined;
}

const missedAim = 3;

function tell(result: Summary, { json, page, strict = false }: Wanted): void {
  process.stdout.write(table(result));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, undefined, 2)}\n`);
  if (page !== undefined) writePage(page, result);
  if (result.missed.length === 0) return;
  process.stderr.write(`bench: missed ${result.missed.join(", ")}\n`);
  if (strict) process.exitCode = missedAim;
}

try {
  const { values } = parseArgs({
    options: {
      json: { type: "string" },
      page: { type: "string" },
      quick: { type: "boolean" },
      strict: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) process.stdout.write(usage);
  else {
    const result = await bench(values.quick === true ? quick : full);
    tell(result, values);
  }
} catch (error) {
  const wrongUse =
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  const reason =
    error instanceof Error
      ? wrongUse
        ? `${error.message}\n${usage}`
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`bench: ${reason}\n`);
  process.exitCode = wrongUse ? 2 : 1;
}
// A connection that a library left open must not keep the finished benchmark alive.
setTimeout(() => process.exit(), 2_000).unref();
