/** Webhook requests per second: Raicho's own door process, answering 202 only when the event is on disk, beside Express that keeps nothing.
 * Each server is a process of its own, and so is the load generator. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startProgram } from "./children.ts";
import { startDoor } from "./door.ts";

const execute = promisify(execFile);
const connections = 64;

const body = JSON.stringify({
  host: "web-0123.example.net",
  severity: "critical",
  check: "disk_usage",
  value: 97.5,
  labels: { env: "prod", region: "jp-east-1", role: "lb" },
  message: "x".repeat(250),
});

export interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Webhooks {
  readonly bodyBytes: number;
  bare(seconds: number): Promise<Load>;
  /** A rule matches: instance, enforcement and finished execution are on disk. */
  matched(seconds: number): Promise<Load>;
  /** A rule listens and does not match: the instance is on disk. */
  stored(seconds: number): Promise<Load>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

function numberAt(value: unknown, ...path: readonly string[]): number {
  let here = value;
  for (const key of path)
    here = typeof here === "object" && here !== null ? Reflect.get(here, key) : undefined;
  if (typeof here !== "number")
    throw new Error(`the load generator said nothing about ${path.join(".")}`);
  return here;
}

async function load(url: string, seconds: number): Promise<Load> {
  const autocannon = createRequire(import.meta.url).resolve("autocannon");
  const flags = [
    "--json",
    "--no-progress",
    "--connections",
    String(connections),
    "--duration",
    String(seconds),
    "--method",
    "POST",
  ];
  const { stdout } = await execute(
    process.execPath,
    [autocannon, ...flags, "--headers", "content-type=application/json", "--body", body, url],
    { maxBuffer: 10_000_000 },
  );
  const said: unknown = JSON.parse(stdout);
  const refused = numberAt(said, "non2xx") + numberAt(said, "errors") + numberAt(said, "timeouts");
  if (refused > 0) throw new Error(`${refused} requests to ${url} were not answered with 2xx`);
  return {
    perSecond: numberAt(said, "requests", "total") / numberAt(said, "duration"),
    p50: numberAt(said, "latency", "p50"),
    p99: numberAt(said, "latency", "p99"),
  };
}

export async function openWebhooks({
  site,
  databaseUrl,
}: {
  site: string;
  databaseUrl: string;
}): Promise<Webhooks> {
  await using stack = new AsyncDisposableStack();
  const bare = stack.use(
    await startProgram({
      command: process.execPath,
      args: [fileURLToPath(new URL("bare-express.ts", import.meta.url))],
      ready: /ready (http:\S+)/,
    }),
  );
  const own = stack.use(await startDoor(databaseUrl, site));
  const owned = stack.move();
  return {
    bodyBytes: Buffer.byteLength(body),
    bare: (seconds) => load(`${bare.address}/v1/webhooks/bench`, seconds),
    matched: (seconds) => load(`${own.address}/v1/webhooks/bench`, seconds),
    stored: (seconds) => load(`${own.address}/v1/webhooks/bench-stored`, seconds),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
