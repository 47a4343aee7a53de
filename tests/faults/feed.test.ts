/** Each committed change of the inventory gives exactly one trigger instance, one enforcement and one execution, though two dispatchers, the worker and
 * the database are killed again and again. `npm run test:faults` kills 200 times; the ordinary run does it a few times. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { Inventory } from "../../src/engine/inventory.ts";
import { noCause } from "../../src/inventory/cause.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import { readUpsertItem } from "../../src/inventory/upsert.ts";
import { isOutage, openDatabase, type Database } from "../../src/store/database.ts";
import { bundledTypes } from "../inventory/types.ts";
import { eventually } from "../support/eventually.ts";
import { faultySite, type FaultySite } from "./site.ts";

const kills = Number(process.env["FAULTS"] ?? "4");
const victims = ["dispatcher 1", "database", "dispatcher 2", "worker"] as const;
const author = { actor: "faults", kind: "api", cause: noCause } as const;
const writers = 4;

/** Changes entries until told to stop, through every outage. */
async function write(inventory: Inventory, writer: number, stopped: () => boolean): Promise<void> {
  for (let n = 0; !stopped(); n += 1) {
    const items = [
      { type: "Role", set: { code: `role${writer}`, note: `note ${n}` } },
      ...(n % 10 === 0 ? [{ type: "Environment", set: { code: `env${writer}-${n}` } }] : []),
    ];
    const read = items.map((item, index) => readUpsertItem(item, `items[${index}]`));
    await eventually(
      "the write",
      () =>
        inventory.upsert(read, author).catch((error: unknown) => {
          if (isOutage(error)) return undefined;
          throw error;
        }),
      { seconds: 120, everyMs: 100 },
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function count(database: Database, query: string): Promise<number> {
  const { rows } = await sql
    .raw<{ n: number }>(`select count(*)::int as n from (${query}) x`)
    .execute(database.db);
  return rows[0]?.n ?? -1;
}

const instances = "select 1 from trigger_instance where source = 'inventory'";
/** Changes without the instance that tells of them. */
const untold = `select 1 from inv.revision r where not exists (select 1 from trigger_instance t where t.source = 'inventory'
  and t.payload -> 'entry' ->> 'id' = r.entry_id::text and (t.payload -> 'entry' ->> 'version')::int = r.version)`;
const unlistedChangesets = `select 1 from inv.changeset c where c.size > 0 and not exists (select 1 from trigger_instance t
  where t.trigger = 'inventory.changeset.committed' and t.payload -> 'changeset' ->> 'id' = c.id::text)`;
/** What was told more than once. */
const repeated = `select 1 from trigger_instance t where t.trigger like 'inventory.entry.%'
  group by t.payload -> 'entry' ->> 'id', t.payload -> 'entry' ->> 'version' having count(*) > 1`;
const repeatedChangesets = `select 1 from trigger_instance t where t.trigger = 'inventory.changeset.committed'
  group by t.payload -> 'changeset' ->> 'id' having count(*) > 1`;
/** Changes of the attribute that the rule listens to, and what was done because of them. */
const heard = `select 1 from inv.revision r join inv.type t on t.id = r.type_id where t.name = 'Role' and r.op = 'U' and 'note' = any(r.changed)`;
const enforced = "select 1 from enforcement where rule = 'faults.changed' and status = 'succeeded'";
const started = "select 1 from execution where action = 'core.local'";
const unfinished = `select 1 from execution where status not in ('succeeded', 'failed', 'timeout', 'abandoned', 'canceled')`;
const pending = "select 1 from trigger_instance where status = 'pending'";

async function strike(site: FaultySite, database: Database): Promise<void> {
  for (let n = 0; n < kills; n += 1) {
    const before = await eventually("a count", async () => (await count(database, instances)) + 1, {
      seconds: 120,
    });
    const victim = victims[n % victims.length] ?? "worker";
    await site.kill(victim);
    await eventually(
      `events after kill ${n + 1}, of ${victim}`,
      async () => (await count(database, instances)) >= before,
      { seconds: 120, everyMs: 50 },
    );
    if (process.env["FAULTS"] !== undefined)
      process.stderr.write(`\r${n + 1} kills, ${before} events `);
  }
}

test(
  `${kills} kills of dispatchers, worker and database`,
  async () => {
    await using site = await faultySite();
    const database = openDatabase(site.url, { max: 6 });
    const inventory = await Inventory.open({
      database,
      types: bundledTypes(),
      owners: ownerSettings({}),
      answer: () => Promise.resolve(undefined),
      timeZone: "Asia/Tokyo",
    });
    let stopped = false;
    const writing = Promise.all(
      Array.from({ length: writers }, (_, writer) => write(inventory, writer, () => stopped)),
    );
    await Promise.race([strike(site, database), writing]);
    stopped = true;
    await writing;
    await eventually(
      "everything to be told and done",
      async () => {
        const left = [untold, unlistedChangesets, pending, unfinished].map((query) =>
          count(database, query),
        );
        const open = await Promise.all(left);
        if (open.some((n) => n > 0)) throw new Error(`left: ${open.join(", ")}`);
        return true;
      },
      { seconds: 240, everyMs: 500 },
    );
    const changes = await count(database, "select 1 from inv.revision");
    expect(changes).toBeGreaterThan(kills);
    expect(await count(database, repeated)).toBe(0);
    expect(await count(database, repeatedChangesets)).toBe(0);
    const wanted = await count(database, heard);
    expect(await count(database, enforced)).toBe(wanted);
    expect(await count(database, started)).toBe(wanted);
    if (process.env["FAULTS"] !== undefined) {
      const changesets = await count(database, "select 1 from inv.changeset");
      process.stderr.write(
        `\n${kills} kills: ${changes} changes in ${changesets} changesets, each told once; ${wanted} executions of the rule, each started once\n`,
      );
    }
    await database.close();
  },
  60_000 + kills * 60_000,
);
