/** StackStorm's functions, one table for Jinja (as filters and functions), YAQL and JSONata. */
import type { Ask } from "./context.ts";
import { isInt, isNumber, toFloat } from "./python/arithmetic.ts";
import { bind, signature } from "./python/arguments.ts";
import type { Keywords, Signature } from "./python/arguments.ts";
import { noneMagic } from "./python/casts.ts";
import { PyTuple } from "./python/collections.ts";
import { pyTruth } from "./python/compare.ts";
import { PythonError, typeError } from "./python/errors.ts";
import { humanTime } from "./python/human-time.ts";
import { dumps } from "./python/json.ts";
import { loads } from "./python/json-read.ts";
import { runRegex } from "./python/regex.ts";
import type { RegexCall } from "./python/regex.ts";
import { pyStr } from "./python/text.ts";
import { bumpVersion, compareVersions, matchVersion, stripPatch } from "./python/version.ts";
import { dumpYaml } from "./python/yaml-dump.ts";
import { loadYaml } from "./python/yaml-load.ts";
import { compileJsonPath } from "./jsonpath.ts";

/** What a function may ask for besides its arguments. */
export interface FunctionContext {
  readonly ask: Ask;
}

export interface StackstormFunction {
  readonly name: string;
  readonly signature: Signature;
  /** Takes arguments as they were given. Throws PythonError in the words of StackStorm's function, or Unanswered. */
  readonly call: (
    args: readonly unknown[],
    keywords: Keywords,
    context: FunctionContext,
  ) => unknown;
}

type Body = (values: readonly unknown[], context: FunctionContext) => unknown;

function define(name: string, parameters: string, body: Body): StackstormFunction {
  const target = signature(name, parameters);
  return {
    name,
    signature: target,
    call: (args, keywords, context) => body(bind(target, args, keywords).values, context),
  };
}

function str(value: unknown): string {
  if (typeof value === "string") return value;
  throw typeError("expected string or bytes-like object");
}

function regex(
  operation: RegexCall["operation"],
  [value, pattern, ignoreCase]: readonly unknown[],
  context: FunctionContext,
): unknown {
  return runRegex(context.ask, str(pattern), {
    operation,
    subject: typeof value === "string" ? value : pyStr(value),
    flags: { ignoreCase: pyTruth(ignoreCase) },
  });
}

function replaced(values: readonly unknown[], context: FunctionContext): unknown {
  const [value, pattern, replacement, ignoreCase] = values;
  return runRegex(context.ask, str(pattern), {
    operation: "sub",
    subject: typeof value === "string" ? value : pyStr(value),
    replacement: str(replacement),
    flags: { ignoreCase: pyTruth(ignoreCase) },
  });
}

function substring(values: readonly unknown[], context: FunctionContext): unknown {
  const [value, pattern, index, ignoreCase] = values;
  const found = regex("findall", [value, pattern, ignoreCase], context);
  const item: unknown = Array.isArray(found) && isInt(index) ? found.at(Number(index)) : undefined;
  if (item === undefined) throw new PythonError("IndexError", "list index out of range");
  return Array.isArray(item) ? new PyTuple(item) : item;
}

function jsonText([value, indent, sortKeys, separators]: readonly unknown[]): string {
  const pair = separators instanceof PyTuple ? separators.items : separators;
  const [item, key]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return dumps(value, {
    indent: isInt(indent) ? Number(indent) : typeof indent === "string" ? indent : undefined,
    sortKeys: pyTruth(sortKeys),
    separators: [typeof item === "string" ? item : ",", typeof key === "string" ? key : ": "],
  });
}

function yamlText([value, indent, unicode]: readonly unknown[]): string {
  return dumpYaml(value, {
    indent: isInt(indent) ? Number(indent) : undefined,
    allowUnicode: pyTruth(unicode),
  });
}

function jsonPath([value, query]: readonly unknown[]): unknown {
  const found = compileJsonPath(str(query))(value);
  return found.length === 0 ? null : found;
}

function escaped(value: unknown): string {
  return dumps(value).replace(/^"+|"+$/g, "");
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf("/") + 1);
  let end = head.length;
  while (end > 0 && head[end - 1] === "/") end -= 1;
  return end === 0 ? head : head.slice(0, end);
}

function humanSeconds(seconds: unknown): string {
  if (!isNumber(seconds)) throw new PythonError("AssertionError", "");
  return humanTime(isInt(seconds) ? Number(seconds) : toFloat(seconds), !isInt(seconds));
}

const jsonParameters = 'value indent=null sort_keys=false separators=[",",": "]';
const yamlParameters = "value indent=null allow_unicode=true";
const parseJson: Body = ([value]) => loads(pyStr(value));
const parseYaml: Body = ([value]) => loadYaml(pyStr(value));

const definitions: readonly StackstormFunction[] = [
  define(
    "regex_match",
    'value pattern="" ignorecase=false',
    (values, context) => regex("match", values, context) !== null,
  ),
  define(
    "regex_search",
    'value pattern="" ignorecase=false',
    (values, context) => regex("search", values, context) !== null,
  ),
  define("regex_replace", 'value="" pattern="" replacement="" ignorecase=false', replaced),
  define("regex_substring", 'value="" pattern="" result_index=0 ignorecase=false', substring),
  define("version_compare", "value pattern", ([a, b]) => compareVersions(a, b)),
  define("version_more_than", "value pattern", ([a, b]) => compareVersions(a, b) === 1),
  define("version_less_than", "value pattern", ([a, b]) => compareVersions(a, b) === -1),
  define("version_equal", "value pattern", ([a, b]) => compareVersions(a, b) === 0),
  define("version_match", "value pattern", ([value, pattern]) => matchVersion(value, pattern)),
  define("version_bump_major", "value", ([value]) => bumpVersion(value, "major")),
  define("version_bump_minor", "value", ([value]) => bumpVersion(value, "minor")),
  define("version_bump_patch", "value", ([value]) => bumpVersion(value, "patch")),
  define("version_strip_patch", "value", ([value]) => stripPatch(value)),
  define("to_json_string", jsonParameters, jsonText),
  define("json_dump", jsonParameters, jsonText),
  define("to_yaml_string", yamlParameters, yamlText),
  define("yaml_dump", yamlParameters, yamlText),
  define("from_json_string", "value", parseJson),
  define("json_parse", "value", parseJson),
  define("from_yaml_string", "value", parseYaml),
  define("yaml_parse", "value", parseYaml),
  define("json_escape", "value", ([value]) => escaped(value)),
  define("jsonpath_query", "value query", jsonPath),
  define("to_human_time_from_seconds", "seconds", ([seconds]) => humanSeconds(seconds)),
  define("use_none", "value", ([value]) =>
    value === null || value === undefined ? noneMagic : value,
  ),
  define("to_complex", "value", ([value]) => dumps(value)),
  define("basename", "path", ([path]) => basename(str(path))),
  define("dirname", "path", ([path]) => dirname(str(path))),
];

/** By name. `decrypt_kv` works on datastore lookups, which only Jinja has; it is at home there. */
export const stackstormFunctions: ReadonlyMap<string, StackstormFunction> = new Map(
  definitions.map((definition) => [definition.name, definition]),
);

/** Those that Orquesta registers for YAQL and Jinja. */
export const orquestaFunctionNames: readonly string[] = [...stackstormFunctions.keys()].filter(
  (name) => name !== "to_complex",
);
