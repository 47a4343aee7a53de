/** The datastore through the door: whose keys, secrets, keys of StackStorm, and what is told of changes. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const [vector] = JSON.parse(
  readFileSync(new URL("../fixtures/stackstorm-crypto.json", import.meta.url), "utf8"),
) as readonly { readonly key: object; readonly plain: string; readonly ciphertext: string }[];
const kinds = ["create", "update", "value_change", "delete"];

let database: TestDatabase;
let engine: TestEngine;
let url: string;
let close: () => void;
let store: ReturnType<typeof doorOf>["datastore"];

beforeAll(async () => {
  database = await testDatabase();
  const rules = kinds.map((kind) => ({
    name: kind,
    trigger: { type: `core.st2.key_value_pair.${kind}`, parameters: {} },
  }));
  engine = testEngine(database.url, { content: { rules } });
  const users = new Map([
    ["admin", { name: "chief", roles: ["admin"] }],
    ["ann", { name: "ann", roles: ["observer"] }],
  ]);
  const door = doorOf(engine.core, users);
  store = door.datastore;
  const { server, url: at } = listenAt(makeDoor(door, emptyInventory));
  url = at;
  close = () => server.close().closeAllConnections();
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function ask(
  path: string,
  { method = "GET", as = "admin", body }: { method?: string; as?: string; body?: object } = {},
): Promise<{ status: number; body: Record<string, unknown> & Record<string, unknown>[] }> {
  const response = await fetch(url + path, {
    method,
    headers: { "x-auth-token": as, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

const put = (name: string, body: object, query = "") =>
  ask(`/v1/keys/${name}${query}`, { method: "PUT", body });

interface Told {
  readonly trigger: string;
  readonly payload: Record<string, Record<string, unknown>>;
}

async function told(name: string): Promise<Told[]> {
  const rows = await engine.core.database.db
    .selectFrom("trigger_instance")
    .select(["trigger", "payload", "status"])
    .orderBy("id")
    .execute();
  return rows
    .map((row) => row as unknown as Told)
    .filter(({ payload }) => (payload["object"] ?? payload["new_object"])?.["name"] === name);
}

describe("what is told of a change", () => {
  test("a new key, a change, the same again, the end", async () => {
    await put("told", { value: "1" });
    await put("told", { value: "2" });
    await put("told", { value: "2" });
    await ask("/v1/keys/told", { method: "DELETE" });
    await ask("/v1/keys/told", { method: "DELETE" });
    const events = await told("told");
    expect(events.map(({ trigger }) => trigger.split(".").at(-1))).toStrictEqual([
      "create",
      "update",
      "value_change",
      "update",
      "delete",
    ]);
    expect(events[2]?.payload["old_object"]?.["value"]).toBe("1");
    expect(events[2]?.payload["new_object"]).toMatchObject({
      name: "told",
      scope: "st2kv.system",
      uid: "key_value_pair:st2kv.system:told",
      value: "2",
      secret: false,
      encrypted: false,
    });
  });

  test("rules run on it", async () => {
    await put("runs", { value: "1" });
    const ran = await eventually("a rule runs", async () => {
      const done = await engine.core.database.db
        .selectFrom("enforcement")
        .innerJoin("trigger_instance as t", "t.id", "enforcement.trigger_instance_id")
        .select("t.trigger")
        .where("t.status", "=", "processed")
        .execute();
      return done.some(({ trigger }) => trigger === "core.st2.key_value_pair.create");
    });
    expect(ran).toBe(true);
  });

  test("a secret is never told in the clear, and the same secret is no other value", async () => {
    await put("hidden", { value: "s3cret", secret: true });
    await put("hidden", { value: "s3cret", secret: true });
    const events = await told("hidden");
    expect(events.map(({ trigger }) => trigger.split(".").at(-1))).toStrictEqual([
      "create",
      "update",
    ]);
    expect(JSON.stringify(events)).not.toContain("s3cret");
    expect(events[0]?.payload["object"]).toMatchObject({ secret: true, encrypted: true });
  });

  test("with the change or not at all", async () => {
    const pair = {
      scope: "system",
      name: "half",
      value: "1",
      secret: false,
      ttlSeconds: undefined,
    };
    const change = store.put(pair, () => {
      throw new Error("cannot be told");
    });
    await expect(change).rejects.toThrow("cannot be told");
    expect(await store.get("system", "half", false)).toBeUndefined();
    await store.put(pair, () => [
      {
        id: "6b00f4facb9f08be3a33e8e2",
        trigger: "core.st2.key_value_pair.create",
        payload: { object: { name: "left" } },
        source: "datastore",
        status: "pending",
      },
    ]);
    expect(await told("left")).toHaveLength(1);
  });

  test("of many that write at once, one makes it", async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => put("race", { value: String(n) })));
    const events = await told("race");
    const count = (kind: string): number =>
      events.filter(({ trigger }) => trigger.endsWith(`.${kind}`)).length;
    expect([count("create"), count("update"), count("value_change")]).toStrictEqual([1, 11, 11]);
    const changes = events.filter(({ trigger }) => trigger.endsWith("value_change"));
    const olds = changes.map(({ payload }) => payload["old_object"]?.["value"]);
    expect(new Set(olds).size).toBe(11);
  });
});

describe("whose keys", () => {
  test("a user's are that user's; a user in the query means its scope", async () => {
    await put("color", { value: "red", scope: "user" });
    await put("color", { value: "blue", scope: "user", user: "ann" });
    expect((await ask("/v1/keys/color?scope=user")).body["value"]).toBe("red");
    expect((await ask("/v1/keys/color?user=ann")).body).toMatchObject({
      value: "blue",
      user: "ann",
      scope: "st2kv.user",
      uid: "key_value_pair:st2kv.user:ann:color",
    });
    expect((await ask("/v1/keys/color?scope=all")).status).toBe(404);
    expect((await ask("/v1/keys/color?user=chief", { as: "ann" })).status).toBe(403);
    expect((await ask("/v1/keys?user=ann&prefix=col")).body.map(({ value }) => value)).toEqual([
      "blue",
    ]);
  });

  test("a list of secrets in the clear is for administrators, one's own are not", async () => {
    await put("mine", { value: "m", secret: true, scope: "user", user: "ann" });
    const own = await ask("/v1/keys?scope=user&decrypt=true&prefix=mine", { as: "ann" });
    expect(own.body.map(({ value }) => value)).toStrictEqual(["m"]);
    const refused = await ask("/v1/keys?scope=system&decrypt=true", { as: "ann" });
    expect([refused.status, refused.body["faultstring"]]).toStrictEqual([
      403,
      "Decrypt option requires administrator access",
    ]);
  });

  test.each([
    [{ value: 5 }, "5 is not of type 'string'"],
    [{ value: "x", secret: "yes" }, "'yes' is not of type 'boolean'"],
    [{ value: "x", ttl: 0 }, "0 is less than the minimum of 1"],
  ])("%j is refused", async (body, said) => {
    expect((await put("bad", body)).body["faultstring"]).toBe(said);
    expect((await ask("/v1/keys/bad")).status).toBe(404);
  });
});

describe("keys of StackStorm", () => {
  const ciphertext = vector?.ciphertext ?? "";

  test("a ciphertext is kept as it is once its key was taken over", async () => {
    const early = await put("from", { value: ciphertext, encrypted: true });
    expect(early.body["faultstring"]).toBe(
      'Failed to verify the integrity of the provided value for key "from". Ensure that the value is encrypted with the correct key and not corrupted.',
    );
    await put("before", { value: "old", secret: true });
    const before = (await ask("/v1/keys/before")).body["value"];
    const taken = await ask("/api/v2/datastore-key", { method: "PUT", body: vector?.key ?? {} });
    expect(taken.status).toBe(200);
    const kept = await put("from", { value: ciphertext, encrypted: true });
    expect(kept.body).toMatchObject({ value: ciphertext, secret: true, encrypted: true });
    expect((await ask("/v1/keys/from?decrypt=true")).body).toMatchObject({
      value: vector?.plain,
      encrypted: false,
    });
    expect((await ask("/v1/keys/before")).body["value"]).not.toBe(before);
    expect((await ask("/v1/keys/before?decrypt=true")).body["value"]).toBe("old");
    // What our own key made is still read.
    expect(await store.decrypt(String(before))).toBe("old");
    expect((await ask("/api/v2/datastore-key")).body).toStrictEqual(vector?.key);
    const rows = await engine.core.database.db.selectFrom("datastore").select("value").execute();
    expect(JSON.stringify(rows)).not.toContain(ciphertext);
  });

  test("only administrators give ciphertexts and see the key", async () => {
    const body = { value: ciphertext, encrypted: true, scope: "user" };
    const given = await ask("/v1/keys/x", { method: "PUT", as: "ann", body });
    expect([given.status, given.body["faultstring"]]).toStrictEqual([
      403,
      "Pre-encrypted option requires administrator access",
    ]);
    expect((await ask("/api/v2/datastore-key", { as: "ann" })).status).toBe(403);
    const wrong = await ask("/api/v2/datastore-key", { method: "PUT", body: { hmacKey: {} } });
    expect(wrong.status).toBe(400);
    expect(JSON.stringify(wrong.body)).toContain("hmacKey.hmacKeyString: expected bytes");
  });
});
