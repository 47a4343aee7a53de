/** What is wrong with content, where, and what was probably meant. */
import type { Path, YamlFile } from "./yaml.ts";

export interface Problem {
  /** `error`: does not work as written. `warning`: works, but surely not as meant. `info`: worth knowing. */
  readonly severity: "error" | "warning" | "info";
  /** Absolute path. */
  readonly file: string;
  /** From 1; columns count UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What would be right here. */
  readonly expected?: string;
  /** The nearest right name. */
  readonly suggestion?: string;
  /** The error is that something else is not there (an action, a file): the definition itself is in use, as it would be in StackStorm. */
  readonly reference?: true;
}

/** What goes with a message. */
export interface Advice {
  readonly expected?: string | undefined;
  readonly suggestion?: string | undefined;
}

/** Something wrong at a path of a file. */
export interface PlacedFault extends Advice {
  readonly path: Path;
  /** `key` when the name itself is wrong. */
  readonly part: "key" | "value";
  readonly message: string;
}

/** A file of definitions, read, with the problems found in it so far. */
export interface SourceFile {
  readonly file: string;
  readonly yaml: YamlFile;
  /** The pack it belongs to. */
  readonly pack: string;
}

/** Collects problems; remembers how many errors there were, so that a reader can tell whether its own definition is sound. */
export class ProblemList {
  readonly problems: Problem[] = [];
  errors = 0;

  add(problem: Problem): void {
    this.problems.push(problem);
    if (problem.severity === "error") this.errors += 1;
  }

  /** A problem of a whole file or directory. */
  atFile(severity: Problem["severity"], file: string, message: string, advice: Advice = {}): void {
    this.add({ severity, file, line: 1, column: 1, message, ...compact(advice) });
  }

  /** An error at the value of `path`. */
  error(source: SourceFile, path: Path, message: string, advice: Advice = {}): void {
    this.#at("error", source, { path, part: "value" }, { message, ...compact(advice) });
  }

  /** An error at the value of `path`, or at its key: what is named there does not exist. The definition stays in use. */
  reference(
    source: SourceFile,
    path: Path,
    message: string,
    { part = "value", ...advice }: Advice & { readonly part?: "key" | "value" } = {},
  ): void {
    const { line, column } = source.yaml.place(path, part);
    const what = { message, ...compact(advice), reference: true } as const;
    this.problems.push({ severity: "error", file: source.file, line, column, ...what });
  }

  /** An error at the key of `path`. */
  errorAtKey(source: SourceFile, path: Path, message: string, advice: Advice = {}): void {
    this.atKey("error", { source, path }, message, advice);
  }

  /** A problem at the key of `path`. */
  atKey(
    severity: Problem["severity"],
    { source, path }: { readonly source: SourceFile; readonly path: Path },
    message: string,
    advice: Advice = {},
  ): void {
    this.#at(severity, source, { path, part: "key" }, { message, ...compact(advice) });
  }

  /** Faults as the checks of values and constraints give them. */
  faults(source: SourceFile, faults: readonly PlacedFault[]): void {
    for (const { path, part, message, ...advice } of faults)
      this.#at("error", source, { path, part }, { message, ...compact(advice) });
  }

  /** An error at a character of the text at `path`. */
  errorInText(
    source: SourceFile,
    { path, offset }: { readonly path: Path; readonly offset: number },
    message: string,
    advice: Advice = {},
  ): void {
    const place = source.yaml.placeInText(path, offset);
    this.add({ severity: "error", file: source.file, ...place, message, ...compact(advice) });
  }

  warn(source: SourceFile, path: Path, message: string, advice: Advice = {}): void {
    this.#at("warning", source, { path, part: "value" }, { message, ...compact(advice) });
  }

  #at(
    severity: Problem["severity"],
    source: SourceFile,
    where: { path: Path; part: "key" | "value" },
    what: { message: string; expected?: string; suggestion?: string },
  ): void {
    const { line, column } = source.yaml.place(where.path, where.part);
    this.add({ severity, file: source.file, line, column, ...what });
  }
}

function compact(advice: Advice): { expected?: string; suggestion?: string } {
  return {
    ...(advice.expected === undefined ? {} : { expected: advice.expected }),
    ...(advice.suggestion === undefined ? {} : { suggestion: advice.suggestion }),
  };
}

/** The name out of `names` that `wrong` was most probably meant to be, or undefined when none is near. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  const limit = Math.min(5, Math.max(1, Math.floor(wrong.length / 3)));
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) > limit) continue;
    const most = best === undefined ? limit : best.distance - 1;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase(), most);
    if (distance <= most) best = { name, distance };
  }
  return best?.name;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words; more than `most` is said as infinite. */
function editDistance(left: string, right: string, most: number): number {
  let rows: readonly [before: readonly number[], previous: readonly number[]] = [
    [],
    Array.from({ length: right.length + 1 }, (_, index) => index),
  ];
  for (let row = 1; row <= left.length; row += 1) {
    rows = [rows[1], nextRow({ left, right, row, before: rows[0], previous: rows[1] })];
    // A swap looks two rows back; the numbers along both never fall again.
    if (rows.every((one) => one.every((cell) => cell > most))) return Number.POSITIVE_INFINITY;
  }
  return rows[1][right.length] ?? 0;
}

interface Row {
  readonly left: string;
  readonly right: string;
  readonly row: number;
  readonly before: readonly number[];
  readonly previous: readonly number[];
}

function at(cells: readonly number[], column: number): number {
  return cells[column] ?? Number.POSITIVE_INFINITY;
}

function nextRow({ left, right, row, before, previous }: Row): readonly number[] {
  const current = [row];
  for (let column = 1; column <= right.length; column += 1) {
    const same = left[row - 1] === right[column - 1];
    const crossed = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
    const swap =
      row > 1 && column > 1 && crossed ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY;
    current.push(
      Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
        swap,
      ),
    );
  }
  return current;
}

/** `a, b or c`, at most eight of them. */
export function listNames(names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return "nothing";
  const shown = all.length > 8 ? [...all.slice(0, 8), `${all.length - 8} more`] : all;
  return shown.length === 1
    ? (shown[0] ?? "")
    : `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}
