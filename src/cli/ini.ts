/** Configuration files: `[section]` and `key = value`, as StackStorm's client writes them. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CliError, exitCodes } from "./cli.ts";

/** `section.key` → value. */
export type Ini = ReadonlyMap<string, string>;

/** Sections and `key = value`; `#` and `;` begin comments. Throws CliError with the line. */
export function parseIni(text: string, file: string): Ini {
  const values = new Map<string, string>();
  let section = "general";
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const head = /^\[([^\]]+)\]$/.exec(line);
    const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (head?.[1] !== undefined) section = head[1].trim();
    else if (pair?.[1] !== undefined) values.set(`${section}.${pair[1]}`, pair[2] ?? "");
    else
      throw new CliError(
        exitCodes.usage,
        `${file}:${index + 1}: expected "[section]" or "key = value", found "${line.slice(0, 40)}"`,
      );
  }
  return values;
}

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivately(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

type Changes = ReadonlyMap<string, string | undefined>;

function sectionOf(path: string): string {
  return path.slice(0, path.indexOf("."));
}

/** `key = value` of what is set in a section. */
function linesOf(section: string, changes: Changes): readonly string[] {
  return [...changes].flatMap(([path, value]) =>
    sectionOf(path) === section && value !== undefined
      ? [`${path.slice(section.length + 1)} = ${value}`]
      : [],
  );
}

function readLines(file: string): readonly string[] {
  try {
    const text = readFileSync(file, "utf8").trimEnd();
    return text === "" ? [] : text.split("\n");
  } catch {
    return [];
  }
}

/** Sets or (undefined) removes keys of a configuration file; everything else in it stays as it is written. */
export function changeIni(
  file: string,
  changed: Readonly<Record<string, string | undefined>>,
): void {
  const changes: Changes = new Map(Object.entries(changed));
  const written = new Set<string>();
  let section = "general";
  // What is set goes to the head of its section; what it replaces is left out.
  const lines = readLines(file).flatMap((line) => {
    const head = /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.trim();
    if (head === undefined) {
      const key = /^\s*([^=:#;\s]+)/.exec(line)?.[1] ?? "";
      return changes.has(`${section}.${key}`) ? [] : [line];
    }
    section = head;
    const added = written.has(head) ? [] : linesOf(head, changes);
    written.add(head);
    return [line, ...added];
  });
  for (const name of new Set([...changes.keys()].map(sectionOf))) {
    const own = linesOf(name, changes);
    if (written.has(name) || own.length === 0) continue;
    lines.push(...(lines.length === 0 ? [] : [""]), `[${name}]`, ...own);
  }
  writePrivately(file, `${lines.join("\n")}\n`);
}
