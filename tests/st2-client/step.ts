/** One call of StackStorm's command line, and what it is held to. */
export interface Step {
  /** The command, as docs/compatibility.md names it: `action create`. */
  readonly command: string;
  /** What follows the command; `{name}` is what an earlier step remembered. An array where a word has a space. */
  readonly args?: string | readonly string[];
  /** The exit code, 0 unless given. */
  readonly code?: number;
  /** All of these must be printed. */
  readonly prints?: readonly (string | RegExp)[];
  /** None of these may be printed. */
  readonly hides?: readonly string[];
  /** Remembers the first group of the expression under that name. */
  readonly remember?: readonly [name: string, found: RegExp];
  /** Typed at a terminal, line by line; the command gets a terminal then. */
  readonly types?: readonly string[];
  /** Called again until it prints what it should: what it shows comes by itself. */
  readonly until?: boolean;
  /** What is seen, for the table in docs/compatibility.md. */
  readonly seen?: string;
}

export interface Topic {
  readonly about: string;
  readonly steps: readonly Step[];
}
