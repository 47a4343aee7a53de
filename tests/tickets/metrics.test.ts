import { expect, test } from "vitest";
import {
  lastMonths,
  ticketReport,
  type MeasuredTicket,
  type Rating,
} from "../../src/tickets/metrics.ts";
import { reportPage } from "../../src/tickets/plot.ts";

const hour = 3_600_000;
const months = ["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"];
const question = { months, splitAt: undefined, split: null, language: "en" } as const;

function made(category: string, counts: readonly number[]): MeasuredTicket[] {
  return counts.flatMap((count, index) =>
    Array.from({ length: count }, () => {
      const month = months[index] ?? "";
      const createdAt = Date.parse(`${month}-10T00:00:00Z`);
      return { category, month, createdAt, closedAt: createdAt + 4 * hour };
    }),
  );
}

function rating(at: string, stars: number, minutes: number | undefined): Rating {
  return { category: "dns", at: Date.parse(at), rating: stars, minutes };
}

test("H1, H2: effort and ratings before and after a day", () => {
  const splitAt = Date.parse("2026-10-01T00:00:00Z");
  const report = ticketReport(
    made("dns", [0, 0, 2, 1, 0]),
    [
      rating("2026-09-11T00:00:00Z", 2, 60),
      rating("2026-09-12T00:00:00Z", 3, 30),
      rating("2026-10-12T00:00:00Z", 5, 10),
      rating("2026-10-13T00:00:00Z", 4, undefined),
    ],
    { ...question, splitAt, split: "2026-10-01" },
  );
  expect(report.before).toEqual({ ratings: 2, rating: 2.5, minutes: 45, tickets: 2, hours: 4 });
  expect(report.after).toEqual({ ratings: 2, rating: 4.5, minutes: 10, tickets: 1, hours: 4 });
});

test.each([
  [
    "a category that nobody uses any more",
    made("ftp", [3, 2, 0, 0, 0]),
    /"ftp" had no ticket for 3 months/,
  ],
  ["many without a category", made("", [1, 2, 1, 1, 1]), /6 tickets \(100%\) have no category/],
  ["one that grows", made("dns", [1, 1, 1, 3, 8]), /"dns" grew from 3 to 8/],
  ["one that is everything", made("web", [5, 5, 5, 5, 5]), /"web" is 100% of all tickets/],
])("H3: advice on %s", (_name, tickets, words) => {
  expect(ticketReport(tickets, [], question).advice).toEqual([expect.stringMatching(words)]);
});

test("H3: no advice where there is nothing to advise, and Japanese where it is wanted", () => {
  const calm = [...made("dns", [2, 2, 2, 2, 2]), ...made("web", [2, 2, 2, 2, 2])];
  expect(ticketReport(calm, [], question).advice).toEqual([]);
  const quiet = ticketReport(made("ftp", [3, 2, 0, 0, 0]), [], { ...question, language: "ja" });
  expect(quiet.advice[0]).toContain("「ftp」は直近3か月で0件です");
});

test("the page is one file with its plot, and what came from outside stands in it as text", () => {
  const report = ticketReport(made("<script>", [1, 2, 3, 4, 5]), [], question);
  for (const language of ["en", "ja"] as const) {
    const page = reportPage(report, language);
    expect(page).toContain("<svg");
    expect(page).toContain("&lt;script&gt;, 2026-11: 5");
    expect(page).not.toContain("<script>");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  }
});

test("months go over years", () => {
  expect(lastMonths("2026-02", 4)).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
});
