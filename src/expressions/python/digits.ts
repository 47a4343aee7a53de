/** Decimal digits to an integer, with Python's bound: its cost grows with the square of the length. */
import { int } from "./arithmetic.ts";
import { valueError } from "./errors.ts";

const mostDigits = 4300;

/** The integer of `[-+]?\d+`. Throws ValueError for more than 4300 digits, worded as Python words it. */
export function integerOf(text: string): number | bigint {
  const negative = text.startsWith("-");
  const digits = negative || text.startsWith("+") ? text.slice(1) : text;
  if (digits.length > mostDigits) {
    throw valueError(
      `Exceeds the limit (${mostDigits} digits) for integer string conversion: value has ${digits.length} digits; use sys.set_int_max_str_digits() to increase the limit`,
    );
  }
  const size = BigInt(digits);
  return int(negative ? -size : size);
}
