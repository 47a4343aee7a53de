/** What tickets cost and what they are about: effort before and after a day, ratings, counts per category with advice. */
import type { Language } from "./settings.ts";

export interface MeasuredTicket {
  readonly category: string;
  /** The month it was made in, as 2026-11. */
  readonly month: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly closedAt: number | undefined;
}

export interface Rating {
  readonly category: string;
  /** When it was given, milliseconds since the epoch. */
  readonly at: number;
  /** 1 (bad) to 5 (good). */
  readonly rating: number;
  /** What the work took. */
  readonly minutes: number | undefined;
}

export interface Effort {
  readonly ratings: number;
  /** Means; null without values. */
  readonly rating: number | null;
  readonly minutes: number | null;
  readonly tickets: number;
  /** Median hours from the beginning of a ticket to its end. */
  readonly hours: number | null;
}

export interface CategoryTrend {
  readonly category: string;
  /** One count per month, oldest first. */
  readonly counts: readonly number[];
  readonly total: number;
  readonly advice: string | null;
}

export interface TicketReport {
  readonly months: readonly string[];
  readonly split: string | null;
  readonly before: Effort | null;
  readonly after: Effort;
  readonly categories: readonly CategoryTrend[];
  readonly advice: readonly string[];
}

export interface ReportQuestion {
  /** Months to show, oldest first. */
  readonly months: readonly string[];
  /** Compare what was before this instant with what came after. */
  readonly splitAt: number | undefined;
  readonly split: string | null;
  readonly language: Language;
}

export function ticketReport(
  tickets: readonly MeasuredTicket[],
  ratings: readonly Rating[],
  { months, splitAt, split, language }: ReportQuestion,
): TicketReport {
  const names = [...new Set(tickets.map(({ category }) => category))].toSorted();
  const trends = names.map((category) => trendOf(category, tickets, months, language));
  const categories = trends.toSorted((a, b) => b.total - a.total);
  const after = (at: number): boolean => splitAt === undefined || at >= splitAt;
  const effort = (wanted: boolean): Effort =>
    effortOf(
      tickets.filter(({ createdAt }) => after(createdAt) === wanted),
      ratings.filter(({ at }) => after(at) === wanted),
    );
  return {
    months,
    split,
    before: splitAt === undefined ? null : effort(false),
    after: effort(true),
    categories,
    advice: categories.flatMap(({ advice }) => advice ?? []),
  };
}

function trendOf(
  category: string,
  tickets: readonly MeasuredTicket[],
  months: readonly string[],
  language: Language,
): CategoryTrend {
  const own = tickets.filter((ticket) => ticket.category === category);
  const counts = months.map((month) => own.filter((ticket) => ticket.month === month).length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const all = tickets.filter(({ month }) => months.includes(month)).length;
  return { category, counts, total, advice: adviceOn({ category, counts, total, all }, language) };
}

/** Fewer than so many tickets without a category are no reason for one. */
const worthACategory = 5;
/** Months without a ticket after which a category is asked about. */
const quietMonths = 3;

interface Counted {
  readonly category: string;
  readonly counts: readonly number[];
  readonly total: number;
  /** Tickets of all categories. */
  readonly all: number;
}

interface Advice {
  readonly holds: boolean;
  readonly en: string;
  readonly ja: string;
}

/** The first piece of advice that holds. */
function adviceOn(counted: Counted, language: Language): string | null {
  const advice = counted.category === "" ? [uncategorised(counted)] : onCategory(counted);
  return advice.find(({ holds }) => holds)?.[language] ?? null;
}

function uncategorised({ total, all }: Counted): Advice {
  const share = percent(total, all);
  return {
    holds: total >= worthACategory && total * 10 >= all,
    en: `${total} tickets (${share}%) have no category: create one for what they have in common.`,
    ja: `カテゴリなしが${total}件（全体の${share}%）あります。カテゴリの追加を検討してください。`,
  };
}

function onCategory({ category, counts, total, all }: Counted): readonly Advice[] {
  const quiet = counts.slice(-quietMonths).every((count) => count === 0);
  const [last = 0, before = 0] = [counts.at(-1), counts.at(-2)];
  const share = percent(total, all);
  return [
    {
      holds: counts.length > quietMonths && total > 0 && quiet,
      en: `"${category}" had no ticket for ${quietMonths} months: delete the category, or its form.`,
      ja: `「${category}」は直近${quietMonths}か月で0件です。カテゴリの削除を検討してください。`,
    },
    {
      holds: last >= worthACategory && before > 0 && last >= before * 2,
      en: `"${category}" grew from ${before} to ${last} in a month: automate it, or split the category.`,
      ja: `「${category}」が前月の${before}件から${last}件に増えています。自動化や分割を検討してください。`,
    },
    {
      holds: total * 2 > all && total >= worthACategory * 4,
      en: `"${category}" is ${share}% of all tickets: split the category.`,
      ja: `「${category}」が全体の${share}%を占めています。カテゴリの分割を検討してください。`,
    },
  ];
}

function percent(part: number, all: number): number {
  return all === 0 ? 0 : Math.round((part * 100) / all);
}

function effortOf(tickets: readonly MeasuredTicket[], ratings: readonly Rating[]): Effort {
  const minutes = ratings.flatMap((rating) => rating.minutes ?? []);
  const hours = tickets.flatMap(({ createdAt, closedAt }) =>
    closedAt === undefined ? [] : [(closedAt - createdAt) / 3_600_000],
  );
  return {
    ratings: ratings.length,
    rating: mean(ratings.map(({ rating }) => rating)),
    minutes: mean(minutes),
    tickets: tickets.length,
    hours: median(hours),
  };
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const next = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined || next === undefined ? null : round((middle + next) / 2);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The last `count` months up to the one of `now` (2026-11), oldest first. */
export function lastMonths(now: string, count: number): readonly string[] {
  const [year = 0, month = 1] = now.split("-").map(Number);
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(Date.UTC(year, month - 1 - (count - 1 - index), 1));
    return date.toISOString().slice(0, 7);
  });
}
