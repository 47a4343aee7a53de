import { PythonError } from "./errors.ts";

/** A place in a pattern; counts code points, as Python's positions do. */
export class PatternCursor {
  at = 0;
  readonly #chars: readonly string[];
  constructor(pattern: string) {
    this.#chars = Array.from(pattern);
  }

  get length(): number {
    return this.#chars.length;
  }

  peek(ahead = 0): string {
    return this.#chars[this.at + ahead] ?? "";
  }

  /** The next `count` characters, or as many as there are. */
  ahead(count: number): string {
    return this.#chars.slice(this.at, this.at + count).join("");
  }

  since(start: number): string {
    return this.#chars.slice(start, this.at).join("");
  }

  looking(text: string): boolean {
    return this.ahead(text.length) === text;
  }

  fail(message: string, at = this.at): PythonError {
    return new PythonError("error", `${message} at position ${at}`);
  }
}
