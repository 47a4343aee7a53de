/** Formats of StackStorm's action aliases: what people may type, with parameters in it. `deploy {{ pack }} {{ branch = master }}`; the rest of a format
 * is a regular expression. Pairs at the end of a command (`env=prod`) give further parameters. */
import { compileRegex } from "./python/regex.ts";

/** Characters; what is longer is no command. */
const longestCommand = 2_000;

interface Parameter {
  readonly name: string;
  /** Undefined = must be given. */
  readonly fallback: string | undefined;
}

interface Compiled {
  readonly pattern: string;
  /** In the order of the groups `_0_`, `_1_` … */
  readonly parameters: readonly Parameter[];
}

const quoted = String.raw`"[^"]*"|'[^']*'`;
/** What stands for a parameter in a command: quoted, in braces, or anything. */
const value = String.raw`(?:${quoted}|\{.+\}|.+?)`;
const inFormat = new RegExp(
  String.raw`(\s*)\{\{\s*([^\s={}]+)\s*(?:=\s*(${quoted}|\{\{.*?\}\}|\{.*?\}|[^{}]*?)\s*)?\}\}(\s*)`,
  "g",
);
const pairsAtEnd = new RegExp(
  String.raw`^(.*?)((?:(?:^|\s+)[^\s="'{}]+=(?:${quoted}|\{.*?\}+|\S+))*)\s*$`,
  "s",
);
const onePair = new RegExp(String.raw`([^\s="'{}]+)=(${quoted}|\{.*?\}+|\S+)`, "gs");

function bare(text: string): string {
  const [first = ""] = text;
  return text.length >= 2 && (first === '"' || first === "'") && text.endsWith(first)
    ? text.slice(1, -1)
    : text;
}

const compiled = new Map<string, Compiled>();

/** The pattern of a parameter with the space around it, and how much of the space behind it that took. */
function parameterPattern(
  index: number,
  { before, after, optional }: { before: string; after: string; optional: boolean },
): { readonly pattern: string; readonly taken: number } {
  const group = `(?P<_${index}_>${value})`;
  if (!optional) return { pattern: before + group, taken: 0 };
  // With an optional parameter goes the space beside it: before it, or behind it where a format begins with it.
  if (before !== "") return { pattern: String.raw`(?:\s+${group})?`, taken: 0 };
  if (after === "") return { pattern: `(?:${group})?`, taken: 0 };
  return { pattern: String.raw`(?:${group}\s+)?`, taken: after.length };
}

/** Whether the pattern itself says, anywhere outside of character classes, where a command begins or ends. */
function isAnchored(pattern: string, sign: string, letter: string): boolean {
  const parts = pattern.matchAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|./gs);
  return [...parts].some(([part]) => part === sign || part === `\\${letter}`);
}

function compile(format: string): Compiled {
  const parameters: Parameter[] = [];
  let body = "";
  let end = 0;
  inFormat.lastIndex = 0;
  for (let found = inFormat.exec(format); found !== null; found = inFormat.exec(format)) {
    const [whole, before = "", name = "", fallback, after = ""] = found;
    const optional = fallback !== undefined;
    const { pattern, taken } = parameterPattern(parameters.length, { before, after, optional });
    body += format.slice(end, found.index) + pattern;
    end = found.index + whole.length - after.length + taken;
    parameters.push({ name, fallback: optional ? bare(fallback) : undefined });
    inFormat.lastIndex = end;
  }
  body += format.slice(end);
  const head = isAnchored(body, "^", "A") ? "" : String.raw`^\s*`;
  const tail = isAnchored(body, "$", "Z") ? "" : String.raw`\s*$`;
  return { pattern: head + body + tail, parameters };
}

function compileOnce(format: string): Compiled {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const made = compile(format);
  if (compiled.size > 5_000) compiled.clear();
  compiled.set(format, made);
  return made;
}

type Names = Readonly<Record<string, string | null>>;

/** Groups that the format's author named, then the parameters; null for those in a part of the format that the command left out. */
function named(names: Names, parameters: readonly Parameter[]): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  const put = (name: string, text: string | null): void => {
    found[name] = text === null ? null : bare(text);
  };
  for (const [name, text] of Object.entries(names)) if (!/^_\d+_$/.test(name)) put(name, text);
  for (const [index, { name, fallback }] of parameters.entries())
    put(name, names[`_${index}_`] ?? fallback ?? null);
  return found;
}

/** The parameters of a command, text or null; undefined when it does not fit the format. Throws PythonError when the format is no regular expression. */
export function parseAliasCommand(format: string, command: string): AliasParameters | undefined {
  return parse(format, command, (pattern, text) => {
    const match = compileRegex(pattern).search(text);
    return match === undefined ? [] : [match];
  })[0];
}

/** The same for every place of the command that fits, as formats with `match_multiple` want it. */
export function parseAliasCommands(format: string, command: string): readonly AliasParameters[] {
  return parse(format, command, (pattern, text) => compileRegex(pattern).all(text));
}

export type AliasParameters = Readonly<Record<string, string | null>>;

function parse(
  format: string,
  command: string,
  find: (pattern: string, text: string) => readonly { readonly names: Names }[],
): readonly AliasParameters[] {
  if (command.length > longestCommand) return [];
  const { pattern, parameters } = compileOnce(format);
  const [, words = "", pairs = ""] = pairsAtEnd.exec(command) ?? [];
  return find(pattern, `${pairs === "" ? command : words} `).map(({ names }) => {
    const found = named(names, parameters);
    for (const [, name = "", text = ""] of pairs.matchAll(onePair)) found[name] = bare(text);
    return found;
  });
}
