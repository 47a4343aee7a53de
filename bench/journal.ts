/** The denominator of every `*_vs_group_commit` ratio: what PostgreSQL gives to a program that only appends journal rows. One row per slot, two
 * flights, at most 2,000 rows in a batch; a slot writes its next row when its last one is on disk. */
import pg from "pg";
import { perSecond } from "./measure.ts";

export const result = JSON.stringify({ stdout: `ok ${"x".repeat(150)}`, code: 0 });

const flights = 2;
const maxBatch = 2_000;
const slots = 512;
const rowsPerSlot = 10;

const append =
  "insert into bench_journal (wf, n, kind, data) select * from unnest($1::bigint[], $2::int[], $3::text[], $4::jsonb[])";
const commitOne = "insert into bench_commit (payload) values ($1)";

interface Row {
  readonly workflow: number;
  readonly n: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface Journal {
  /** Durable rows per second. */
  rows(ms: number): Promise<number>;
  /** Commits one row alone. */
  commit(): Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

export async function openJournal(url: string): Promise<Journal> {
  const clients = await Promise.all(Array.from({ length: flights }, () => connect(url)));
  const [first] = clients;
  if (first === undefined) throw new Error("no connection");
  await first.query(
    "create table if not exists bench_journal (seq bigint generated always as identity primary key, wf bigint, n int, kind text, data jsonb)",
  );
  await first.query(
    "create table if not exists bench_commit (id bigint generated always as identity primary key, payload jsonb)",
  );
  const idle = [...clients];
  const waiting: Row[] = [];
  let scheduled = false;
  let workflow = 0;
  const fly = async (client: pg.Client): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      const values = [
        batch.map((row) => row.workflow),
        batch.map((row) => row.n),
        batch.map(() => "step"),
        batch.map(() => result),
      ];
      try {
        await client.query({ name: "append", text: append, values });
        for (const row of batch) row.resolve();
      } catch (error) {
        for (const row of batch) row.reject(error);
      }
    }
    idle.push(client);
  };
  const take = (): void => {
    scheduled = false;
    const client = waiting.length > 0 ? idle.pop() : undefined;
    if (client !== undefined) void fly(client);
  };
  const write = (id: number, n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ workflow: id, n, resolve, reject });
      if (scheduled || idle.length === 0) return;
      scheduled = true;
      setImmediate(take);
    });
  return {
    rows: (ms) =>
      perSecond(slots, ms, async () => {
        const id = ++workflow;
        for (let n = 0; n < rowsPerSlot; n++) await write(id, n);
        return rowsPerSlot;
      }),
    commit: async () =>
      void (await first.query({ name: "one", text: commitOne, values: [result] })),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
