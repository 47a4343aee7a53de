/** The doorbell: BullMQ on PostgreSQL (default) or Redis. Jobs carry ids; whatever is lost here is rung again from the ledger.
 *
 * 1. No BullMQ object exists before the database answered: one made too early never recovers.
 * 2. Same work, same job id: `run~<execution>~<attempt>` (`…~due` when its delay is over). BullMQ knows an id only while the job exists; the ledger's fence decides for good.
 * 3. Each pool of workers has a queue of its own, opened when it is first rung; the ledger's claim decides once more who may.
 * 4. BullMQ's attempts, flows and stall verdicts decide nothing: a job that fails or stalls is only a ring that was not heard. */
import { createPostgresBackend, type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { defaultPool } from "../model/pools.ts";

/** What a worker hears. `run`: an execution waits to be claimed by a worker of that pool. `match`: pending trigger instances wait. `tick`: a schedule fired. */
export type Ring =
  | {
      readonly name: "run";
      readonly execution: string;
      readonly attempt: number;
      readonly delayMs?: number;
      /** Absent = the default pool. */
      readonly pool?: string;
      /** It is due by the database's clock: rung beside a delayed ring, which waits by the clock of whoever rang. */
      readonly due?: boolean;
    }
  | { readonly name: "match" }
  | { readonly name: "tick"; readonly schedule: string };

export interface WorkQueue {
  /** Rings many bells in one round trip. Ringing one that is still waiting changes nothing. */
  ring(rings: readonly Ring[]): Promise<void>;
  /** A repeating `tick`, one ring per period over all machines; calling it again changes the period. */
  schedule(name: string, everyMs: number): Promise<void>;
  /** Hears rings of these pools (unless said, of the default one), at most `concurrency` of each at once; resolves when listening. A handler that rejects is reported,
   * and the ring is gone. */
  listen(options: {
    readonly concurrency: number;
    readonly pools?: readonly string[];
    readonly hear: (ring: Ring) => Promise<void>;
    readonly onError: (reason: string) => void;
  }): Promise<Listener>;
  close(): Promise<void>;
}

export interface Listener {
  /** Takes no further rings, waits for the handlers that run, then closes. */
  close(): Promise<void>;
}

export interface QueueOptions {
  /** Options of connections to PostgreSQL, as its driver takes them. */
  readonly database: Readonly<Record<string, unknown>>;
  readonly redisUrl: string | undefined;
  /** Separates installations that share a server. */
  readonly prefix?: string;
  readonly onError: (reason: string) => void;
}

const lease = { lockDuration: 5_000, stalledInterval: 2_000, maxStalledCount: 1_000 } as const;
const gone = { removeOnComplete: true, removeOnFail: true } as const;

function jobId(ring: Ring): string {
  if (ring.name === "run")
    return `run~${ring.execution}~${ring.attempt}${ring.due === true ? "~due" : ""}`;
  return ring.name === "match" ? "bell~match" : `bell~${ring.schedule}`;
}

function heard(name: string, data: unknown): Ring | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  if (name === "match") return { name };
  if (name === "tick" && "schedule" in data && typeof data.schedule === "string")
    return { name, schedule: data.schedule };
  if (name !== "run" || !("execution" in data) || typeof data.execution !== "string")
    return undefined;
  return {
    name,
    execution: data.execution,
    attempt: "attempt" in data && typeof data.attempt === "number" ? data.attempt : 1,
  };
}

/** A server that vanished without a word is noticed within seconds: by TCP keepalives where nothing is asked, else by the silence of a connection that waits for an answer.
 * A worker waits for at most 10 s in one request. */
const redisLink = { keepAlive: 2_000, connectTimeout: 5_000, socketTimeout: 12_000 } as const;

type Processor = (job: Job) => Promise<void>;

