/** The recorded requests of StackStorm's API against the real program. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { httpChecks } from "../conformance/http-run.ts";
import type { Report } from "../conformance/workflow-cases.ts";

const data = "../shared/conformance";

/** What differs without being listed; SHOW=1 prints everything that differs. */
function unlisted({ cases, differences }: Report): readonly unknown[] {
  if (process.env["SHOW"] !== undefined)
    for (const { case: name, what, actual, reason } of differences)
      process.stdout.write(
        `${reason === undefined ? "!" : " "} ${name} ${what} ${JSON.stringify(actual)}\n`,
      );
  process.stdout.write(
    `${cases} recorded requests, ${differences.length} differ, ${((100 * (cases - differences.length)) / cases).toFixed(1)} % equal\n`,
  );
  return differences.filter(({ reason }) => reason === undefined);
}

describe.skipIf(!existsSync(data))("StackStorm's recorded answers", () => {
  test.each(httpChecks(data))(
    "$file: every difference is listed with its reason",
    async (check) => {
      const asked = await check.report();
      expect(asked.cases).toBeGreaterThan(80);
      expect(unlisted(asked)).toStrictEqual([]);
    },
    300_000,
  );
});
