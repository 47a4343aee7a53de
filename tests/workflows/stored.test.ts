import { describe, expect, it } from "vitest";

import { snapshot } from "../../src/workflows/conductor.ts";
import { fromStored } from "../../src/workflows/stored.ts";
import { Driver } from "./support.ts";

/** 1e300 is written with all its digits, so that a database that keeps numbers exactly gives it back as a float. */
const floats = ["2.0", "-3.0", "0.0", "-0.0", "2.5", "1e300", "1e22"];

const halves = {
  version: 1,
  vars: [
    { f: "<% 4 / 2.0 %>" },
    { n: 2 },
    { deep: { list: ["<% float(7) %>", 7, "a: 2.0, b"] } },
    ...floats.map((text, index) => ({ [`j${index}`]: `{{ ${text} }}` })),
  ],
  output: [{ shown: "{{ ctx().f }} {{ ctx().n }} {{ ctx().deep }} {{ ctx().p }}" }, { yaql: "<% str(ctx().f) %>" }],
  tasks: {
    one: { action: "core.noop", next: [{ publish: [{ p: "<% ctx().f * 3 %>" }], do: "two" }] },
    two: { action: "core.noop", input: { all: "<% ctx() %>" } },
  },
};

describe("floats that are whole", () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("are shown alike after a restart (after start %s, after one %s)", (early, late) => {
    const driver = new Driver(halves).start();
    if (early) driver.reload();
    driver.finish();
    if (late) driver.reload();
    driver.finish();
    expect(driver.state.output).toEqual({
      shown: "2.0 2 {'list': [7.0, 7, 'a: 2.0, b']} 6.0",
      yaql: "2.0",
    });
  });

  it("come back from the journal alone", () => {
    const driver = new Driver(halves).start();
    driver.finish();
    expect(snapshot(driver.replayed())).toEqual(snapshot(driver.state));
    const text = JSON.stringify(snapshot(driver.state));
    expect(JSON.stringify(fromStored(text))).toBe(text);
    expect(text).toContain('"j3":-0.0');
  });

  it.each([
    "[2.0]",
    '{"a":{"b":[1,-1.0]}}',
    "3.0",
    '{"a":"x: 2.0}","b":2}',
    "[2,2.5,0.0]",
  ])("keep their point in %s", (text) => {
    expect(JSON.stringify(fromStored(text))).toBe(text);
  });

  it("leave names such as __proto__ data", () => {
    const value = fromStored('{"__proto__":{"polluted":2.0}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});
