/** The plan of each query: the statements that a search sends, explained by the database that holds the big inventory. */
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { Inventory } from "../src/engine/inventory.ts";
import type { SearchQuery } from "../src/engine/inventory-search.ts";
import { compileTypes } from "../src/inventory/compile.ts";
import type { EntityTypes } from "../src/inventory/definition.ts";
import { ownerSettings } from "../src/inventory/owner.ts";
import type { Database } from "../src/store/database.ts";
import type { LedgerSchema } from "../src/store/schema.ts";
import type { Sizes } from "./inventory-data.ts";
import { rounded } from "./measure.ts";
import { questions } from "./inventory-questions.ts";

interface Plan {
  /** Of its slowest statement. */
  readonly plan: readonly string[];
  /** Milliseconds of that statement. */
  readonly ms: number;
  /** Milliseconds of processor time that the whole search takes of the database: what else the machine does hardly matters to it. */
  readonly processor: number | undefined;
}

export interface Planner extends AsyncDisposable {
  explain(query: SearchQuery): Promise<Plan>;
}

const directory = fileURLToPath(new URL("../packs/inventory_core/types", import.meta.url));

function bundledTypes(): EntityTypes {
  const files = globSync("*.yaml", { cwd: directory }).toSorted();
  const { types } = compileTypes(
    files.map((file) => ({
      kind: "entity-type",
      pack: "inventory_core",
      name: basename(file, ".yaml"),
      document: parse(readFileSync(join(directory, file), "utf8")),
      source: { file: join(directory, file), line: 1, column: 1 },
    })),
  );
  return types;
}

export async function planner(url: string): Promise<Planner> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const sent: { sql: string; parameters: readonly unknown[] }[] = [];
  const db = new Kysely<LedgerSchema>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void sent.push({ sql: query.sql, parameters: query.parameters }),
  });
  const database: Database = {
    db,
    url,
    transaction: (work) => db.transaction().execute(work),
    close: () => db.destroy(),
  };
  // One backend does all of it, so that its time can be read.
  await sql`set max_parallel_workers_per_gather = 0`.execute(db);
  const { rows: own } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  const backend = own[0]?.pid ?? 0;
  const inventory = await Inventory.open({
    database,
    types: bundledTypes(),
    answer: () => Promise.resolve(undefined),
    owners: ownerSettings({}),
    timeZone: "Asia/Tokyo",
  });
  return {
    explain: async (query) => {
      await inventory.search(query);
      sent.length = 0;
      const before = processorTime(backend);
      await inventory.search(query);
      const after = processorTime(backend);
      const processor =
        before === undefined || after === undefined ? undefined : rounded(after - before);
      let worst: Plan = { plan: [], ms: -1, processor };
      for (const { sql: text, parameters } of sent.splice(0)) {
        if (!/^\s*(select|with)/.test(text)) continue;
        const { rows } = await pool.query<{ "QUERY PLAN": string }>(
          `explain (analyze, timing off, summary on) ${text}`,
          [...parameters],
        );
        const plan = rows.map((row) => row["QUERY PLAN"]);
        const time = Number(/Execution Time: ([\d.]+)/.exec(plan.at(-1) ?? "")?.[1]);
        if (time > worst.ms) worst = { plan, ms: time, processor };
      }
      return worst;
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

/** Milliseconds that a process has had a processor; undefined where nobody counts it. */
function processorTime(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}

/** Long lists of ids say nothing about a plan. */
function shortened(line: string): string {
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}

/** The plans of all questions, as Markdown. */
export async function plansText(plans: Planner, sizes: Sizes): Promise<string> {
  const parts: string[] = [];
  const rows: string[] = [];
  for (const [name, question] of Object.entries(questions)) {
    const query = question(1, sizes);
    const { plan, ms, processor } = await plans.explain(query);
    const asked = JSON.stringify(query);
    rows.push(`| ${name} | ${processor ?? "-"} | ${ms} |`);
    parts.push(
      `### ${name}\n\n\`${asked}\`\n\n\`\`\`text\n${plan.map(shortened).join("\n")}\n\`\`\`\n`,
    );
  }
  const table = `| search | processor ms | slowest statement ms |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  return `## In the database\n\n${table}\n## Plans\n\nOf each search the slowest statement, warm.\n\n${parts.join("\n")}`;
}
