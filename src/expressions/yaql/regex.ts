/** Compiled regular expressions as values. */
import { compileRegex, type RegexFlags } from "../python/regex.ts";

export class YaqlRegex {
  readonly pattern: string;
  readonly flags: Partial<RegexFlags>;
  /** The same for equal expressions. */
  readonly key: string;
  /** Throws PythonError (class `error`) for a faulty pattern. */
  constructor(pattern: string, flags: Partial<RegexFlags>) {
    compileRegex(pattern, flags);
    this.pattern = pattern;
    this.flags = flags;
    this.key = `${Object.values(flags).join()}:${pattern}`;
  }
}
