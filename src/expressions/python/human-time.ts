/** `3h25m45s` of a number of seconds, as StackStorm's `to_human_time_from_seconds` writes it (it knows no months). */
import { civilFromDays, daysFromCivil } from "./collections.ts";
import { PythonError } from "./errors.ts";
import { floatRepr } from "./text.ts";

/** Half to even, as Python's round(). */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  return rest > 0.5 || floor % 2 !== 0 ? floor + 1 : floor;
}

export function humanTime(seconds: number, isFloat: boolean): string {
  if (seconds === 0) return "0s";
  if (seconds < 1) return `${isFloat ? floatRepr(seconds) : seconds}\u03bcs`;
  const whole = isFloat ? roundHalfEven(seconds) : seconds;
  const days = daysFromCivil(1, 1, 1) + Math.floor(whole / 86_400);
  const [year, , day] = civilFromDays(days);
  if (year > 9999) throw new PythonError("OverflowError", "date value out of range");
  const rest = whole % 86_400;
  const parts: [number, string][] = [
    [year - 1, "y"],
    [day - 1, "d"],
    [Math.floor(rest / 3600), "h"],
    [Math.floor((rest % 3600) / 60), "m"],
    [rest % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount !== 0);
  if (first === -1) return "0s";
  return parts
    .slice(first)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join("");
}
