import { isObject } from "../model/json.ts";
import { alertBounds } from "./alert.ts";
import {
  foldKey,
  type Condition,
  type ExtractStep,
  type Repeat,
  type Value,
} from "./definition.ts";

/** Texts that patterns see, by part name (`subject`, `text`, `header.x-host` …), as lines of bounded length. */
export type Parts = ReadonlyMap<string, readonly string[]>;
/** What was extracted; a field keeps the first value that is not empty. */
export type Fields = Map<string, string>;

export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/, alertBounds.lines).map((line) => line.slice(0, alertBounds.line));
}

export function holds(condition: Condition, parts: Parts): boolean {
  switch (condition.kind) {
    case "regex":
      return lines(parts, condition.part).some((line) => condition.pattern.test(line));
    case "contains":
      return lines(parts, condition.part).some((line) => line.includes(condition.text));
    case "any":
      return condition.conditions.some((one) => holds(one, parts));
    case "all":
      return condition.conditions.every((one) => holds(one, parts));
    case "none":
      return !condition.conditions.some((one) => holds(one, parts));
  }
}

/** One message cut into its alerts: the lines of each, and what the heading above them said. */
export function blocksOf(
  repeat: Extract<Repeat, { kind: "blocks" }>,
  parts: Parts,
): Array<{ lines: readonly string[]; heading: Fields }> {
  const blocks: Array<{ lines: string[]; heading: Fields }> = [];
  let heading: Fields = new Map();
  let open: string[] | undefined;
  for (const line of lines(parts, repeat.part)) {
    const headed = repeat.heading?.exec(line);
    if (headed !== null && headed !== undefined) {
      heading = new Map();
      keepGroups(headed, heading);
      open = undefined;
    } else if (repeat.begin.test(line)) {
      if (blocks.length >= alertBounds.alerts) return blocks;
      open = [line];
      blocks.push({ lines: open, heading });
    } else open?.push(line);
  }
  return blocks;
}

/** Runs one step and adds what it finds to `fields`. `in: field.x` reads a field that an earlier step found. */
export function runStep(step: ExtractStep, parts: Parts, fields: Fields): void {
  const found = step.part.startsWith("field.")
    ? linesOf(fields.get(step.part.slice("field.".length)) ?? "")
    : lines(parts, step.part);
  switch (step.kind) {
    case "regex":
      return runRegex(step.pattern, found, fields);
    case "table":
      return runTable(step, found, fields);
    case "section":
      return keep(fields, step.as, between(step, found).join("\n").trim());
    case "pairs":
      for (const line of between(step, found)) {
        const at = line.indexOf(step.separator);
        if (at <= 0) continue;
        const key = `${step.into}.${line.slice(0, at).trim()}`;
        keep(fields, key, line.slice(at + step.separator.length).trim());
      }
  }
}

function runRegex(pattern: RegExp, found: readonly string[], fields: Fields): void {
  for (const line of found) {
    const match = pattern.exec(line);
    if (match !== null) return keepGroups(match, fields);
  }
}

function runTable(
  step: Extract<ExtractStep, { kind: "table" }>,
  found: readonly string[],
  fields: Fields,
): void {
  for (const line of found) {
    if (step.until?.test(line) === true) return;
    const text = line.trimStart();
    if (!text.startsWith(step.prefix)) continue;
    const at = text.indexOf(step.separator, step.prefix.length);
    if (at === -1) continue;
    const field = step.keys.get(foldKey(text.slice(step.prefix.length, at)));
    if (field !== undefined) keep(fields, field, text.slice(at + step.separator.length).trim());
  }
}

/** Lines after the one that matches `begin`, up to the one that matches `end`. */
function between(
  step: { readonly begin: RegExp; readonly end: RegExp | undefined },
  found: readonly string[],
): readonly string[] {
  const start = found.findIndex((line) => step.begin.test(line));
  if (start === -1) return [];
  const after = found.slice(start + 1);
  const end = after.findIndex((line) => step.end?.test(line) === true);
  return end === -1 ? after : after.slice(0, end);
}

function lines(parts: Parts, part: string): readonly string[] {
  return parts.get(part) ?? [];
}

function keepGroups(match: RegExpExecArray, fields: Fields): void {
  for (const [name, value] of Object.entries(match.groups ?? {})) keep(fields, name, value.trim());
}

function keep(fields: Fields, name: string, value: string): void {
  if (value !== "" && (fields.get(name) ?? "") === "") fields.set(name, value);
}

/** Every scalar of a JSON value by dotted path: `labels.instance`, `alerts.0.status`. Bounded in depth and number. */
export function flatten(value: unknown, into: Fields, path = "", depth = 0): void {
  if (into.size >= 1_000 || depth > 8) return;
  if (Array.isArray(value)) {
    value
      .slice(0, 100)
      .forEach((item, n) => flatten(item, into, joined(path, String(n)), depth + 1));
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value))
      flatten(item, into, joined(path, key), depth + 1);
  } else if (typeof value === "string") into.set(path, value);
  else if (typeof value === "number" || typeof value === "boolean") into.set(path, `${value}`);
}

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** What a member of the alert becomes. Text from the message is put in once and never read as a template again. */
export function evaluate(value: Value, fields: Fields): string {
  const text = render(value.template, fields);
  let result: string | undefined = text;
  if (value.map !== undefined) result = mapped(value.map.get(foldKey(text)), fields);
  if ((value.map === undefined || result === undefined) && value.cases !== undefined) {
    const line = text.slice(0, alertBounds.line);
    result = mapped(value.cases.find(({ pattern }) => pattern.test(line))?.value, fields);
  }
  if (result !== undefined && result !== "") return result;
  return value.fallback === undefined ? "" : evaluate(value.fallback, fields);
}

function mapped(template: string | undefined, fields: Fields): string | undefined {
  return template === undefined ? undefined : render(template, fields);
}

/** `{a}` is the field a; `{a|b}` the first of both that is not empty. */
function render(template: string, fields: Fields): string {
  return template
    .replace(/\{([\w.|-]+)\}/g, (_, names: string) => {
      const name = names.split("|").find((one) => (fields.get(one) ?? "") !== "");
      return name === undefined ? "" : (fields.get(name) ?? "");
    })
    .trim();
}
