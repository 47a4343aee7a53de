/** What sensors dispatch, on its way into a real ledger. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkpointOf, takeDispatch } from "../../src/engine/sensor-events.ts";
import type { TriggerTypeDefinition } from "../../src/model/definitions.ts";
import { connect } from "../../src/store/database.ts";
import { resolveTrigger, sensorTriggers } from "../../src/wiring/python-sensors.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => void (database = await testDatabase()));
afterAll(() => database[Symbol.asyncDispose]());

const source = { file: "sensor.yaml", line: 1, column: 1 };

const instances = async (): Promise<readonly object[]> =>
  database.db
    .selectFrom("trigger_instance")
    .select(["trigger", "parameters", "payload", "source", "dedupe_key"])
    .orderBy("id")
    .execute();
describe("what a sensor dispatches", () => {
  let engine: TestEngine;
  beforeAll(() => {
    const types = new Map(
      [
        ["garden.seen", { n: { type: "integer" } }, {}] as const,
        ["garden.file", {}, { path: { type: "string" } }] as const,
      ].map(([ref, payload, parameters]) => [ref, triggerType(ref, payload, parameters)]),
    );
    engine = testEngine(database.url, {
      content: {
        rules: [
          { ref: "test.seen", trigger: { type: "garden.seen", parameters: {} } },
          { ref: "test.file", trigger: { type: "garden.file", parameters: { path: "/a" } } },
          {
            ref: "test.off",
            enabled: false,
            trigger: { type: "garden.file", parameters: { path: "/b" } },
          },
        ],
      },
    });
    const { content } = engine.core.definitions();
    Object.assign(content, { triggerTypes: types });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const content = () => engine.core.definitions().content;
  const take = (
    dispatch: Parameters<typeof takeDispatch>[2],
    validate = true,
  ): Promise<readonly string[]> =>
    takeDispatch(engine.core, "garden.Watch", dispatch, {
      resolve: (trigger) => resolveTrigger(content(), trigger),
      validate,
    });
  beforeEach(async () => {
    await database.db.deleteFrom("trigger_instance").execute();
    await database.db.deleteFrom("sensor_cursor").execute();
  });

  test("is stored together with the checkpoint, once per key", async () => {
    const dispatch = {
      events: [1, 2].map((n) => ({
        trigger: "garden.seen",
        payload: { n },
        dedupeKey: String(n),
      })),
      checkpoint: { value: { at: 2 } },
    };
    expect(await take(dispatch)).toEqual([]);
    expect(await take({ ...dispatch, checkpoint: { value: null } })).toEqual([]);
    expect(await instances()).toEqual(
      [1, 2].map((n) => ({
        trigger: "garden.seen",
        parameters: null,
        payload: { n },
        source: "sensor:garden.Watch",
        dedupe_key: String(n),
      })),
    );
    expect(await checkpointOf(database.db, "garden.Watch")).toBeUndefined();
  });

  test("or not at all: an event that the ledger refuses takes the checkpoint with it", async () => {
    const admin = await connect(database.url, "tests");
    await admin.query(
      "alter table trigger_instance add constraint no_seven check ((payload::jsonb ->> 'n') is distinct from '7')",
    );
    const seven = { trigger: "garden.seen", payload: { n: 7 } };
    await expect(
      take({ events: [{ ...seven, payload: { n: 1 } }, seven], checkpoint: { value: 7 } }),
    ).rejects.toThrow("no_seven");
    await admin.query("alter table trigger_instance drop constraint no_seven");
    await admin.end();
    expect([await instances(), await checkpointOf(database.db, "garden.Watch")]).toEqual([
      [],
      undefined,
    ]);
  });

  test("that fits no trigger type is left out and told, unless that is switched off", async () => {
    const dispatch = {
      events: [
        { trigger: "garden.seen", payload: { n: "many" } },
        { trigger: "garden.sene", payload: {} },
        { trigger: { id: "none" }, payload: {} },
        { trigger: "garden.seen", payload: { n: 3 } },
      ],
      checkpoint: { value: 4 },
    };
    expect(await take(dispatch)).toEqual([
      `Trigger payload validation failed and validation is enabled, not dispatching a trigger "garden.seen" ({"n":"many"}): 'many' is not of type 'integer', 'null'`,
      `Trigger payload validation failed and validation is enabled, not dispatching a trigger "garden.sene" ({}): Trigger type with reference "garden.sene" doesn't exist in the database`,
      `Trigger payload validation failed and validation is enabled, not dispatching a trigger "{"id":"none"}" ({}): it names no trigger that any rule listens to`,
    ]);
    expect(await instances()).toHaveLength(1);
    expect(await checkpointOf(database.db, "garden.Watch")).toBe(4);
    expect(await take(dispatch, false)).toHaveLength(3);
    expect(await instances()).toHaveLength(1 + 3);
  });

  test("may name a trigger that the sensor was told of, by reference or as a whole", async () => {
    const told = sensorTriggers(content(), ["garden.seen", "garden.file"]);
    expect(told.map(({ type, parameters }) => [type, parameters])).toEqual([
      ["garden.seen", {}],
      ["garden.file", { path: "/a" }],
    ]);
    const [, file] = told;
    await take({
      events: [file?.["ref"], file, { id: file?.id }, { pack: "garden", name: file?.["name"] }].map(
        (trigger, n) => ({ trigger, payload: { n } }),
      ),
    });
    const found = await instances();
    expect(found).toHaveLength(4);
    for (const each of found)
      expect(each).toMatchObject({ trigger: "garden.file", parameters: { path: "/a" } });
  });
});

function schema(properties: object): object {
  return Object.keys(properties).length === 0 ? {} : { type: "object", properties };
}

function triggerType(ref: string, payload: object, parameters: object): TriggerTypeDefinition {
  return {
    ref,
    pack: "garden",
    name: ref.slice("garden.".length),
    description: "",
    payloadSchema: { ...schema(payload) },
    parametersSchema: { ...schema(parameters) },
    source,
  };
}
