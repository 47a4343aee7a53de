/** The servers below a site, which faults are aimed at too: PostgreSQL and Redis, each of its own, on ports that stay. */
import { appendFileSync, readFileSync, realpathSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { startPostgres, type EmbeddedPostgres } from "../../src/store/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/redis.ts";
import { descendants } from "../support/raicho.ts";

export interface DatabaseServer {
  readonly url: string;
  readonly port: number;
  /** A question of the harness's own, e.g. to empty the queue. */
  query<Row extends object>(text: string): Promise<readonly Row[]>;
  /** SIGKILL for the postmaster. Comes back with `start`. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT for all of it. */
  freeze(): void;
  thaw(): void;
}

function tell(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
}

/** `hub`: an address besides 127.0.0.1 at which machines of its network reach it. */
export async function databaseServer(
  home: string,
  { settings = {}, hub }: { settings?: Readonly<Record<string, string>>; hub?: string } = {},
): Promise<DatabaseServer> {
  const listen = hub === undefined ? {} : { listen_addresses: `127.0.0.1,${hub}` };
  const given = { home, options: { shared_buffers: "64MB", ...listen, ...settings } };
  let server: EmbeddedPostgres = await startPostgres(given);
  const { url } = server;
  if (hub !== undefined) await admit(home, hub, url);
  const port = Number(new URL(url).port);
  let frozen: readonly number[] = [];
  return {
    url,
    port,
    query: async <Row extends object>(question: string) => {
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => undefined);
      await client.connect();
      try {
        return (await client.query<Row>(question)).rows;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    kill: async () => {
      process.kill(postmaster(home), "SIGKILL");
      await server.lost;
    },
    stop: () => server.stop(),
    // Its backends may still hold the shared memory for a moment.
    start: async () => {
      server = await eventually(
        "the database to start again",
        () => startPostgres({ ...given, port }),
        { seconds: 60, everyMs: 200 },
      );
    },
    freeze: () => {
      frozen = [server.pid, ...descendants(server.pid)];
      tell(frozen, "SIGSTOP");
    },
    thaw: () => tell(frozen, "SIGCONT"),
  };
}

async function admit(home: string, hub: string, url: string): Promise<void> {
  const file = join(realpathSync(join(home, "postgres")), "data/pg_hba.conf");
  appendFileSync(file, `host all all ${hub}/24 scram-sha-256\n`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("select pg_reload_conf()");
  await client.end();
}

function postmaster(home: string): number {
  const file = join(realpathSync(join(home, "postgres")), "data/postmaster.pid");
  return Number(readFileSync(file, "utf8").split("\n")[0]);
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  flush(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
}

/** `hub`: an address besides 127.0.0.1 at which machines of its network reach it. */
export async function redisServer(directory: string, hub?: string): Promise<RedisServer> {
  const port = await freePort();
  const bound = ["127.0.0.1", ...(hub === undefined ? [] : [hub])];
  const flags = ["--port", String(port), "--bind", ...bound, "--protected-mode", "no"];
  const policy = ["--save", "", "--dir", directory, "--maxmemory-policy", "noeviction"];
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    server = spawn("redis-server", [...flags, ...policy], { stdio: "ignore" });
    await eventually("Redis", async () => (await say(port, "PING")).includes("PONG"));
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = once(server, "exit");
    if (server.exitCode === null && server.signalCode === null) {
      server.kill(signal);
      await ended;
    }
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    flush: async () => void (await say(port, "FLUSHALL")),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    start,
    freeze: () => void server.kill("SIGSTOP"),
    thaw: () => void server.kill("SIGCONT"),
  };
}

/** Rejects when there is no answer within 10 s. */
async function say(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(10_000, () => socket.destroy(new Error("Redis does not answer")));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  // A free port can be connected to itself, and then says again what it is told.
  if (socket.localPort === port) {
    socket.destroy();
    throw new Error("nobody listens");
  }
  socket.write(`${command}\r\nQUIT\r\n`);
  return text(socket);
}
