/** Jinja2's filters for text. */
import { checkSize, isInt } from "../python/arithmetic.ts";
import { capitalize } from "../python/casts.ts";
import { dictEntries, isDict, PyTuple } from "../python/collections.ts";
import { PythonError, typeError, valueError } from "../python/errors.ts";
import { dumps } from "../python/json.ts";
import { makeDict } from "../python/collections.ts";
import { pyTruth, typeName } from "../python/compare.ts";
import { stringRepr } from "../python/text.ts";
import { iterate, lengthOf, text, unpack } from "./access.ts";
import { define } from "./environment.ts";
import type { DefinitionTable } from "./environment.ts";
import { percentFormat } from "./format.ts";
import { fileSize } from "./filters-number.ts";
import { center, replace } from "./methods-text.ts";
import { splitLines, strip } from "./text-parts.ts";
import { pretty } from "../python/pretty.ts";
import { JinjaUndefined } from "./runtime.ts";
import { urlize } from "./urlize.ts";
import { wrapText } from "./wrap.ts";

/** `&<>"'` as HTML writes them. */
export function escapeHtml(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll(">", "&gt;")
    .replaceAll("<", "&lt;")
    .replaceAll("'", "&#39;")
    .replaceAll('"', "&#34;");
}

function number(value: unknown, fallback: number): number {
  return isInt(value) ? Number(value) : fallback;
}

/** A str that Python's method would be looked up on. Throws AttributeError. */
function attributed(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new PythonError("AttributeError", `'${typeName(value)}' object has no attribute '${name}'`);
}

function indent([value, width, first, blank]: readonly unknown[]): string {
  const by = typeof width === "string" ? width : " ".repeat(checked(number(width, 4)));
  if (typeof value !== "string") {
    const type = typeName(value);
    if (Array.isArray(value)) attributed(value, "splitlines");
    throw typeError(
      value instanceof PyTuple
        ? `can only concatenate tuple (not "str") to tuple`
        : `unsupported operand type(s) for +=: '${type}' and 'str'`,
    );
  }
  const lines = splitLines(`${value}\n`);
  checkSize(lines.length * by.length);
  const rest = lines.map((line, at) =>
    at > 0 && (line !== "" || pyTruth(blank)) ? by + line : line,
  );
  return (pyTruth(first) ? by : "") + rest.join("\n");
}

function checked(size: number): number {
  checkSize(size);
  return Math.max(0, size);
}

function assert(holds: boolean, message: string): void {
  if (!holds) throw new PythonError("AssertionError", message);
}

function truncate(values: readonly unknown[]): string {
  const [value, wanted, killWords, ending, slack] = values;
  const full = typeof value === "string" ? value : "";
  const length = number(wanted, 255);
  const end = text(ending);
  const leeway = number(slack, 5);
  assert(length >= end.length, `expected length >= ${end.length}, got ${length}`);
  assert(leeway >= 0, `expected leeway >= 0, got ${leeway}`);
  if (lengthOf(value) <= length + leeway) return text(value);
  const head = full.slice(0, length - end.length);
  if (pyTruth(killWords)) return head + end;
  const space = head.lastIndexOf(" ");
  return (space === -1 ? head : head.slice(0, space)) + end;
}

