/** Binding of arguments to parameters, with Python's complaints. */
import { typeError } from "./errors.ts";

/** Arguments given by name. */
export type Keywords = ReadonlyMap<string, unknown>;

export const noMore: Keywords = new Map();

export interface Signature {
  /** As messages name the function: `do_truncate`. */
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly fallback: unknown }[];
  /** How many at the front have no default. */
  readonly required: number;
  /** Takes any further positional / named arguments. */
  readonly more: boolean;
}

export interface Bound {
  readonly values: readonly unknown[];
  readonly rest: readonly unknown[];
  readonly keywords: Keywords;
}

const nothing = Symbol("no default");

/** Reads `value length=255 killwords=false *` ; defaults are JSON. */
export function signature(name: string, parameters: string): Signature {
  const words = parameters.split(/ +(?=[a-z_*])/).filter((word) => word !== "");
  const named = words.filter((word) => word !== "*");
  const read = named.map((word) => {
    const [key = "", fallback] = word.split(/=(.*)/s);
    const value: unknown = fallback === undefined ? nothing : JSON.parse(fallback);
    return { name: key, fallback: value };
  });
  return {
    name,
    parameters: read,
    required: read.filter(({ fallback }) => fallback === nothing).length,
    more: words.includes("*"),
  };
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Values in the order of the parameters. Throws TypeError as calling a Python function would. */
export function bind(target: Signature, args: readonly unknown[], keywords: Keywords): Bound {
  const { parameters, name } = target;
  if (args.length > parameters.length && !target.more) throw tooMany(target, args.length);
  const values: unknown[] = parameters.map(({ fallback }, at) =>
    at < args.length ? args[at] : fallback,
  );
  const others = new Map<string, unknown>();
  for (const [keyword, value] of keywords) {
    const at = parameters.findIndex((parameter) => parameter.name === keyword);
    if (at === -1) {
      if (!target.more) {
        throw typeError(`${name}() got an unexpected keyword argument '${keyword}'`);
      }
      others.set(keyword, value);
    } else if (at < args.length) {
      throw typeError(`${name}() got multiple values for argument '${keyword}'`);
    } else values[at] = value;
  }
  const missing = parameters.filter((_, at) => values[at] === nothing);
  if (missing.length > 0)
    throw missingArguments(
      name,
      missing.map((parameter) => parameter.name),
    );
  return { values, rest: args.slice(parameters.length), keywords: others };
}

function tooMany(target: Signature, given: number): Error {
  const { parameters, required, name } = target;
  const takes =
    required === parameters.length
      ? plural(required, "positional argument")
      : `from ${required} to ${parameters.length} positional arguments`;
  return typeError(`${name}() takes ${takes} but ${given} ${given === 1 ? "was" : "were"} given`);
}

function missingArguments(name: string, missing: readonly string[]): Error {
  const quoted = missing.map((argument) => `'${argument}'`);
  const last = quoted.at(-1) ?? "";
  let list = quoted.join(" and ");
  if (quoted.length > 2) list = `${quoted.slice(0, -1).join(", ")}, and ${last}`;
  return typeError(
    `${name}() missing ${plural(missing.length, "required positional argument")}: ${list}`,
  );
}
