import { describe, expect, test } from "vitest";
import { onDuty } from "../../src/inventory/oncall.ts";

const tokyo = 9 * 3_600_000;
const weekly = { every: "P7D", from: "2026-04-06", order: ["sato", "suzuki", "tanaka"] };
const at = (text: string): number => Date.parse(text);

describe("who is on duty", () => {
  test.each([
    ["the first day begins at midnight of the site", "2026-04-06T00:00:00+09:00", "sato"],
    ["the last moment of the first week", "2026-04-12T23:59:59+09:00", "sato"],
    ["the second week", "2026-04-13T00:00:00+09:00", "suzuki"],
    ["the third week", "2026-04-20T12:00:00+09:00", "tanaka"],
    ["it begins again", "2026-04-27T00:00:00+09:00", "sato"],
  ])("%s", (_, now, login) => {
    expect(onDuty(weekly, at(now), tokyo)).toEqual({ login, note: "" });
  });

  test("half days from nine", () => {
    const halves = { every: "PT12H", from: "2026-04-06T09:00", order: ["day", "night"] };
    expect(onDuty(halves, at("2026-04-08T20:59:00+09:00"), tokyo).login).toBe("day");
    expect(onDuty(halves, at("2026-04-08T21:00:00+09:00"), tokyo).login).toBe("night");
  });

  test.each([
    [weekly, "2026-04-05T23:59:59+09:00", "the rotation has not begun"],
    [{ ...weekly, every: "week" }, "2026-05-01T00:00:00Z", "every is no length"],
    [{ ...weekly, from: "soon" }, "2026-05-01T00:00:00Z", "from is no day"],
    [{ ...weekly, order: [] }, "2026-05-01T00:00:00Z", "order names nobody"],
    ["x", "2026-05-01T00:00:00Z", "every is no length"],
  ])("%j: nobody, and why", (rotation, now, note) => {
    const duty = onDuty(rotation, at(now), tokyo);
    expect(duty.login).toBeUndefined();
    expect(duty.note).toContain(note);
  });

  test("a rota without rotation says nothing", () => {
    expect(onDuty(undefined, 0, 0)).toEqual({ login: undefined, note: "" });
  });
});