function titled(value: string): string {
  return value.replace(
    /[^-\s({[<]+/g,
    (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
  );
}

function quoteUrl(value: unknown, query: boolean): string {
  const quoted = encodeURIComponent(text(value).toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", query ? "%2F" : "/");
  return query ? quoted.replaceAll("%20", "+") : quoted;
}

function urlEncode(value: unknown): string {
  if (typeof value === "string") return quoteUrl(value, false);
  let pairs: readonly (readonly [unknown, unknown])[];
  if (isDict(value)) pairs = dictEntries(value);
  else if (Array.isArray(value) || value instanceof PyTuple) {
    pairs = iterate(value).map((pair) => {
      const items = unpack(pair, 2);
      return [items[0], items[1]] as const;
    });
  } else return quoteUrl(value, false);
  return pairs.map(([key, item]) => `${quoteUrl(key, true)}=${quoteUrl(item, true)}`).join("&");
}

function attributes(value: unknown, space: boolean): string {
  if (!isDict(value))
    throw new PythonError("AttributeError", `'${typeName(value)}' object has no attribute 'items'`);
  const parts: string[] = [];
  for (const [key, item] of dictEntries(value)) {
    if (item === null || item === undefined || item instanceof JinjaUndefined) continue;
    const name = text(key);
    if (/[\s/>=]/.test(name)) {
      throw valueError(`Invalid character in attribute name: ${stringRepr(name)}`);
    }
    parts.push(`${escapeHtml(name)}="${escapeHtml(text(item))}"`);
  }
  const joined = parts.join(" ");
  return space && joined !== "" ? ` ${joined}` : joined;
}

/** The text without what stands between `open` and `close`; in one pass. */
function without(value: string, open: string, close: string): string {
  let result = "";
  let at = 0;
  for (;;) {
    const start = value.indexOf(open, at);
    const end = start === -1 ? -1 : value.indexOf(close, start);
    if (end === -1) return result + value.slice(at);
    result += value.slice(at, start);
    at = end + close.length;
  }
}

function stripTags(value: string): string {
  const bare = without(without(value, "<!--", "-->"), "<", ">");
  const words = bare.split(/\s+/).filter((word) => word !== "");
  return unescapeHtml(words.join(" "));
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};

function unescapeHtml(value: string): string {
  return value.replace(/&(?:#(\d+)|#[xX]([\da-fA-F]+)|(\w+));/g, (whole: string, ...groups) => {
    const [decimal, hex, name]: readonly unknown[] = groups;
    if (typeof name === "string") return entities[name] ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function toJson([value, width]: readonly unknown[]): string {
  const indentation = isInt(width) ? Number(width) : undefined;
  return dumps(value, { indent: indentation, sortKeys: true })
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("&", "\\u0026")
    .replaceAll("'", "\\u0027");
}

const escape = define("escape", "s", ([value]) => escapeHtml(text(value)));

export const textFilters: DefinitionTable = {
  capitalize: define("do_capitalize", "s", ([value]) => capitalize(text(value))),
  center: define("do_center", "value width=80", ([value, width]) =>
    center(text(value), number(width, 80)),
  ),
  e: escape,
  escape,
  forceescape: define("do_forceescape", "value", ([value]) => escapeHtml(text(value))),
  safe: define("do_mark_safe", "value", ([value]) => text(value)),
  filesizeformat: define("do_filesizeformat", "value binary=false", ([value, binary]) =>
    fileSize(value, pyTruth(binary)),
  ),
  format: define("do_format", "value *", ([value], { rest, keywords }) => {
    if (rest.length > 0 && keywords.size > 0) {
      throw new PythonError(
        "FilterArgumentError",
        "can't handle positional and keyword arguments at the same time",
      );
    }
    return percentFormat(
      text(value),
      keywords.size > 0 ? makeDict([...keywords]) : new PyTuple(rest),
    );
  }),
  indent: define("do_indent", "s width=4 first=false blank=false", indent),
  lower: define("do_lower", "s", ([value]) => text(value).toLowerCase()),
  upper: define("do_upper", "s", ([value]) => text(value).toUpperCase()),
  title: define("do_title", "s", ([value]) => titled(text(value))),
  pprint: define("do_pprint", "value", ([value]) => pretty(value)),
  replace: define("do_replace", "s old new count=null", ([value, old, fresh, count]) =>
    replace(text(value), [text(old), text(fresh), count ?? -1]),
  ),
  string: define("soft_str", "s", ([value]) => text(value)),
  striptags: define("do_striptags", "value", ([value]) => stripTags(text(value))),
  tojson: define("do_tojson", "value indent=null", toJson),
  trim: define("do_trim", "value chars=null", ([value, chars]) =>
    strip(text(value), chars, "both"),
  ),
  truncate: define("do_truncate", 's length=255 killwords=false end="..." leeway=null', truncate),
  urlencode: define("do_urlencode", "value", ([value]) => urlEncode(value)),
  urlize: define(
    "do_urlize",
    "value trim_url_limit=null nofollow=false target=null rel=null extra_schemes=null",
    ([value, limit, nofollow, target, rel]) =>
      urlize(text(value), {
        limit: isInt(limit) ? Number(limit) : undefined,
        rel: `${typeof rel === "string" ? rel : ""} ${pyTruth(nofollow) ? "nofollow" : ""} noopener`,
        target: typeof target === "string" ? target : undefined,
      }),
  ),
  wordcount: define(
    "do_wordcount",
    "s",
    ([value]) => text(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0,
  ),
  wordwrap: define(
    "do_wordwrap",
    "s width=79 break_long_words=true wrapstring=null break_on_hyphens=true",
    ([value, width, breakLong, wrap, hyphens]) =>
      wrapText(attributed(value, "splitlines"), {
        width: number(width, 79),
        breakLong: pyTruth(breakLong),
        hyphens: pyTruth(hyphens),
        newline: typeof wrap === "string" ? wrap : "\n",
      }),
  ),
  xmlattr: define("do_xmlattr", "d autospace=true", ([value, space]) =>
    attributes(value, pyTruth(space)),
  ),
};
