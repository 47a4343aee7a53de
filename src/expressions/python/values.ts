/** Python's values in JavaScript, shared by YAQL and Jinja:
 * int = integral `number`, or `bigint` outside the safe range; float = non-integral `number` (also NaN, Infinity), or `Float` when
 * integral; str, bool, None = string, boolean, null; list = Array; dict = plain object; set, tuple, datetime = classes of their own. */

/** An integral float such as 1.0: JavaScript has one number type, Python two. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  toJSON(): number {
    return this.value;
  }
}

/** A float of Python from a JavaScript number. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}
