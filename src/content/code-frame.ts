/** Problems as text: message, place, the lines around it, and what to do. */
import type { Problem } from "./problems.ts";

/** `error: unknown key "nxt"`, then file:line:column, three lines of the file with a caret, and help. `name` is how the file is called. */
export function renderProblem(problem: Problem, name: string, text: string | undefined): string {
  const { severity, line, column, message, expected, suggestion } = problem;
  const lines = text?.split(/\r\n|\n|\r/) ?? [];
  const width = String(line + 1).length;
  const gutter = " ".repeat(width);
  const shown = [`${severity}: ${message}`, `${gutter}--> ${name}:${line}:${column}`];
  const marked = lines[line - 1];
  if (marked !== undefined && text !== "") {
    shown.push(`${gutter} |`);
    for (const number of [line - 1, line, line + 1]) {
      const content = lines[number - 1];
      if (content === undefined) continue;
      shown.push(`${String(number).padStart(width)} | ${clip(content)}`.trimEnd());
      if (number === line)
        shown.push(
          `${gutter} | ${blank(clip(marked).slice(0, column - 1))}${"^".repeat(length(marked, column))}`,
        );
    }
  }
  if (expected !== undefined) shown.push(`${gutter} = expected: ${expected}`);
  if (suggestion !== undefined) shown.push(`${gutter} = help: did you mean "${suggestion}"?`);
  return shown.join("\n");
}

const longest = 200;

/** Lines are cut so that a minified file does not flood the terminal; control characters never reach it. */
function clip(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, (one) => (one === "\t" ? one : "\uFFFD")).slice(0, longest);
}

/** Blanks as wide as the text: a tab stays one, a wide character becomes a wide blank. */
function blank(text: string): string {
  return Array.from(text)
    .map((character) => (character === "\t" ? "\t" : isWide(character) ? "\u3000" : " "))
    .join("");
}

function isWide(character: string): boolean {
  return /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u.test(
    character,
  );
}

/** How many characters the word at `column` has. */
function length(line: string, column: number): number {
  if (column > longest) return 0;
  return Math.max(1, /^(?:"[^"]*"|'[^']*'|[\w.-]+)/.exec(line.slice(column - 1))?.[0].length ?? 1);
}
