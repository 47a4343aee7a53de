/** What StackStorm's API reads from a query: pages, attributes, order, times. Each throws AppError in StackStorm's words for nonsense. */
import type { Request, Response } from "express";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { isAdmin, userOf } from "./guard.ts";

/** What somebody who is not an administrator may ask for at once. */
const mostForUsers = 100;
/** Rows of one answer, whatever was asked for: `limit=-1` is no way to empty the memory. */
const mostAtOnce = 50_000;
const widestOffset = 2 ** 31 - 1;

export function refusal(sentence: string): AppError {
  return new AppError("PARAMETERS_INVALID", [sentence]);
}

/** A query parameter; undefined when absent or empty. The last one counts when it is repeated. */
export function text(value: unknown): string | undefined {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === "string" && last !== "" ? last : undefined;
}

/** Comma-separated, also over repeated parameters. */
export function names(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all
    .flatMap((each) => (typeof each === "string" ? each.split(",") : []))
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

const truths = new Set(["true", "1", "yes", "y", "on"]);
const lies = new Set(["false", "0", "no", "n", "off"]);

/** A boolean as StackStorm's router reads one. */
export function flag(request: Request, name: string): boolean | undefined {
  const given = text(request.query[name]);
  if (given === undefined) return undefined;
  if (truths.has(given.toLowerCase())) return true;
  if (lies.has(given.toLowerCase())) return false;
  throw refusal(`Parameter "${name}" must be true or false. Got "${given}".`);
}

/** A whole number; undefined when absent. */
export function wholeNumber(request: Request, name: string): number | undefined {
  const given = text(request.query[name]);
  if (given === undefined) return undefined;
  if (!/^[+-]?\d{1,15}$/.test(given))
    throw refusal(`Parameter "${name}" must be a whole number. Got "${given}".`);
  return Number(given);
}

/** Whether secrets are shown: asked for, by an administrator. */
export function showsSecrets(request: Request, response: Response): boolean {
  return flag(request, "show_secrets") === true && isAdmin(userOf(response));
}

export interface Page {
  /** Rows to give. */
  readonly limit: number;
  readonly offset: number;
  /** For `X-Limit`; undefined when no limit was in force. */
  readonly shown: number | undefined;
}

function checkedLimit(limit: number, request: Request, response: Response | undefined): void {
  if (limit === 0)
    throw refusal('Limit, "0" specified, must be a positive number or -1 for full result set.');
  if (limit < -1) throw refusal(`Limit, "${limit}" specified, must be a positive number.`);
  if (response === undefined || isAdmin(userOf(response))) return;
  if (limit === -1)
    throw new AppError("FORBIDDEN", [
      "Administrator access required to be able to specify limit=-1 and retrieve all the records",
    ]);
  if (limit > mostForUsers)
    throw new AppError("FORBIDDEN", [
      `Limit "${limit}" specified, maximum value is "${mostForUsers}"`,
    ]);
}

/** `limit` and `offset`. `fallback`: the limit when none is given; "none" = no limit. */
export function paging(
  request: Request,
  fallback: number | "none" = 100,
  response?: Response,
): Page {
  const given = wholeNumber(request, "limit");
  if (given !== undefined) checkedLimit(given, request, response);
  const far = text(request.query["offset"]) ?? "";
  if (/^\d+$/.test(far) && Number(far) > widestOffset)
    throw refusal(`Offset "${far}" specified is more than 32-bit int`);
  const offset = wholeNumber(request, "offset") ?? 0;
  if (offset < 0) throw refusal(`Offset, "${offset}" specified, must be a positive number.`);
  const wanted = given ?? fallback;
  const shown = wanted === "none" || wanted === -1 ? undefined : wanted;
  return { limit: Math.min(shown ?? mostAtOnce, mostAtOnce), offset, shown };
}

/** `X-Total-Count` and `X-Limit`. */
export function countHeaders(response: Response, total: number, { shown }: Page): void {
  response.setHeader("X-Total-Count", String(total));
  if (shown !== undefined) response.setHeader("X-Limit", String(shown));
}

const isoDate = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?$/;

/** A time of StackStorm's format; UTC when it says nothing else. */
export function time(given: string): Date {
  if (!isoDate.test(given)) throw refusal("Datetime value does not match expected format.");
  // A plus sign in a query is read as a space.
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(given) ? given : `${given}Z`;
  const at = new Date(zoned.replace(" ", "T"));
  if (Number.isNaN(at.getTime())) throw refusal("Datetime value does not match expected format.");
  return at;
}

/** What of an object is shown: `keep` decides about names at the top and inside. */
export interface Attributes {
  /** Dotted paths; undefined = everything. */
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[];
}

interface Known {
  /** Names at the top that may be asked for. */
  readonly names: ReadonlySet<string>;
  /** Names that clients may not leave out. */
  readonly mandatory?: ReadonlySet<string>;
  /** Which words the refusal of both together uses. */
  readonly word?: "fields" | "attributes";
}

/** `include_attributes` or `exclude_attributes`, never both. */
export function attributes(request: Request, { names: known, mandatory, word }: Known): Attributes {
  const include = names(request.query["include_attributes"]);
  const exclude = names(request.query["exclude_attributes"]);
  const noun = word ?? "fields";
  if (include.length > 0 && exclude.length > 0)
    throw refusal(
      `exclude_${noun} and include_${noun} arguments are mutually exclusive. You need to provide either one or another, but not both.`,
    );
  const unknown = (name: string): boolean => !known.has(name.split(".")[0] ?? name);
  const odd = include.find(unknown);
  if (odd !== undefined)
    throw refusal(`Invalid or unsupported include attribute specified: ${odd}`);
  const oddOut = exclude.find((name) => unknown(name) || mandatory?.has(name) === true);
  if (oddOut !== undefined)
    throw refusal(`Invalid or unsupported exclude attribute specified: ${oddOut}`);
  return { include: include.length === 0 ? undefined : include, exclude };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const before = target[name];
  const inner: Record<string, unknown> = isObject(before) ? { ...before } : {};
  setAt(inner, rest, value);
  target[name] = inner;
}

type Beside = Readonly<Record<string, readonly string[]>>;

function pick(shown: JsonObject, include: readonly string[], beside: Beside): JsonObject {
  const picked: Record<string, unknown> = {};
  const whole = new Set(["id", ...include.filter((path) => !path.includes("."))]);
  for (const name of whole) if (shown[name] !== undefined) picked[name] = shown[name];
  for (const path of include) {
    const [top = "", ...rest] = path.split(".");
    if (whole.has(top)) continue;
    const neighbours = (beside[top] ?? []).map((each) => each.split("."));
    for (const inner of [rest, ...neighbours]) {
      const value = valueAt(shown[top], inner);
      if (value !== undefined) setAt(picked, [top, ...inner], value);
    }
  }
  return picked;
}

/** The object with what was asked for; `id` always stays. `beside`: paths that come along when something next to them is asked for. */
export function project(
  shown: JsonObject,
  { include, exclude }: Attributes,
  beside: Beside = {},
): JsonObject {
  if (include !== undefined) return pick(shown, include, beside);
  if (exclude.length === 0) return shown;
  return Object.fromEntries(
    Object.entries(shown).filter(([name]) => name === "id" || !exclude.includes(name)),
  );
}