/** What is used of BullMQ's Queue and Worker, whatever they run on. */
interface Bells {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  addBulk(
    jobs: { name: string; data: Ring; opts: { jobId: string; delay?: number } }[],
  ): Promise<unknown>;
  upsertJobScheduler(
    id: string,
    repeat: { every: number },
    template: { name: string; data: { schedule: string }; opts: typeof gone },
  ): Promise<unknown>;
  close(): Promise<void>;
}
interface Ear {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "failed", listener: (job: { name: string } | undefined, error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Both backends behind one pair of constructors. */
interface Backend {
  queue(name: string): Bells;
  worker(name: string, hear: Processor, concurrency: number): Ear;
  close(): void;
}

const workerOptions = {
  ...lease,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  autorun: false,
} as const;

function onPostgres(options: QueueOptions["database"]): Backend {
  const connection = (max: number) => ({ ...options, max, migrate: true });
  return {
    queue: (name) =>
      new Queue(
        name,
        { connection: connection(4), defaultJobOptions: gone },
        createPostgresBackend,
      ),
    worker: (name, hear, concurrency) =>
      new Worker(
        name,
        hear,
        { ...workerOptions, connection: connection(8), concurrency },
        createPostgresBackend,
      ),
    close: () => undefined,
  };
}

function onRedis(url: string, onError: (reason: string) => void): Backend {
  const opened: Redis[] = [];
  let shared: Redis | undefined;
  const connection = (): Redis => {
    const redis = new Redis(url, { maxRetriesPerRequest: null, ...redisLink });
    redis.on("error", (error) => onError(error.message));
    opened.push(redis);
    return redis;
  };
  return {
    queue: (name) =>
      new Queue(name, { connection: (shared ??= connection()), defaultJobOptions: gone }),
    worker: (name, hear, concurrency) =>
      new Worker(name, hear, { ...workerOptions, connection: connection(), concurrency }),
    close: () => {
      for (const redis of opened) redis.disconnect();
    },
  };
}

function optionsOf(ring: Ring): { jobId: string; delay?: number } {
  const delay = ring.name === "run" ? (ring.delayMs ?? 0) : 0;
  return { jobId: jobId(ring), ...(delay > 0 ? { delay: Math.ceil(delay) } : {}) };
}

const ringsAtOnce = 1_000;

/** What is rung while a round trip is under way goes with the next one: a storm of rings costs few round trips, a single ring waits for nothing. */
function coalesce(
  send: (rings: readonly Ring[]) => Promise<void>,
): (rings: readonly Ring[]) => Promise<void> {
  let waiting: { readonly rings: readonly Ring[]; readonly done: PromiseWithResolvers<void> }[] =
    [];
  let sending = false;
  const flush = async (): Promise<void> => {
    sending = true;
    while (waiting.length > 0) {
      let count = 0;
      let taken = 0;
      while (taken < waiting.length && count < ringsAtOnce)
        count += waiting[taken++]?.rings.length ?? 0;
      const batch = waiting.slice(0, taken);
      waiting = waiting.slice(taken);
      await send(batch.flatMap(({ rings }) => rings)).then(
        () => batch.forEach(({ done }) => done.resolve()),
        (error: unknown) => batch.forEach(({ done }) => done.reject(error)),
      );
    }
    sending = false;
  };
  return (rings) => {
    if (rings.length === 0) return Promise.resolve();
    const done = Promise.withResolvers<void>();
    waiting.push({ rings, done });
    if (!sending) void flush();
    return done.promise;
  };
}

/** Opens the queue; the database (and Redis) must answer already. Rejects when it cannot be used. */
export async function openQueue(options: QueueOptions): Promise<WorkQueue> {
  const { database, redisUrl, prefix = "raicho", onError } = options;
  const backend = redisUrl === undefined ? onPostgres(database) : onRedis(redisUrl, onError);
  const queues = new PoolQueues(async (pool) => {
    const queue = backend.queue(nameOf(prefix, pool));
    queue.on("error", (error) => onError(error.message));
    await queue.waitUntilReady();
    return queue;
  });
  const queue = await queues.of(defaultPool);
  return {
    ring: coalesce(async (rings) => {
      for (let at = 0; at < rings.length; at += ringsAtOnce) {
        const pools = Map.groupBy(rings.slice(at, at + ringsAtOnce), poolIn);
        await Promise.all(
          [...pools].map(async ([pool, own]) =>
            (await queues.of(pool)).addBulk(
              own.map((ring) => ({ name: ring.name, data: ring, opts: optionsOf(ring) })),
            ),
          ),
        );
      }
    }),
    schedule: async (name, every) => {
      await queue.upsertJobScheduler(
        name,
        { every },
        { name: "tick", data: { schedule: name }, opts: gone },
      );
    },
    listen: async ({ concurrency, pools = [defaultPool], hear, onError: report }) => {
      const onJob: Processor = async (job) => {
        const ring = heard(job.name, job.data);
        if (ring !== undefined) await hear(ring);
      };
      const ears = await Promise.all(
        pools.map(async (pool) => {
          const worker = backend.worker(nameOf(prefix, pool), onJob, concurrency);
          worker.on("error", (error) => report(error.message));
          worker.on("failed", (job, error) => report(`${job?.name ?? "job"}: ${error.message}`));
          await worker.waitUntilReady();
          return worker;
        }),
      );
      for (const ear of ears)
        ear
          .run()
          .catch((error: unknown) =>
            report(error instanceof Error ? error.message : String(error)),
          );
      return { close: async () => void (await Promise.all(ears.map((ear) => ear.close()))) };
    },
    close: async () => {
      await queues.close();
      backend.close();
    },
  };
}

function nameOf(prefix: string, pool: string): string {
  return pool === defaultPool ? prefix : `${prefix}@${pool}`;
}

function poolIn(ring: Ring): string {
  return ring.name === "run" ? (ring.pool ?? defaultPool) : defaultPool;
}

/** Whoever asks for a pool names it: of those that were not rung for long the queues are closed. */
const mostQueues = 64;

class PoolQueues {
  readonly #open: (pool: string) => Promise<Bells>;
  /** The one that was rung last comes last. */
  readonly #queues = new Map<string, Promise<Bells>>();

  constructor(open: (pool: string) => Promise<Bells>) {
    this.#open = open;
  }

  /** Rejects when it cannot be opened; the next ring tries again. */
  of(pool: string): Promise<Bells> {
    const queue = this.#queues.get(pool) ?? this.#open(pool);
    this.#queues.delete(pool);
    this.#queues.set(pool, queue);
    queue.catch(() => this.#queues.delete(pool));
    if (this.#queues.size > mostQueues) this.#closeOldest();
    return queue;
  }

  #closeOldest(): void {
    const oldest = [...this.#queues.keys()].find((pool) => pool !== defaultPool);
    if (oldest === undefined) return;
    const queue = this.#queues.get(oldest);
    this.#queues.delete(oldest);
    void queue?.then((each) => each.close()).catch(() => undefined);
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#queues.values());
    for (const each of opened) if (each.status === "fulfilled") await each.value.close();
  }
}
