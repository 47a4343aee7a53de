/** Tables for people: columns for lists, names and values for one thing. */
import { clip, displayWidth, harmless, padTo, wrap } from "./width.ts";

/** A value as one line. */
export function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string")
    return harmless(value)
      .replaceAll(/\s*\n\s*/g, " ")
      .trim();
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return harmless(value.join(", "));
  return harmless(JSON.stringify(value));
}

export interface TableLimits {
  /** Columns of the screen; undefined = no limit. */
  readonly screen: number | undefined;
  /** Most columns of one cell. */
  readonly cell?: number | undefined;
  readonly bold: boolean;
}

const gap = "  ";
const least = 8;

/** Takes from the widest until everything fits. */
function fit(widths: readonly number[], screen: number | undefined): readonly number[] {
  if (screen === undefined) return widths;
  const fitted = [...widths];
  const room = screen - gap.length * (widths.length - 1);
  let over = fitted.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = Math.max(...fitted);
    if (widest <= least) break;
    const at = fitted.indexOf(widest);
    const next = Math.max(least, ...fitted.filter((width) => width < widest));
    const taken = Math.min(over, Math.max(1, widest - next));
    fitted[at] = widest - taken;
    over -= taken;
  }
  return fitted;
}

/** One line a row under a line of names, with its line ends. Ids are never cut. */
export function columnsTable(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  { screen, cell: most, bold }: TableLimits,
): string {
  const natural = names.map((name, index) =>
    Math.max(
      displayWidth(name),
      ...rows.map((row) => Math.min(displayWidth(row[index] ?? ""), most ?? Infinity)),
    ),
  );
  const ids = names.map((name) => name === "id" || name.endsWith(".id"));
  const fixed = natural.reduce(
    (sum, width, index) => (ids[index] === true ? sum + width + 2 : sum),
    0,
  );
  const flexible = fit(
    natural.filter((_, index) => ids[index] !== true),
    screen === undefined ? undefined : Math.max(20, screen - fixed),
  );
  let next = 0;
  const widths = natural.map((width, index) =>
    ids[index] === true ? width : (flexible[next++] ?? width),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, index) => padTo(clip(text, widths[index] ?? 0), widths[index] ?? 0))
      .join(gap)
      .trimEnd();
  const head = line(names.map((name) => name.toUpperCase()));
  return `${[bold ? `\u001B[1m${head}\u001B[0m` : head, ...rows.map(line)].join("\n")}\n`;
}

/** A value as a block: text as it is, everything else as JSON. */
function block(value: unknown): string {
  if (typeof value === "string") return harmless(value).trimEnd();
  return cell(value).length <= 60 || typeof value !== "object"
    ? cell(value)
    : harmless(JSON.stringify(value, undefined, 2));
}

/** `name: value`, aligned; long values go on below. With its line ends. */
export function detailTable(
  pairs: readonly (readonly [name: string, value: unknown])[],
  { screen, bold }: TableLimits,
): string {
  const width = Math.max(0, ...pairs.map(([name]) => displayWidth(name))) + 1;
  const room = screen === undefined ? Infinity : Math.max(20, screen - width - 1);
  return pairs
    .map(([name, value]) => {
      const head = padTo(`${harmless(name)}:`, width);
      const lines = wrap(block(value), room);
      const text = lines.join(`\n${" ".repeat(width + 1)}`);
      return `${bold ? `\u001B[1m${head}\u001B[0m` : head} ${text}`.trimEnd();
    })
    .map((line) => `${line}\n`)
    .join("");
}
