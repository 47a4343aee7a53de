/** What a run of the harness counted is written into a page, beside what people wrote there. */
import { expect, test } from "vitest";
import { pageWith, type Run } from "./page.ts";

const run: Run = {
  profile: "full",
  seed: 7,
  at: "2026-11-21T19:00:00.000Z",
  cores: 2,
  results: [
    {
      name: "lost workers",
      backend: "postgres",
      promises: "P5",
      seconds: 1_200,
      load: 3.5,
      counts: { kills: 50, left: "none", actions: 12_345 },
      findings: [],
    },
  ],
};
const written =
  "| case         | queue      | profile | seed | struck and counted                    | took    | load | result |\n" +
  "| ------------ | ---------- | ------- | ---- | ------------------------------------- | ------- | ---- | ------ |\n" +
  "| lost workers | PostgreSQL | full    | 7    | kills 50, left none, actions 12,345   | 1,200 s | 3.5  | passed |";

test("a page that has none yet gets them at its end", () => {
  const page = pageWith("# Fault runs\n\nRead this.\n", [run]);
  expect(page).toMatch(/^# Fault runs\n\nRead this\.\n\n<!--/);
  expect(page.replaceAll(/ +\|/g, " |").replaceAll(/-+/g, "-")).toContain(
    written.replaceAll(/ +\|/g, " |").replaceAll(/-+/g, "-"),
  );
  expect(page).toContain("Nothing was found.");
});

test("the next runs take their place, and what stands around them stays", () => {
  const page = `${pageWith("# Fault runs\n", [run])}\n## Earlier\n\nBy hand.\n`;
  const [result] = run.results;
  if (result === undefined) throw new Error("no result");
  const failed = {
    ...result,
    name: "joins",
    findings: ["2 joins of 3\n    at file.ts:3", "logs: here"],
  };
  const next = pageWith(page, [{ ...run, seed: 8, results: [failed] }]);
  expect(next).not.toContain("lost workers");
  expect(next).toContain("**1 findings**");
  expect(next).toContain("- joins, PostgreSQL: 2 joins of 3\n");
  expect(next).not.toMatch(/file\.ts|logs: /);
  expect(next).toMatch(/## Earlier\n\nBy hand\.\n$/);
  expect(pageWith(next, [run])).toBe(page);
});
