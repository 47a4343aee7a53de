/** The doorbell: BullMQ on PostgreSQL (default) or Redis. Jobs carry ids; whatever is lost here is rung again from the ledger.
 *
 * 1. No BullMQ object exists before the database answered: one made too early never recovers.
 * 2. Same work, same job id: `run~<execution>~<attempt>`. BullMQ knows an id only while the job exists; the ledger's fence decides for good.
 * 3. BullMQ's attempts, flows and stall verdicts decide nothing: a job that fails or stalls is only a ring that was not heard. */
import { createPostgresBackend, type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

/** What a worker hears. `run`: an execution waits to be claimed. `match`: pending trigger instances wait. `tick`: a schedule fired. */
export type Ring =
  | {
      readonly name: "run";
      readonly execution: string;
      readonly attempt: number;
      readonly delayMs?: number;
    }
  | { readonly name: "match" }
  | { readonly name: "tick"; readonly schedule: string };

export interface WorkQueue {
  /** Rings many bells in one round trip. Ringing one that is still waiting changes nothing. */
  ring(rings: readonly Ring[]): Promise<void>;
  /** A repeating `tick`, one ring per period over all machines; calling it again changes the period. */
  schedule(name: string, everyMs: number): Promise<void>;
  /** Hears rings, at most `concurrency` at once; resolves when listening. A handler that rejects is reported, and the ring is gone. */
  listen(options: {
    readonly concurrency: number;
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
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  /** Separates installations that share a server. */
  readonly prefix?: string;
  readonly onError: (reason: string) => void;
}

const lease = { lockDuration: 5_000, stalledInterval: 2_000, maxStalledCount: 1_000 } as const;
const gone = { removeOnComplete: true, removeOnFail: true } as const;

function jobId(ring: Ring): string {
  if (ring.name === "run") return `run~${ring.execution}~${ring.attempt}`;
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
  queue(): Bells;
  worker(hear: Processor, concurrency: number): Ear;
  close(): void;
}

const workerOptions = {
  ...lease,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  autorun: false,
} as const;

function onPostgres(url: string, prefix: string): Backend {
  const connection = (max: number) => ({
    connectionString: url,
    max,
    keepAlive: true,
    migrate: true,
  });
  return {
    queue: () =>
      new Queue(
        prefix,
        { connection: connection(4), defaultJobOptions: gone },
        createPostgresBackend,
      ),
    worker: (hear, concurrency) =>
      new Worker(
        prefix,
        hear,
        { ...workerOptions, connection: connection(8), concurrency },
        createPostgresBackend,
      ),
    close: () => undefined,
  };
}

function onRedis(url: string, prefix: string, onError: (reason: string) => void): Backend {
  const opened: Redis[] = [];
  const connection = (): Redis => {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    redis.on("error", (error) => onError(error.message));
    opened.push(redis);
    return redis;
  };
  return {
    queue: () => new Queue(prefix, { connection: connection(), defaultJobOptions: gone }),
    worker: (hear, concurrency) =>
      new Worker(prefix, hear, { ...workerOptions, connection: connection(), concurrency }),
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
  const { databaseUrl, redisUrl, prefix = "raicho", onError } = options;
  const backend =
    redisUrl === undefined ? onPostgres(databaseUrl, prefix) : onRedis(redisUrl, prefix, onError);
  const queue = backend.queue();
  queue.on("error", (error) => onError(error.message));
  await queue.waitUntilReady();
  return {
    ring: coalesce(async (rings) => {
      for (let at = 0; at < rings.length; at += ringsAtOnce)
        await queue.addBulk(
          rings
            .slice(at, at + ringsAtOnce)
            .map((ring) => ({ name: ring.name, data: ring, opts: optionsOf(ring) })),
        );
    }),
    schedule: async (name, every) => {
      await queue.upsertJobScheduler(
        name,
        { every },
        { name: "tick", data: { schedule: name }, opts: gone },
      );
    },
    listen: async ({ concurrency, hear, onError: report }) => {
      const worker = backend.worker(async (job) => {
        const ring = heard(job.name, job.data);
        if (ring !== undefined) await hear(ring);
      }, concurrency);
      worker.on("error", (error) => report(error.message));
      worker.on("failed", (job, error) => report(`${job?.name ?? "job"}: ${error.message}`));
      await worker.waitUntilReady();
      worker
        .run()
        .catch((error: unknown) => report(error instanceof Error ? error.message : String(error)));
      return { close: () => worker.close() };
    },
    close: async () => {
      await queue.close();
      backend.close();
    },
  };
}
