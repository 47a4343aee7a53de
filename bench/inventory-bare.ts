/** What the same machine does without an inventory, in the same run: the measure of everything else. */
import { connect } from "../src/store/database.ts";

const table =
  "create table if not exists bench_bare (id bigint generated always as identity primary key, doc jsonb not null)";
const document = JSON.stringify({
  hostname: "srv-000001.example.net",
  status: "active",
  note: "x".repeat(200),
});

/** Rows per second of one connection that inserts 1,000 rows of one JSON parameter at a time. */
export async function bareInserts(url: string, ms: number): Promise<number> {
  const client = await connect(url, "bench");
  await client.query(table);
  const rows = `[${Array.from({ length: 1_000 }, () => document).join(",")}]`;
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < ms) {
    await client.query(
      "insert into bench_bare (doc) select * from jsonb_array_elements($1::jsonb)",
      [rows],
    );
    done += 1_000;
  }
  const rate = (done * 1_000) / (performance.now() - start);
  await client.end();
  return rate;
}

/** Commits per second of so many connections that insert one row each: PostgreSQL's own group commit. */
export async function bareCommits(url: string, clients: number, ms: number): Promise<number> {
  const open = await Promise.all(Array.from({ length: clients }, () => connect(url, "bench")));
  await open[0]?.query(table);
  const start = performance.now();
  let done = 0;
  await Promise.all(
    open.map(async (client) => {
      while (performance.now() - start < ms) {
        await client.query("insert into bench_bare (doc) values ($1::jsonb)", [document]);
        done += 1;
      }
    }),
  );
  const rate = (done * 1_000) / (performance.now() - start);
  await Promise.all(open.map((client) => client.end()));
  return rate;
}
