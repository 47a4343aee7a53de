/** Python's values in JavaScript, shared by YAQL and Jinja:
 * int = integral `number`, or `bigint` outside the safe range; float = non-integral `number` (also NaN, Infinity), or `Float` when
 * integral; str, bool, None = string, boolean, null; list = Array; dict = plain object; set, tuple, datetime = classes of their own. */

declare global {
  interface JSON {
    /** ES2026; TypeScript's library does not have it yet. */
    rawJSON(text: string): object;
  }
}

/** An integral float such as 1.0: JavaScript has one number type, Python two. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  /** Text of JSON with its `.0`, as Python's json writes it: `wholeFloatsOf` knows it again. */
  toJSON(): unknown {
    const { value } = this;
    if (!Number.isInteger(value)) return value;
    return JSON.rawJSON(`${Object.is(value, -0) ? "-0" : String(BigInt(value))}.0`);
  }
}

/** A float of Python from a JavaScript number. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}
