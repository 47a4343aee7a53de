/** Keys of requests: who holds one, and what becomes of the changes of whoever lost it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimKey, keepAnswer, releaseKey } from "../../src/store/idempotency.ts";
import { whileKeyed } from "../../src/store/keyed.ts";
import { CommitPump } from "../../src/store/pump.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pump: CommitPump;
beforeAll(async () => {
  database = await testDatabase();
  pump = new CommitPump({ url: database.url });
});
afterAll(async () => {
  await pump.close();
  await database[Symbol.asyncDispose]();
});

const scope = "user:chief";
const fingerprint = "f";
const of = (process: string, key: string) => ({ scope, key, process });

async function claim(process: string, key: string): Promise<string> {
  return (await claimKey(database.db, { ...of(process, key), fingerprint })).kind;
}

/** As if it had been taken ten seconds ago. */
async function age(key: string): Promise<void> {
  const at = new Date(Date.now() - 10_000);
  await database.db.updateTable("idempotency").set({ at }).where("key", "=", key).execute();
}

/** What that process does for its request. */
function doing(process: string, key: string, work: () => Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    whileKeyed([{ ...of(process, key), told: false }], () => void work().then(resolve, reject));
  });
}

function write(name: string): Promise<unknown> {
  return database.db.insertInto("webhook").values({ name, settings: "{}" }).execute();
}

async function written(name: string): Promise<boolean> {
  const { db } = database;
  const row = await db.selectFrom("webhook").select("name").where("name", "=", name).execute();
  return row.length > 0;
}

/** The ways in which the program writes. */
const ways: readonly [string, (name: string) => Promise<unknown>][] = [
  ["a statement", write],
  [
    "a transaction",
    (name) =>
      database.transaction((tx) =>
        tx.insertInto("webhook").values({ name, settings: "{}" }).execute(),
      ),
  ],
  [
    "a unit",
    async (name) => {
      const cursors = [{ name, value: 1 }];
      await pump.commit({ cursors });
      await write(name);
    },
  ],
];

test.each(ways)("%s of whoever lost the key is undone", async (way, work) => {
  expect(await claim("slow", way)).toBe("new");
  expect(await claim("other", way)).toBe("running");
  await age(way);
  expect(await claim("other", way)).toBe("new");
  await expect(doing("slow", way, () => work(`lost ${way}`))).rejects.toThrow(/worked on|stale/);
  expect(await written(`lost ${way}`)).toBe(false);

  await doing("other", way, () => work(`kept ${way}`));
  expect(await written(`kept ${way}`)).toBe(true);
  expect(await claim("third", way)).toBe("running");
  await age(way);
  expect(await claim("third", way)).toBe("unanswered");
});

test("what only reads leaves the key free for others", async () => {
  expect(await claim("reader", "read")).toBe("new");
  await doing("reader", "read", async () => {
    await database.db.selectFrom("webhook").selectAll().execute();
    await database.transaction((tx) => tx.selectFrom("webhook").selectAll().execute());
  });
  await age("read");
  expect(await claim("other", "read")).toBe("new");
});

test("a live process keeps its key however long it takes", async () => {
  const process = { id: "alive", role: "api", host: "here", pid: 1, pools: [] };
  await database.db.insertInto("process").values(process).execute();
  expect(await claim("alive", "long")).toBe("new");
  await age("long");
  expect(await claim("other", "long")).toBe("running");
});

test("what failed may be tried again only if it changed nothing", async () => {
  for (const key of ["idle", "half"]) expect(await claim("failing", key)).toBe("new");
  await doing("failing", "half", () => write("half"));
  for (const key of ["idle", "half"]) await releaseKey(database.db, of("failing", key));
  await age("half");
  expect([await claim("other", "idle"), await claim("other", "half")]).toEqual([
    "new",
    "unanswered",
  ]);
});

test("an answer of whoever lost the key is not kept", async () => {
  const answer = { status: 200, body: "late", contentType: "text/plain" };
  expect(await claim("slow", "late")).toBe("new");
  await age("late");
  expect(await claim("other", "late")).toBe("new");
  await keepAnswer(database.db, of("slow", "late"), answer);
  expect(await claim("third", "late")).toBe("running");
  await keepAnswer(database.db, of("other", "late"), answer);
  expect(await claim("third", "late")).toBe("done");
});
