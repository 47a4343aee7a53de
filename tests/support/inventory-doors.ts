/** A Raicho with a pack of the site's own, whose inventory is asked through both doors: the API and `raicho inventory`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Commands, commandsOf } from "./command.ts";
import { emptyDatabase } from "./postgres.ts";
import { type Raicho, startRaicho } from "./raicho.ts";

export interface Entry extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: Readonly<Record<string, { readonly name: string }>>;
}

export interface InventoryDoors extends AsyncDisposable {
  readonly raicho: Raicho;
  /** `raicho inventory …`, run in `folder`. */
  readonly inventory: Commands;
  readonly folder: string;
  /** Writes a file there; what is no text as JSON. Its name. */
  write(name: string, value: unknown): string;
  /** An entry by type and key. */
  entry(type: string, key: string): Promise<Entry>;
  search(body: object): Promise<readonly Entry[]>;
  /** Rejects when an item was refused. */
  upsert(...items: readonly object[]): Promise<void>;
  /** Payloads of the instances of a trigger. */
  told(trigger: string): Promise<readonly Record<string, unknown>[]>;
}

const packFile =
  "---\nref: site\nname: site\nversion: 1.0.0\nauthor: Site\nemail: site@example.com\ndescription: This site\n";

/** `files`: of the pack `site`, beside its pack.yaml. */
export async function openInventory(
  files: Readonly<Record<string, string>>,
): Promise<InventoryDoors> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-doors-"));
  for (const [name, text] of Object.entries({ "pack.yaml": packFile, ...files })) {
    mkdirSync(dirname(join(folder, "site", name)), { recursive: true });
    writeFileSync(join(folder, "site", name), text);
  }
  const database = await emptyDatabase();
  const env = { DATABASE_URL: database.url, RAICHO_PACKS: join(folder, "site") };
  const raicho = await startRaicho({ env });
  const inventory = await commandsOf(raicho, { first: "inventory", cwd: folder });
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await raicho.ask(`/api/v2/inventory${path}`, { method: "POST", body });
    if (answer.status > 299)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    raicho,
    inventory,
    folder,
    write: (name, value) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      writeFileSync(join(folder, name), text);
      return name;
    },
    entry: (type, key) => inventory.json("get", type, key),
    search: async (body) => ((await post("/search", body)) as { entries: Entry[] }).entries,
    upsert: async (...items) => {
      const { results } = (await post("/upsert", { items })) as { results: { error?: string }[] };
      const wrong = results.find(({ error }) => error !== undefined);
      if (wrong !== undefined) throw new Error(JSON.stringify(wrong));
    },
    told: async (trigger) => {
      const path = `/v1/triggerinstances?trigger=${trigger}&include_payload=true&limit=100`;
      const rows = await raicho.get<{ payload: Record<string, unknown> }[]>(path);
      return rows.map(({ payload }) => payload);
    },
    [Symbol.asyncDispose]: async () => {
      await raicho.stop();
      await database[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
