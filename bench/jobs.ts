/** BullMQ's no-op jobs per second, at its best: fed in bulk, finished jobs removed, 32 at once. */
import { createPostgresBackend, Queue, Worker } from "bullmq";
import { temporaryDirectory } from "./site.ts";
import { startProgram } from "./children.ts";
import { timed } from "./measure.ts";
import { rmSync } from "node:fs";
import { createServer } from "node:net";

const concurrency = 32;
const bulk = 1_000;
const data = {
  trigger: "core.st2.webhook",
  payload: { host: "web-0123.example.net", message: "x".repeat(200) },
};

/** What is used of BullMQ's Queue and Worker, whatever they run on. */
interface Jobs {
  addBulk(
    jobs: { name: string; data: typeof data; opts: { removeOnComplete: boolean } }[],
  ): Promise<unknown>;
  close(): Promise<void>;
}
interface Hand {
  on(event: "error" | "completed", listener: () => void): unknown;
  waitUntilReady(): Promise<unknown>;
  run(): Promise<void>;
  close(): Promise<void>;
}

async function jobsPerSecond(queue: Jobs, open: () => Hand, count: number): Promise<number> {
  for (let made = 0; made < count; made += bulk)
    await queue.addBulk(
      Array.from({ length: Math.min(bulk, count - made) }, () => ({
        name: "job",
        data,
        opts: { removeOnComplete: true },
      })),
    );
  const worker = open();
  worker.on("error", () => undefined);
  await worker.waitUntilReady();
  let done = 0;
  const all = new Promise<void>((resolve) => {
    worker.on("completed", () => {
      done++;
      if (done === count) resolve();
    });
  });
  const took = await timed(() => {
    void worker.run();
    return all;
  });
  await worker.close();
  await queue.close();
  return (count * 1_000) / took;
}

function noop(): Promise<void> {
  return Promise.resolve();
}

let opened = 0;

export function jobsOnPostgres(url: string, count: number): Promise<number> {
  const name = `bench${++opened}`;
  const connection = { connectionString: url, max: 40, migrate: true };
  return jobsPerSecond(
    new Queue(name, { connection }, createPostgresBackend),
    () =>
      new Worker(name, noop, { connection, concurrency, autorun: false }, createPostgresBackend),
    count,
  );
}

export function jobsOnRedis(url: string, count: number): Promise<number> {
  const name = `bench${++opened}`;
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  return jobsPerSecond(
    new Queue(name, { connection }),
    () => new Worker(name, noop, { connection, concurrency, autorun: false }),
    count,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
}

export interface Redis {
  readonly url: string;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** A real Redis that appends to its file every second; undefined when redis-server is not installed. */
export async function startRedis(): Promise<Redis | undefined> {
  const directory = temporaryDirectory();
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const port = await freePort();
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    directory,
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "everysec",
    "--maxmemory-policy",
    "noeviction",
  ];
  try {
    const server = await startProgram({
      command: "redis-server",
      args,
      ready: /(Ready to accept connections)/,
    });
    return {
      url: `redis://127.0.0.1:${port}`,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        remove();
      },
    };
  } catch (error) {
    remove();
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
