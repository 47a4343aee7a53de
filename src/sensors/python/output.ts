/** What a sensor says, on its way to the log: by line, bounded, without its secrets. */

export type Say = (level: "info" | "warn" | "error", logger: string, message: string) => void;

export interface OutputBounds {
  /** Characters of one line. */
  readonly line: number;
  /** Lines within `windowMs`; the rest is counted and left out. */
  readonly lines: number;
  readonly windowMs: number;
}

const usual: OutputBounds = { line: 2_000, lines: 200, windowMs: 10_000 };
const mask = "********";
/** Shorter ones would hide ordinary words. */
const shortestSecret = 4;
/** Characters of the last output that are kept to explain an end. */
const lastWords = 4_000;

/** Takes what a sensor says; passes on what is within the bounds. */
export class SensorOutput {
  readonly #say: Say;
  readonly #bounds: OutputBounds;
  readonly #secrets: readonly string[];
  readonly #now: () => number;
  readonly #rests = { stdout: "", stderr: "" };
  #windowEnds = -Infinity;
  #said = 0;
  #leftOut = 0;
  #words = "";

  /** `now` in milliseconds of a clock that only goes forward. */
  constructor(
    say: Say,
    secrets: readonly string[],
    { now, bounds = usual }: { now: () => number; bounds?: OutputBounds },
  ) {
    this.#say = say;
    this.#secrets = secrets
      .filter((secret) => secret.length >= shortestSecret)
      .toSorted((a, b) => b.length - a.length);
    this.#now = now;
    this.#bounds = bounds;
  }

  /** The end of what was printed to stderr, for whoever asks why it ended. */
  get lastWords(): string {
    return this.#clean(this.#words).trim();
  }

  add(stream: "stdout" | "stderr", text: string): void {
    if (stream === "stderr") this.#words = (this.#words + text).slice(-lastWords);
    const lines = (this.#rests[stream] + text).split("\n");
    // A line without an end is not kept for ever.
    const rest = lines.pop() ?? "";
    if (rest.length > this.#bounds.line * 2) lines.push(rest);
    this.#rests[stream] = rest.length > this.#bounds.line * 2 ? "" : rest;
    for (const line of lines) this.log(stream === "stderr" ? "WARNING" : "INFO", stream, line);
  }

  log(level: string, logger: string, message: string): void {
    if (message.trim() === "") return;
    const now = this.#now();
    if (now >= this.#windowEnds) {
      this.#tellLeftOut();
      this.#windowEnds = now + this.#bounds.windowMs;
      this.#said = 0;
    }
    if (this.#said >= this.#bounds.lines) {
      this.#leftOut += 1;
      return;
    }
    this.#said += 1;
    const clean = this.#clean(message.trimEnd());
    const { line } = this.#bounds;
    const short =
      clean.length > line ? `${clean.slice(0, line)}… (${clean.length} characters)` : clean;
    this.#say(levelOf(level), logger, short);
  }

  end(): void {
    for (const stream of ["stdout", "stderr"] as const) this.add(stream, "\n");
    this.#tellLeftOut();
  }

  #tellLeftOut(): void {
    if (this.#leftOut === 0) return;
    this.#say("warn", "raicho", `${this.#leftOut} lines of the sensor were left out`);
    this.#leftOut = 0;
  }

  #clean(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, mask), text);
  }
}

function levelOf(python: string): "info" | "warn" | "error" {
  if (python === "WARNING") return "warn";
  return python === "ERROR" || python === "CRITICAL" ? "error" : "info";
}
