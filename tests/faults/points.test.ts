/** Crash points: the list, the code and the harness name the same ones. `npm run test:faults -- --only "crash points"` lets processes die at each of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/config-values.ts";
import { readConfig } from "../../src/config.ts";
import { crashPoints, enginePoints } from "../../src/model/crash-points.ts";
import { runRaicho, repository, temporaryHome, removeHome } from "../support/raicho.ts";
import { emptyDatabase } from "../support/postgres.ts";
import { rolesOfPoints } from "./cases/points.ts";

function passed(): readonly string[] {
  const files = readdirSync(join(repository, "src"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [
      ...readFileSync(join(repository, "src", file), "utf8").matchAll(/passing\("([\w.-]+)"\)/g),
    ])
    .map(([, name]) => name ?? "");
}

test("there are enough of them, and each stands in the code once", () => {
  expect(crashPoints.length).toBeGreaterThanOrEqual(25);
  expect(passed().toSorted()).toEqual([...crashPoints].toSorted());
});

test("the harness knows which process passes each of them", () => {
  expect(Object.keys(rolesOfPoints).toSorted()).toEqual([...enginePoints].toSorted());
});

test.each([
  ["claim.after", { point: "claim.after", passes: 1 }],
  ["claim.after:3", { point: "claim.after", passes: 3 }],
  ["", undefined],
])("RAICHO_CRASH_AT=%s", (text, crashAt) => {
  expect(readConfig({ RAICHO_CRASH_AT: text }, "/").crashAt).toEqual(crashAt);
});

test.each(["claim.afer", "claim.after:0", "claim.after:x"])(
  "RAICHO_CRASH_AT=%s is refused",
  (text) => {
    expect(() => readConfig({ RAICHO_CRASH_AT: text }, "/")).toThrow(ConfigError);
  },
);

test("a process dies there, as if it were killed", async () => {
  await using database = await emptyDatabase();
  const home = temporaryHome();
  const env = { DATABASE_URL: database.url, RAICHO_CRASH_AT: "sweep.after-commit:2" };
  const { ended } = runRaicho(["start", "--role", "scheduler"], { home, env });
  expect(await ended).toEqual({ code: null, signal: "SIGKILL" });
  removeHome(home);
}, 180_000);
