import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  acknowledgeExpiry,
  expiring,
  inventoryExpiry,
  tellExpiries,
} from "../../src/engine/inventory-expiry.ts";
import { isObject } from "../../src/model/json.ts";
import type { NewEvent } from "../../src/model/events.ts";
import type { SensorContext } from "../../src/sensors/sensor.ts";
import { eventually } from "../support/eventually.ts";
import { author, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeEach(async () => {
  world = await testInventory();
});
afterEach(() => world[Symbol.asyncDispose]());

interface Ledger extends SensorContext {
  readonly events: NewEvent[];
  at: string;
}

/** Keeps every dedupe key once, as the real ledger does; `fails` makes it refuse. */
function ledger(at: string, fails: () => boolean = () => false): Ledger {
  const keys = new Set<unknown>();
  const cursors = new Map<string, unknown>();
  const self: Ledger = {
    events: [],
    at,
    emit: (events, cursor) => {
      if (fails()) return Promise.reject(new Error("no ledger"));
      for (const event of events)
        if (!keys.has(event.dedupeKey)) {
          keys.add(event.dedupeKey);
          self.events.push(event);
        }
      if (cursor !== undefined) cursors.set(cursor.name, cursor.value);
      return Promise.resolve();
    },
    cursor: (name) => Promise.resolve(cursors.get(name)),
    log: () => undefined,
    now: () => new Date(self.at),
  };
  return self;
}

const day = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const contract = (no: string, end: string) => ({
  type: "SupportContract",
  set: { contract_no: no, end },
});
const options = () => ({
  db: world.database.db,
  known: () => world.inventory.known,
  timeZone: "Asia/Tokyo",
});
const told = ({ events }: Ledger): unknown[] =>
  events.map(({ payload }) => {
    if (!isObject(payload) || !isObject(payload["entry"])) return payload;
    return `${String(payload["entry"]["name"])} ${String(payload["threshold"])}`;
  });

describe("what expires", () => {
  test("is told once for each threshold, when the day at the site has come", async () => {
    await world.upsert(contract("K-1", "2026-07-01"), contract("K-2", "2026-12-31"));
    // One second before the 2nd of April in Tokyo.
    const book = ledger("2026-04-01T14:59:59Z");
    await tellExpiries(options(), book);
    expect(told(book)).toEqual([]);
    book.at = "2026-04-01T15:00:00Z";
    await tellExpiries(options(), book);
    await tellExpiries(options(), book);
    expect(told(book)).toEqual(["K-1 90"]);
    expect(book.events[0]).toMatchObject({
      trigger: "inventory.expiry.due",
      source: "inventory",
      payload: {
        type: "SupportContract",
        entry: { name: "K-1", version: 1 },
        attribute: "end",
        label: { ja: "終了日" },
        date: "2026-07-01",
        threshold: 90,
        days_left: 90,
        latest: true,
        document: { contract_no: "K-1" },
      },
    });
    book.at = "2026-06-24T00:00:00Z";
    await tellExpiries(options(), book);
    expect(told(book)).toEqual(["K-1 90", "K-1 30", "K-1 7"]);
    expect(book.events.map(({ payload }) => isObject(payload) && payload["latest"])).toEqual([
      true,
      false,
      true,
    ]);
  });
  test("is told again for another date, and not for the date that was told", async () => {
    await world.upsert(contract("K-1", "2026-04-05"));
    const book = ledger("2026-04-01T00:00:00Z");
    await tellExpiries(options(), book);
    expect(told(book)).toEqual(["K-1 90", "K-1 30", "K-1 7"]);
    const { id } = await world.inventory.find("SupportContract", "K-1");
    await world.inventory.patch(id, { end: "2026-04-20" }, { author });
    await tellExpiries(options(), book);
    expect(told(book).slice(3)).toEqual(["K-1 90", "K-1 30"]);
    await world.inventory.patch(id, { end: "2026-04-05" }, { author });
    await tellExpiries(options(), book);
    expect(book.events).toHaveLength(5);
  });
  test("is caught up after downtime; what was over long before is not told", async () => {
    await world.upsert(contract("soon", "2026-05-01"), contract("old", "2020-01-01"));
    const book = ledger("2026-01-01T00:00:00Z");
    await tellExpiries(options(), book);
    expect(told(book)).toEqual([]);
    // Half a year without anybody looking.
    book.at = "2026-07-15T00:00:00Z";
    await tellExpiries(options(), book);
    expect(told(book)).toEqual(["soon 90", "soon 30", "soon 7"]);
    expect(book.events[2]?.payload).toMatchObject({ days_left: -75 });
  });
  test("is told once though the ledger took it and the process was killed", async () => {
    await world.upsert(contract("K-1", "2026-04-05"));
    const book = ledger("2026-04-01T00:00:00Z");
    await tellExpiries(options(), book);
    await sql`delete from inv.expiry_told`.execute(world.database.db);
    await tellExpiries(options(), book);
    expect(book.events).toHaveLength(3);
  });
  test("is not told of retired entries, nor of dates that somebody took note of", async () => {
    await world.upsert(contract("K-1", "2026-04-05"), {
      type: "DeviceModel",
      set: { model: "FX", end_of_support: "2026-04-20" },
    });
    const known = await world.inventory.find("SupportContract", "K-1");
    const by = { actor: "sato", note: "更新手続き中", timeZone: "Asia/Tokyo" };
    const ground = world.inventory.ground;
    expect(await acknowledgeExpiry(ground, known, { ...by, attribute: "end" })).toEqual([
      "2026-04-05",
    ]);
    await expect(acknowledgeExpiry(ground, known, { ...by, attribute: "start" })).rejects.toThrow(
      "SupportContract has no start that expires",
    );
    const model = await world.inventory.find("DeviceModel", "FX");
    await sql`update inv.entry set doc = doc || '{"status":"retired"}' where id = ${model.id}`.execute(
      world.database.db,
    );
    const book = ledger("2026-04-01T00:00:00Z");
    await tellExpiries(options(), book);
    expect(told(book)).toEqual([]);
    await sql`update inv.entry set doc = doc - 'status' where id = ${model.id}`.execute(
      world.database.db,
    );
    await tellExpiries(options(), book);
    expect(told(book)).toEqual(["FX 365", "FX 180", "FX 90"]);
  });
  test("can be listed, soonest first", async () => {
    await world.upsert(
      contract("K-2", day(60)),
      contract("K-1", day(20)),
      contract("K-3", day(99)),
    );
    const asked = { type: undefined, days: 90, limit: 10, timeZone: "UTC" };
    const known = await world.inventory.find("SupportContract", "K-2");
    const by = { attribute: "end", actor: "sato", note: undefined, timeZone: "UTC" };
    await acknowledgeExpiry(world.inventory.ground, known, by);
    expect(await expiring(world.inventory.ground, asked)).toMatchObject([
      { entry: { name: "K-1" }, attribute: "end", days_left: 20, told: [], acknowledged: null },
      { entry: { name: "K-2" }, days_left: 60, acknowledged: { by: "sato", note: null } },
    ]);
    expect(await expiring(world.inventory.ground, { ...asked, type: "DnsZone" })).toEqual([]);
  });
  test("is seen soon after it was written, and a failing ledger is reported", async () => {
    let failing = false;
    const book = ledger("2026-04-01T00:00:00Z", () => failing);
    const sensor = inventoryExpiry({ ...options(), pollMs: 600_000, restMs: 1 });
    await sensor.start(book);
    await world.upsert(contract("K-1", "2026-06-20"));
    await eventually("the telling", () => {
      sensor.wake();
      return book.events.length === 1;
    });
    failing = true;
    await world.upsert(contract("K-2", "2026-06-20"));
    sensor.wake();
    await expect(sensor.failed).rejects.toThrow("no ledger");
    await sensor.stop();
  });
});
