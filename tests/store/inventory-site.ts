import { sql } from "kysely";
import { Inventory } from "../../src/engine/inventory.ts";
import type { UpsertResult } from "../../src/engine/inventory-upsert-result.ts";
import type { Author } from "../../src/engine/inventory-write.ts";
import type { Question } from "../../src/expressions/context.ts";
import { evaluateJsonata } from "../../src/expressions/jsonata/evaluate.ts";
import type { EntityTypes } from "../../src/inventory/definition.ts";
import { answerQuestion } from "../../src/processes/ask.ts";
import { noCause } from "../../src/inventory/cause.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import { InventoryError } from "../../src/inventory/problem.ts";
import { readUpsertItem } from "../../src/inventory/upsert.ts";
import { bundledTypes } from "../inventory/types.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

export const author: Author = {
  actor: "sato",
  kind: "api",
  reason: "棚卸し",
  ticket: "OPS-1",
  cause: noCause,
};

/** A site in an order in which nothing exists yet when it is needed. */
export const site: readonly Record<string, unknown>[] = [
  {
    type: "Device",
    set: {
      hostname: "web012",
      asset_no: "R12345",
      aliases: ["www-a"],
      service: "shop",
      rack: { name: "A-07", room: { site: "TYO7", name: "1F" } },
      primary_ip: "10.1.2.3",
    },
  },
  { type: "IPAddress", set: { address: "10.1.2.3" } },
  { type: "Rack", set: { name: "A-07", room: { site: "TYO7", name: "1F" } } },
  { type: "Room", set: { name: "1F", site: "TYO7" } },
  { type: "Site", set: { code: "TYO7", address: "東京都港区六本木" } },
  { type: "Service", set: { code: "shop", owner: "web-team" } },
  {
    type: "Team",
    set: { code: "web-team", name: "Web運用", lead: "suzuki", members: ["suzuki", "tanaka"] },
  },
  { type: "Person", set: { login: "suzuki", name: "鈴木一郎", jira_account: "a-1" } },
  { type: "Person", set: { login: "tanaka", name: "田中花子", jira_account: "a-2" } },
  { type: "Person", set: { login: "leader", name: "佐藤 リーダー", jira_account: "a-9" } },
];

/** Answers formulas without children. */
export const answer = (question: Question): Promise<unknown> =>
  answerQuestion(question, {
    pool: {
      call: ({ source, input }) =>
        evaluateJsonata(source, { calls: [], root: {}, ...(input as object) }),
    },
    now: () => "2026-04-01T00:00:00.000Z",
    random: () => 0,
    datastore: () => Promise.resolve(undefined),
    decrypt: () => Promise.resolve(undefined),
    task: () => Promise.resolve(undefined),
  });

export interface TestInventory extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly inventory: Inventory;
  upsert(...items: readonly unknown[]): Promise<readonly UpsertResult[]>;
}

export async function testInventory(
  onChange: () => void = () => undefined,
  types: EntityTypes = bundledTypes(),
): Promise<TestInventory> {
  const database = await testDatabase();
  const inventory = await Inventory.open({
    database,
    types,
    answer,
    owners: ownerSettings({ default_leader: "leader" }),
    timeZone: "Asia/Tokyo",
    onChange,
  });
  return {
    database,
    inventory,
    upsert: (...items) =>
      inventory.upsert(
        items.map((item, index) => readUpsertItem(item, `items[${index}]`)),
        author,
      ),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** The refusal that the work ends with. */
export const refusal = async (work: Promise<unknown>): Promise<InventoryError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InventoryError) return error;
  throw new Error(`expected a refusal, got ${String(error)}`);
};

/** An older transaction, of whatever database there, holds news back for a moment. */
export async function newsReadable(db: TestDatabase["db"]): Promise<void> {
  await eventually("all news can be read", async () => {
    const { rows } = await sql<{ held: boolean }>`
      select exists (select from inv.signal where xid >= pg_snapshot_xmin(pg_current_snapshot())) as held`.execute(
      db,
    );
    return rows[0]?.held === false;
  });
}
