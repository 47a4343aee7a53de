/** The recorded requests of StackStorm's API against the real program. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { failsThere, shapedThere } from "../conformance/http-differences.ts";
import { httpChecks } from "../conformance/http-run.ts";
import type { Report } from "../conformance/workflow-cases.ts";

const data = "../shared/conformance";

/** What differs without being listed; SHOW=1 prints everything that differs. */
function unlisted({ differences }: Report): readonly unknown[] {
  if (process.env["SHOW"] !== undefined)
    for (const { case: name, what, actual, reason } of differences)
      process.stdout.write(
        `${reason === undefined ? "!" : " "} ${name} ${what} ${JSON.stringify(actual)}\n`,
      );
  return differences.filter(({ reason }) => reason === undefined);
}

interface Figures {
  readonly asked: number;
  readonly alike: number;
  /** Those, and those whose status, headers and shape are alike. */
  readonly shaped: number;
  /** Those to which StackStorm answered 500 although they can be answered, and Raicho does. */
  readonly fails: number;
}

function figuresOf({ cases, differences }: Report): Figures {
  const fails = differences.filter(({ case: name }) => failsThere(name)).length;
  const alike = cases - differences.length;
  const shaped = alike + differences.filter(({ case: name }) => shapedThere(name)).length;
  return { asked: cases, alike, shaped, fails };
}

interface Parts {
  readonly shaped: number;
  /** Of what StackStorm could answer. */
  readonly answered: number;
}

/** Parts of 100. */
function said(what: string, { asked, alike, shaped, fails }: Figures): Parts {
  const parts = { shaped: (100 * shaped) / asked, answered: (100 * alike) / (asked - fails) };
  process.stdout.write(
    `${what}: ${shaped} of ${asked} alike in status, headers and shape (${parts.shaped.toFixed(1)} %), ${alike} in every text, ${parts.answered.toFixed(1)} % of the ${asked - fails} that StackStorm could answer\n`,
  );
  return parts;
}

describe.skipIf(!existsSync(data))("StackStorm's recorded answers", () => {
  const figures: Figures[] = [];
  const sum = (key: keyof Figures): number => figures.reduce((all, each) => all + each[key], 0);

  test.each(httpChecks(data))(
    "$file: every difference is listed with its reason",
    async (check) => {
      const { file } = check;
      const asked = await check.report();
      expect(asked.cases).toBeGreaterThan(80);
      expect(unlisted(asked)).toStrictEqual([]);
      figures.push(figuresOf(asked));
      const { shaped, answered } = said(file, figuresOf(asked));
      expect(shaped).toBeGreaterThanOrEqual(97.5);
      expect(answered).toBeGreaterThanOrEqual(98);
    },
    300_000,
  );

  test("all of them: at least 98 of 100 are alike in status, headers and shape, and of those that StackStorm could answer in every text", () => {
    const { shaped, answered } = said("together", {
      asked: sum("asked"),
      alike: sum("alike"),
      shaped: sum("shaped"),
      fails: sum("fails"),
    });
    expect(shaped).toBeGreaterThanOrEqual(98);
    expect(answered).toBeGreaterThanOrEqual(98);
  });
});
