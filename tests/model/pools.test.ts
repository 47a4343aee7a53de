import { expect, test } from "vitest";
import { isPool, poolFinder, poolOf } from "../../src/model/pools.ts";

test.each(["dc1", "zone=dc1", "os/rocky-9.4"])("%s is a label", (text) => {
  expect(isPool(text)).toBe(true);
});

test.each(["", "=dc1", "a b", "a:b", "a,b", "x".repeat(64), 7, null])("%s is none", (value) => {
  expect(isPool(value)).toBe(false);
});

test("the first rule of the site that fits an action counts", () => {
  const find = poolFinder([
    { actions: "linux.reboot", pool: "dc2" },
    { actions: "linux.*", pool: "zone=dc1" },
    { actions: "*.windows_*", pool: "windows" },
  ]);
  expect(find("linux.reboot")).toBe("dc2");
  expect(find("linux.reboot_now")).toBe("zone=dc1");
  expect(find("core.windows_update")).toBe("windows");
  expect(find("linuxX.reboot")).toBeUndefined();
});

test("a workflow is decided anywhere, its tasks are carried out in the pool", () => {
  const context = { pool: "dc1" };
  expect(poolOf({ runner: "local-shell-cmd", context })).toBe("dc1");
  expect(poolOf({ runner: "orquesta", context })).toBe("default");
  expect(poolOf({ runner: "local-shell-cmd", context: null })).toBe("default");
});
