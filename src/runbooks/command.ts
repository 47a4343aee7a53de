/** Which commands may run on servers before the work: those that only look. */
import { splitText } from "../expressions/delimiters.ts";
import type { Said } from "./document.ts";
import { shellWords, type ShellFault } from "./shell-words.ts";

/** What may run without being named in the configuration. `*` stands for any one word or part of a word, `**` for the rest of them. */
export const readOnlyCommands: readonly string[] = [
  "apache2ctl -S",
  "apache2ctl -t",
  "apachectl -S",
  "apachectl -t",
  "cat **",
  "curl -I *",
  "curl -s *",
  "curl -sI *",
  "cut **",
  "date",
  "date +*",
  "df **",
  "dig **",
  "dpkg -l **",
  "dpkg -s **",
  "du **",
  "echo **",
  "egrep **",
  "false",
  "file **",
  "free **",
  "getent **",
  "grep **",
  "head **",
  "host **",
  "hostname",
  "hostname -f",
  "httpd -S",
  "httpd -t",
  "id **",
  "ip addr",
  "ip addr show **",
  "ip route",
  "ip route show **",
  "journalctl -u * -n * --no-pager",
  "ls **",
  "lsof **",
  "md5sum **",
  "named-checkconf **",
  "named-checkzone **",
  "netstat **",
  "nginx -T",
  "nginx -t",
  "nslookup **",
  "ping -c * *",
  "ps **",
  "pwd",
  "readlink **",
  "rpm -q **",
  "rpm -qa",
  "sha256sum **",
  "sleep *",
  "ss **",
  "stat **",
  "systemctl is-active **",
  "systemctl is-enabled **",
  "systemctl list-units **",
  "systemctl status **",
  "tail **",
  "test **",
  "tr **",
  "true",
  "uname **",
  "uniq",
  "uptime",
  "vmstat **",
  "w",
  "wc **",
  "which **",
  "who",
  "whoami",
];

export interface CommandFault extends ShellFault {
  /** The program that is not allowed, to look for the nearest that is. */
  readonly program?: string;
}

/** Why a command line may not run, or undefined when each command in it is one of `allowed`. */
export function judgeCommand(line: string, allowed: readonly string[]): CommandFault | undefined {
  const commands = shellWords(line);
  if (!isList(commands)) return commands;
  if (commands.length === 0)
    return { message: { ja: "コマンドがありません", en: "there is no command" }, offset: 0 };
  for (const { words, offset } of commands) {
    const [program = ""] = words;
    const acting = words.find((word) => changes[program]?.test(word) === true);
    const fitting = allowed.filter((pattern) => fits(words, pattern));
    if (fitting.some((pattern) => acting === undefined || pattern.split(" ").includes(acting)))
      continue;
    if (acting !== undefined && fitting.length > 0)
      return { message: doesMore(`${program} ${acting}`), offset };
    const known = allowed.filter((pattern) => pattern.split(" ")[0] === program);
    return known.length === 0
      ? { message: unknownProgram(program), offset, program }
      : { message: otherUse(program, words, known), offset };
  }
  return undefined;
}

/** Options by which a program that otherwise only looks changes something: it closes connections, it writes a file. */
const changes: Readonly<Record<string, RegExp>> = {
  file: /^(?:-[a-zA-Z0]*C|--comp)/,
  lsof: /^[-+]D/,
  "named-checkzone": /^-o/,
  ss: /^(?:-[a-zA-Z0-9]*[KD]|--(?:kill|diag))/,
};

function doesMore(what: string): Said {
  return { ja: `${what} は見るだけでなく変更を行います`, en: `${what} does more than look` };
}

function unknownProgram(program: string): Said {
  return {
    ja: `「${program}」は見るだけのコマンドに登録されていません`,
    en: `"${program}" is not among the commands that only look`,
  };
}

function otherUse(program: string, words: readonly string[], known: readonly string[]): Said {
  const [command, uses] = [words.join(" "), known.join(", ")];
  return {
    ja: `「${command}」は許可されていません。${program} で許可されているのは: ${uses}`,
    en: `"${command}" is not allowed; of ${program} only: ${uses}`,
  };
}

function isList<Item>(value: readonly Item[] | ShellFault): value is readonly Item[] {
  return Array.isArray(value);
}

function fits(words: readonly string[], pattern: string): boolean {
  const wanted = pattern.split(/\s+/);
  const open = wanted.at(-1) === "**";
  const fixed = open ? wanted.slice(0, -1) : wanted;
  if (open ? words.length < fixed.length : words.length !== fixed.length) return false;
  return fixed.every((want, index) => glob(want, words[index] ?? ""));
}

function glob(pattern: string, word: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return word === pattern;
  if (!word.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const found = word.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return word.length - last.length >= at && word.endsWith(last);
}

/** The command with every `<$ … $>` replaced by a plain word of the same length, so that offsets stay. */
export function withoutTemplates(command: string): string {
  return splitText(command, "jsonata")
    .map(({ expression, text }) => (expression ? "x".repeat(text.length) : text))
    .join("");
}

/** Offset of a `<$ … $>` that stands inside quotes, where a value could not be quoted. */
export function quotedTemplate(command: string): number | undefined {
  let quote: string | undefined;
  for (const { expression, text, offset } of splitText(command, "jsonata")) {
    if (expression) {
      if (quote !== undefined) return offset;
      continue;
    }
    quote = quoteAfter(text, quote);
  }
  return undefined;
}

/** Which quote is open behind that text. */
function quoteAfter(text: string, open: string | undefined): string | undefined {
  let quote = open;
  for (const character of text)
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === "'" || character === '"')) quote = character;
  return quote;
}

/** A value as one word of a shell. */
export function shellQuote(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
