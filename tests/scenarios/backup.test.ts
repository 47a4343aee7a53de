/** A backup taken while everything works brings a lost data directory back. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  type Ended,
  type Raicho,
  removeHome,
  runRaicho,
  startRaicho,
  temporaryHome,
} from "../support/raicho.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const homes: string[] = [];

function home(): string {
  const made = temporaryHome();
  homes.push(made);
  return made;
}

const odd = "ネットワーク\tチーム \\ \\. \u2028\n\\.\n";

interface Run extends Ended {
  readonly out: string;
  readonly err: string;
}

async function raicho(args: readonly string[], directory: string): Promise<Run> {
  const { ended, printed } = runRaicho(args, { home: directory });
  return { ...(await ended), ...printed };
}

interface Entry {
  readonly id: string;
  readonly version: number;
}
interface Execution {
  readonly id: string;
  readonly status: string;
}

async function create(server: Raicho, code: string, note = ""): Promise<Entry> {
  const { status, body } = await server.ask("/api/v2/inventory/entries", {
    method: "POST",
    body: { type: "Team", attributes: { code, name: code, note } },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return (body as { entry: Entry }).entry;
}

/** A source says something else of the entry than the inventory: that is news. */
async function differ(server: Raicho, { id }: Entry): Promise<void> {
  const items = [{ type: "Team", id, set: { note: "elsewhere" } }];
  const { status } = await server.ask("/api/v2/inventory/claims", {
    method: "POST",
    body: { source: "directory", items },
  });
  expect(status).toBe(200);
  await eventually(
    "the difference is told",
    async () => (await told(server, "inventory.drift.detected", id)) || undefined,
    { seconds: 60 },
  );
}

async function execute(server: Raicho, action: string, parameters: object): Promise<string> {
  const { body } = await server.ask("/v1/executions", {
    method: "POST",
    body: { action, parameters },
  });
  return (body as Execution).id;
}

async function inStatus(server: Raicho, id: string, wanted: string): Promise<void> {
  await eventually(
    `execution ${id} is ${wanted}`,
    async () =>
      (await server.get<Execution>(`/v1/executions/${id}`)).status === wanted || undefined,
    { seconds: 60 },
  );
}

/** How many trigger instances tell of that entry. */
async function told(server: Raicho, trigger: string, id: string): Promise<number> {
  const found = await server.get<{ payload: { entry: { id: string } } }[]>(
    `/v1/triggerinstances?trigger=${trigger}&limit=100`,
  );
  return found.filter(({ payload }) => payload.entry.id === id).length;
}

let file: string;
let server: Raicho;
let entry: Entry;
let done: string;
let running: string;

beforeAll(async () => {
  file = join(home(), "raicho.backup");
  server = await startRaicho({ home: home() });
  await server.ask("/v1/keys/kept", {
    method: "PUT",
    body: { name: "kept", value: "s3cret ラ", secret: true, scope: "st2kv.system" },
  });
  entry = await create(server, "net", odd);
  await eventually(
    "the first change is told",
    async () => (await told(server, "inventory.entry.created", entry.id)) || undefined,
    { seconds: 60 },
  );
  await differ(server, entry);
  done = await execute(server, "core.echo", { message: "a\nb\\.\n\\.\n" });
  await inStatus(server, done, "succeeded");
  running = await execute(server, "core.local", { cmd: "sleep 600" });
  await inStatus(server, running, "running");
});

afterAll(async () => {
  await server.stop();
  for (const made of homes.splice(0)) removeHome(made);
});

describe("raicho backup and restore", () => {
  test("a disk that is full is said, and nothing is left of the backup", async () => {
    const short = join(home(), "short.backup");
    const before = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash"];
    const { ended, printed } = runRaicho(["backup", short], {
      home: server.home,
      env: { NODE_COMPILE_CACHE: "" },
      before,
    });
    expect(await ended).toMatchObject({ code: 1 });
    expect(printed.err).toMatch(/^raicho: .*short\.backup cannot be written: .*too large.*\n$/);
    expect(existsSync(short)).toBe(false);
  });

  test("a lost data directory comes back as it was when the backup began", async () => {
    const taken = await raicho(["backup", file], server.home);
    expect(taken.err).toBe("");
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.out).toMatch(/raicho\.backup: [\d,]+ rows, [\d.]+ MB\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const late = await create(server, "late");
    // Everything below it ends with it.
    process.kill(server.pid, "SIGKILL");
    await server.ended;

    const anew = home();
    const back = await raicho(["restore", file], anew);
    expect(back.err).toBe("");
    expect(back.out).toMatch(/^restored [\d,]+ rows as of \d{4}-\d\d-\d\dT[\d:]+Z, written by/);
    server = await startRaicho({ home: anew });
    const key = await server.get("/v1/keys/kept?decrypt=true");
    expect(key).toMatchObject({ value: "s3cret ラ" });
    expect(await server.get(`/v1/executions/${done}`)).toMatchObject({
      status: "succeeded",
      result: { stdout: "a\nb\\.\n\\.\n" },
    });
    expect(await server.get(`/api/v2/inventory/entries/${entry.id}`)).toMatchObject({
      attributes: { code: "net", note: odd },
    });
    expect((await server.ask(`/api/v2/inventory/entries/${late.id}`)).status).toBe(404);
    await inStatus(server, running, "abandoned");
  });

  test("the change feed goes on: nothing is told twice, and what is new is told", async () => {
    const next = await create(server, "after");
    await eventually(
      "the new change is told",
      async () => (await told(server, "inventory.entry.created", next.id)) || undefined,
      { seconds: 60 },
    );
    expect(await told(server, "inventory.entry.created", entry.id)).toBe(1);
    await differ(server, next);
    expect(await told(server, "inventory.drift.detected", entry.id)).toBe(1);
  });

  test("nothing is written over", async () => {
    const again = await raicho(["backup", file], server.home);
    expect(again).toMatchObject({ code: 1 });
    expect(again.err).toMatch(/is there already; name a new file/);
    const used = await raicho(["restore", file], server.home);
    expect(used).toMatchObject({ code: 1 });
    expect(used.err).toMatch(/there is a ledger in this database already/);
  });

  test("a file that is not whole, or of a newer release, is refused and leaves nothing", async () => {
    const anew = home();
    const refused = async (name: string, bytes: Buffer, reason: RegExp): Promise<void> => {
      const broken = join(anew, name);
      writeFileSync(broken, bytes);
      const { code, err } = await raicho(["restore", broken], anew);
      expect(code, name).toBe(1);
      expect(err).toMatch(reason);
    };
    const whole = readFileSync(file);
    const text = gunzipSync(whole).toString();
    await refused("cut", whole.subarray(0, whole.length - 100), /not whole/);
    await refused("text", Buffer.from("no backup"), /no backup/);
    // After the first line of a table that has an end: `\.` alone.
    const firstRow = /\n[^{\\\n][^\n]*\n/.exec(text);
    const inTable = text.slice(0, (firstRow?.index ?? 0) + (firstRow?.[0].length ?? 0));
    await refused("table", gzipSync(inTable), /middle of a table: it is not whole/);
    const newer = text.replace('"0001_ledger"', '"0001_ledger","9999_future"');
    await refused("newer", gzipSync(newer), /knows 9999_future: restore it with that release/);
    expect(existsSync(join(anew, "master.key"))).toBe(false);
    expect((await raicho(["restore", file], anew)).code).toBe(0);
  });
});
