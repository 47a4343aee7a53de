import { afterEach, describe, expect, test } from "vitest";
import {
  timersOf,
  timerSensor,
  type TimerSensor,
  type TimerSpec,
} from "../../src/sensors/timer.ts";
import { MemoryLedger, payloadOf } from "./ledger.ts";

const every5: TimerSpec = {
  type: "core.st2.IntervalTimer",
  parameters: { unit: "minutes", delta: 5 },
};
const nightly: TimerSpec = { type: "core.st2.CronTimer", parameters: { hour: 3, minute: 30 } };

let sensor: TimerSensor | undefined;
afterEach(() => sensor?.stop());

/** A sensor over that ledger at that time, as after a (re)start. */
async function started(ledger: MemoryLedger, now: string, timers: readonly TimerSpec[]) {
  await sensor?.stop();
  ledger.setNow(now);
  sensor = timerSensor(timers, { timeZone: "Asia/Tokyo" });
  await sensor.start(ledger.context());
  return async (time: string) => {
    ledger.setNow(time);
    await sensor?.tick();
    return ledger.events.length;
  };
}

const slots = (ledger: MemoryLedger) =>
  ledger.events.map((event) => event.dedupeKey?.split("@")[1]);

const on = (date: string): TimerSpec => ({ type: "core.st2.DateTimer", parameters: { date } });

describe("the timer sensor", () => {
  test("an interval fires one interval after it is first seen, then at every slot", async () => {
    const ledger = new MemoryLedger();
    const at = await started(ledger, "2026-11-21T00:01:02.500Z", [every5]);
    expect(await at("2026-11-21T00:06:02.499Z")).toBe(0);
    expect(await at("2026-11-21T00:06:02.523Z")).toBe(1);
    expect(await at("2026-11-21T00:06:03.000Z")).toBe(1);
    expect(await at("2026-11-21T00:11:02.500Z")).toBe(2);
    expect(ledger.events[0]).toMatchObject({
      trigger: "core.st2.IntervalTimer",
      parameters: { unit: "minutes", delta: 5 },
      source: "timer",
    });
    expect(payloadOf(ledger.events[0])).toEqual({
      executed_at: "2026-11-21 00:06:02.523000+00:00",
      schedule: null,
    });
    expect(slots(ledger)).toEqual(["2026-11-21T00:06:02.500Z", "2026-11-21T00:11:02.500Z"]);
  });

  test("a restart neither repeats a slot nor moves the beat", async () => {
    const ledger = new MemoryLedger();
    let at = await started(ledger, "2026-11-21T00:00:00.000Z", [every5]);
    await at("2026-11-21T00:05:00.010Z");
    at = await started(ledger, "2026-11-21T00:06:00.000Z", [every5]);
    expect(await at("2026-11-21T00:06:00.000Z")).toBe(1);
    await at("2026-11-21T00:10:00.000Z");
    expect(slots(ledger)).toEqual(["2026-11-21T00:05:00.000Z", "2026-11-21T00:10:00.000Z"]);
  });

  test("after downtime it fires once, then goes on", async () => {
    const ledger = new MemoryLedger();
    let at = await started(ledger, "2026-11-20T10:00:00.000Z", [nightly]);
    at = await started(ledger, "2026-11-24T00:00:00.000Z", [nightly]);
    await at("2026-11-24T00:00:00.000Z");
    await at("2026-11-24T00:01:00.000Z");
    await at("2026-11-24T18:30:00.000Z");
    expect(slots(ledger)).toEqual(["2026-11-20T18:30:00.000Z", "2026-11-24T18:30:00.000Z"]);
  });

  test("two sensors at once fire a slot once", async () => {
    const ledger = new MemoryLedger();
    await started(ledger, "2026-11-21T00:00:00.000Z", [every5]);
    const other = timerSensor([every5], { timeZone: "Asia/Tokyo" });
    await other.start(ledger.context());
    ledger.setNow("2026-11-21T00:05:00.000Z");
    await Promise.all([sensor?.tick(), other.tick()]);
    await other.stop();
    expect(ledger.events).toHaveLength(1);
  });

  test("a timer in use again does not fire for the time it was not", async () => {
    const ledger = new MemoryLedger();
    const at = await started(ledger, "2026-11-21T00:00:00.000Z", [every5]);
    await sensor?.setTimers([]);
    expect(await at("2026-11-21T09:00:00.000Z")).toBe(0);
    await sensor?.setTimers([every5]);
    expect(await at("2026-11-21T09:00:01.000Z")).toBe(0);
    expect(await at("2026-11-21T09:05:00.000Z")).toBe(1);
  });

  test("a date fires once, also late; a date in the past never", async () => {
    const ledger = new MemoryLedger();
    const timers = [on("2026-11-22 09:00"), on("2026-11-20")];
    let at = await started(ledger, "2026-11-21T00:00:00.000Z", timers);
    at = await started(ledger, "2026-11-23T00:00:00.000Z", timers);
    await at("2026-11-23T00:00:00.000Z");
    await at("2026-12-23T00:00:00.000Z");
    expect(slots(ledger)).toEqual(["2026-11-22T00:00:00.000Z"]);
  });

  test("a timer that cannot run is named, the others run", async () => {
    const ledger = new MemoryLedger();
    const at = await started(ledger, "2026-11-21T00:00:00.000Z", []);
    const broken: TimerSpec = { type: "core.st2.CronTimer", parameters: { hour: "24" } };
    expect(await sensor?.setTimers([broken, every5])).toEqual([
      {
        timer: broken,
        message:
          "ValueError: Error validating expression '24': the last value (24) is higher than the maximum value (23)",
      },
    ]);
    expect(await at("2026-11-21T00:05:00.000Z")).toBe(1);
    expect(ledger.lines).toEqual(["warn A timer cannot run."]);
  });

  test("timers come from the triggers in use, each once", () => {
    const webhook: TimerSpec = { type: "core.st2.webhook", parameters: { url: "x" } };
    const swapped: TimerSpec = { ...every5, parameters: { delta: 5, unit: "minutes" } };
    expect(timersOf([every5, swapped, webhook])).toEqual([swapped]);
  });

  test("while the ledger is down nothing is lost", async () => {
    const ledger = new MemoryLedger();
    const at = await started(ledger, "2026-11-21T00:00:00.000Z", [every5]);
    ledger.down = new Error("connection refused");
    expect(await at("2026-11-21T00:05:00.000Z")).toBe(0);
    expect(ledger.lines).toEqual(["error Due timers could not be stored; they are tried again."]);
    ledger.down = undefined;
    expect(await at("2026-11-21T00:05:30.000Z")).toBe(1);
  });

  test("it wakes up by itself", async () => {
    const ledger = new MemoryLedger();
    sensor = timerSensor([
      { type: "core.st2.IntervalTimer", parameters: { unit: "seconds", delta: 1 } },
    ]);
    await sensor.start(ledger.context());
    await ledger.stored(2);
    const [first = 0, second = 0] = slots(ledger).map((slot) => Date.parse(slot ?? ""));
    expect(second - first).toBe(1_000);
  });
});
