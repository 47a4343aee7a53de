import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { childContext, contextFromKey, taskContext } from "../../src/model/child-context.ts";
import { executionStatuses, isFinished } from "../../src/model/execution.ts";
import { isObjectId, objectId } from "../../src/model/ids.ts";
import { isObject } from "../../src/model/json.ts";
import { assertNever } from "../../src/model/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { asUtc, instantOf, isTimeZone, wallTime, zoneOffset } from "../../src/model/time-zone.ts";

describe("ids", () => {
  test("are 24 hex digits that sort by time, then by counter", () => {
    const machine = "0123456789";
    const ids = [
      objectId(1, machine, 5),
      objectId(1_790_000_000.9, machine, 0),
      objectId(1_790_000_000, machine, 255),
    ];
    expect(ids).toEqual([
      "000000010123456789000005",
      "6ab13b800123456789000000",
      "6ab13b8001234567890000ff",
    ]);
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every(isObjectId)).toBe(true);
  });

  test.each([
    "",
    "65a0",
    "65A000000000000000000001",
    "65a00000000000000000000g",
    `${"a".repeat(24)}\n`,
  ])("%j is none", (text) => {
    expect(isObjectId(text)).toBe(false);
  });

  test("a counter that does not fit is refused", () => {
    expect(() => objectId(1, "0123456789", 2 ** 24)).toThrow(RangeError);
  });
});

describe("secrets", () => {
  const secret = new Secret("hunter2");
  test.each([
    ["JSON", JSON.stringify({ secret })],
    ["inspect", inspect({ secret }, { depth: 9, showHidden: true })],
    [
      "text",
      `${JSON.stringify([secret])} ${Object.keys(secret).join()} ${String(Object.entries(secret))}`,
    ],
  ])("do not leak by %s", (_way, text) => {
    expect(text).not.toContain("hunter2");
  });
  test("are given back on purpose", () => {
    expect(secret.reveal()).toBe("hunter2");
  });
});

test("five statuses are final", () => {
  expect(executionStatuses.filter(isFinished)).toEqual([
    "succeeded",
    "failed",
    "timeout",
    "abandoned",
    "canceled",
  ]);
});

test("only mappings are objects", () => {
  const values: unknown[] = [{}, { a: 1 }, [], null, undefined, "x", 1];
  expect(values.map(isObject)).toEqual([true, true, false, false, false, false, false]);
});

test("a case that cannot be names itself", () => {
  expect(() => assertNever("odd" as never)).toThrow('Unhandled case: "odd"');
});

describe("a child's context", () => {
  const workflow = {
    id: "w1",
    action: "ops.deploy",
    context: { user: "ann", rule: { id: "r" }, secretive: 1, parent: { execution_id: "w0" } },
  };

  test("inherits what concerns everybody and names its parents", () => {
    expect(childContext(workflow)).toEqual({
      user: "ann",
      rule: { id: "r" },
      parent: { execution_id: "w1", pack: "ops", user: "ann", parent: { execution_id: "w0" } },
    });
  });

  test("a pack that the context names wins over the action's", () => {
    const { parent } = childContext({ ...workflow, context: { pack: "site" } });
    expect(parent).toMatchObject({ pack: "site" });
  });

  test("follows from the task's key, whatever its name is", () => {
    const task = { taskId: "a:b", route: 2, visit: 3 };
    expect(contextFromKey(workflow, { action: "core.noop", key: "a:b:2:3" })).toEqual({
      ...childContext(workflow),
      pack: "core",
      orquesta: taskContext("w1", task),
    });
    expect(taskContext("w1", { ...task, item: 0 })).toMatchObject({
      task_execution_id: "a:b:2:3",
      task_route: 2,
      item_id: 0,
    });
  });
});

describe("time zones", () => {
  const day = { year: 2026, month: 3, day: 29, hour: 12, minute: 0, second: 0 };

  test.each([
    ["Asia/Tokyo", true],
    ["+09:00", true],
    ["UTC", true],
    ["Mars/Olympus", false],
    ["", false],
  ])("%s: %s", (name, known) => {
    expect(isTimeZone(name)).toBe(known);
  });

  test.each([
    ["UTC", 0],
    ["Asia/Tokyo", 9 * 3_600_000],
    ["Europe/Berlin", 2 * 3_600_000],
    ["America/St_Johns", -2.5 * 3_600_000],
  ])("noon in %s and back", (zone, ahead) => {
    const instant = instantOf(day, zone);
    expect(asUtc(day) - instant).toBe(ahead);
    expect(wallTime(instant, zone)).toEqual(day);
    expect(zoneOffset(instant, zone)).toBe(ahead);
  });

  test("a time that exists twice or not at all is standard time", () => {
    const twice = { ...day, month: 10, day: 25, hour: 2, minute: 30 };
    expect(new Date(instantOf(twice, "Europe/Berlin")).toISOString()).toBe(
      "2026-10-25T01:30:00.000Z",
    );
    const never = { ...day, hour: 2, minute: 30 };
    expect(new Date(instantOf(never, "Europe/Berlin")).toISOString()).toBe(
      "2026-03-29T01:30:00.000Z",
    );
  });

  test("years below 100 are taken as written", () => {
    expect(new Date(asUtc({ ...day, year: 99 })).getUTCFullYear()).toBe(99);
  });
});
