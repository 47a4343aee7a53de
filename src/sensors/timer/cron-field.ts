/** The grammar of APScheduler's cron fields: star, ranges, steps, names, `last`, `2nd sun`; with its error texts. */

export const cronFields = [
  "year",
  "month",
  "day",
  "week",
  "day_of_week",
  "hour",
  "minute",
  "second",
] as const;
export type CronFieldName = (typeof cronFields)[number];

export const cronRange: Readonly<Record<CronFieldName, readonly [min: number, max: number]>> = {
  year: [1970, 9999],
  month: [1, 12],
  day: [1, 31],
  week: [1, 53],
  day_of_week: [0, 6],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
};

/** Monday is 0. */
const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const positions = ["1st", "2nd", "3rd", "4th", "5th", "last"];

/** One alternative of a field. `undefined` as `last` = up to the field's maximum. */
export type CronTerm =
  | {
      readonly kind: "range";
      readonly first: number;
      readonly last: number | undefined;
      readonly step: number;
    }
  | { readonly kind: "last-day" }
  /** `position` 0–4 for 1st–5th, 5 for last. */
  | { readonly kind: "weekday"; readonly position: number; readonly weekday: number };

/** A timer that cannot be; `message` is what the original says. */
export class TimerError extends Error {
  override readonly name: string = "TimerError";
}

/** Parses one field, e.g. `1-5,20-25/2`. Throws TimerError. */
export function parseCronField(field: CronFieldName, expression: string): readonly CronTerm[] {
  return expression
    .trim()
    .split(",")
    .map((part) => parseTerm(field, part.trim()));
}

function parseTerm(field: CronFieldName, text: string): CronTerm {
  const [min] = cronRange[field];
  const star = /^\*(?:\/(\d+))?$/.exec(text);
  if (star !== null) {
    return validated(field, text, {
      kind: "range",
      first: min,
      last: undefined,
      step: stepOf(star[1]),
    });
  }
  const range = /^(\d+)(?:-(\d+))?(?:\/(\d+))?$/.exec(text);
  if (range !== null) return validated(field, text, rangeTerm(range[1], range[2], range[3]));
  const named = namedTerm(field, text.toLowerCase());
  if (named !== undefined) return named;
  throw new TimerError(`ValueError: Unrecognized expression "${text}" for field "${field}"`);
}

function rangeTerm(first = "", last?: string, step?: string): Extract<CronTerm, { kind: "range" }> {
  const from = Number(first);
  const single = last === undefined && step === undefined;
  const to = single ? from : last === undefined ? undefined : Number(last);
  const by = stepOf(step);
  if (to !== undefined && from > to) {
    throw new TimerError(
      "ValueError: The minimum value in a range must not be higher than the maximum",
    );
  }
  return { kind: "range", first: from, last: to, step: by };
}

function stepOf(step: string | undefined): number {
  if (step === undefined) return 1;
  if (Number(step) === 0) throw new TimerError("ValueError: Increment must be higher than 0");
  return Number(step);
}

function namedTerm(field: CronFieldName, text: string): CronTerm | undefined {
  if (field === "month") return namedRange(text, months, 1, "month");
  if (field === "day_of_week") return namedRange(text, weekdays, 0, "weekday");
  if (field !== "day") return undefined;
  if (text === "last") return { kind: "last-day" };
  const [, position = "", name = ""] = /^(\S+) +([a-z]+)$/.exec(text) ?? [];
  const at = positions.indexOf(position);
  if (at === -1) return undefined;
  return { kind: "weekday", position: at, weekday: nameIndex(name, weekdays, "weekday") };
}

function namedRange(
  text: string,
  names: readonly string[],
  base: number,
  what: string,
): CronTerm | undefined {
  const [, first, last] = /^([a-z]+)(?:-([a-z]+))?$/.exec(text) ?? [];
  if (first === undefined) return undefined;
  const from = nameIndex(first, names, what) + base;
  const to = last === undefined ? from : nameIndex(last, names, what) + base;
  if (from > to) {
    throw new TimerError(
      "ValueError: The minimum value in a range must not be higher than the maximum",
    );
  }
  return { kind: "range", first: from, last: to, step: 1 };
}

function nameIndex(name: string, names: readonly string[], what: string): number {
  const index = names.indexOf(name);
  if (index === -1) throw new TimerError(`ValueError: Invalid ${what} name "${name}"`);
  return index;
}

function validated(
  field: CronFieldName,
  text: string,
  term: Extract<CronTerm, { kind: "range" }>,
): CronTerm {
  const [min, max] = cronRange[field];
  const fault = (why: string) =>
    new TimerError(`ValueError: Error validating expression '${text}': ${why}`);
  const written = text.includes("/");
  if (written && term.step > max - min) {
    throw fault(
      `the step value (${term.step}) is higher than the total range of the expression (${max - min})`,
    );
  }
  if (term.first < min)
    throw fault(`the first value (${term.first}) is lower than the minimum value (${min})`);
  if (term.last !== undefined && term.last > max) {
    throw fault(`the last value (${term.last}) is higher than the maximum value (${max})`);
  }
  const span = (term.last ?? max) - term.first;
  if (written && term.step > span) {
    throw fault(
      `the step value (${term.step}) is higher than the total range of the expression (${span})`,
    );
  }
  return term;
}
