/** A small vocabulary for the shape of a definition file, and the check that reports every departure with its place. */
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { listNames, nearest } from "./problems.ts";
import type { ProblemList, SourceFile } from "./problems.ts";
import type { Path } from "./yaml.ts";

export type Shape =
  | { readonly kind: "any" | "boolean" | "mapping" }
  | {
      readonly kind: "string";
      readonly pattern?: RegExp;
      readonly expected?: string;
      readonly filled?: boolean;
    }
  | { readonly kind: "word"; readonly words: readonly string[] }
  | {
      readonly kind: "number";
      readonly minimum?: number;
      readonly maximum?: number;
      readonly integer?: boolean;
    }
  | { readonly kind: "list"; readonly items: Shape; readonly filled?: boolean }
  | { readonly kind: "map"; readonly keys?: RegExp; readonly values: Shape }
  | {
      readonly kind: "record";
      readonly fields: Readonly<Record<string, Field>>;
      /** What happens to a key that is not listed. */
      readonly others: "reject" | "warn" | "ignore";
    }
  | { readonly kind: "either"; readonly of: readonly Shape[] };

export interface Field {
  readonly shape: Shape;
  readonly required?: boolean;
}

/** Reports where `value` (at `path` of `source`) departs from `shape`. True when it does not. */
export function checkShape(
  shape: Shape,
  value: unknown,
  place: { readonly source: SourceFile; readonly path: Path },
  problems: ProblemList,
): boolean {
  const before = problems.errors;
  new Checker(place.source, problems).check(shape, value, place.path);
  return problems.errors === before;
}

class Checker {
  readonly #source: SourceFile;
  readonly #problems: ProblemList;

  constructor(source: SourceFile, problems: ProblemList) {
    this.#source = source;
    this.#problems = problems;
  }

  check(shape: Shape, value: unknown, path: Path): void {
    if (fits(shape, value)) this.#inside(shape, value, path);
    else this.#misfit(shape, value, path);
  }

  #misfit(shape: Shape, value: unknown, path: Path): void {
    const expected = describe(shape);
    const suggestion =
      shape.kind === "word" && typeof value === "string" ? nearest(value, shape.words) : undefined;
    const message = `${label(path)} must be ${expected}, not ${show(value)}`;
    this.#problems.error(this.#source, path, message, { suggestion });
  }

  #inside(shape: Shape, value: unknown, path: Path): void {
    if (shape.kind === "either") {
      const chosen = shape.of.find((one) => fits(one, value));
      if (chosen !== undefined) this.#inside(chosen, value, path);
    } else if (shape.kind === "list" && Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.check(shape.items, item, [...path, index]);
    } else if (isObject(value)) {
      if (shape.kind === "map") this.#map(shape, value, path);
      if (shape.kind === "record") this.#record(shape, value, path);
    }
  }

  #map(shape: Shape & { kind: "map" }, value: JsonObject, path: Path): void {
    for (const [key, inner] of Object.entries(value)) {
      if (shape.keys !== undefined && !shape.keys.test(key))
        this.#problems.errorAtKey(
          this.#source,
          [...path, key],
          `"${key}" is not a valid name in ${label(path)}`,
          {
            expected: "letters, digits and _",
          },
        );
      else this.check(shape.values, inner, [...path, key]);
    }
  }

  #record(shape: Shape & { kind: "record" }, value: JsonObject, path: Path): void {
    for (const [key, inner] of Object.entries(value)) {
      const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
      // A key with nothing behind it counts as not written, as in StackStorm.
      if (field !== undefined && inner !== null) this.check(field.shape, inner, [...path, key]);
      else if (field === undefined && shape.others !== "ignore") this.#unknown(shape, path, key);
    }
    for (const [key, field] of requiredFields(shape)) {
      const inner = Object.hasOwn(value, key) ? value[key] : undefined;
      if (inner === undefined || inner === null)
        this.#problems.error(this.#source, path, `"${key}" is missing${inside(path)}`, {
          expected: `${key}: ${describe(field.shape)}`,
        });
    }
  }

  #unknown(shape: Shape & { kind: "record" }, path: Path, key: string): void {
    const names = Object.keys(shape.fields);
    const severity = shape.others === "warn" ? "warning" : "error";
    const advice = { expected: listNames(names), suggestion: nearest(key, names) };
    const message = `unknown key "${key}"${inside(path)}`;
    this.#problems.atKey(severity, { source: this.#source, path: [...path, key] }, message, advice);
  }
}

const required = new WeakMap<Shape, readonly (readonly [string, Field])[]>();

function requiredFields(shape: Shape & { kind: "record" }): readonly (readonly [string, Field])[] {
  const known = required.get(shape);
  if (known !== undefined) return known;
  const found = Object.entries(shape.fields).filter(([, field]) => field.required === true);
  required.set(shape, found);
  return found;
}

function fits(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case "any":
      return true;
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return fitsText(shape, value);
    case "word":
      return typeof value === "string" && shape.words.includes(value);
    case "number":
      return fitsNumber(shape, value);
    case "list":
      return fitsList(shape, value);
    case "mapping":
    case "map":
    case "record":
      return isObject(value);
    case "either":
      return shape.of.some((one) => fits(one, value));
  }
}

function fitsText({ pattern, filled }: Shape & { kind: "string" }, value: unknown): boolean {
  if (typeof value !== "string" || (filled === true && value === "")) return false;
  return pattern === undefined || pattern.test(value);
}

function fitsList({ filled }: Shape & { kind: "list" }, value: unknown): boolean {
  return Array.isArray(value) && (filled !== true || value.length > 0);
}

function fitsNumber(shape: Shape & { kind: "number" }, value: unknown): boolean {
  return (
    typeof value === "number" &&
    (shape.integer !== true || Number.isInteger(value)) &&
    (shape.minimum === undefined || value >= shape.minimum) &&
    (shape.maximum === undefined || value <= shape.maximum)
  );
}

const nouns = {
  any: "a value",
  boolean: "true or false",
  list: "a list",
  mapping: "a mapping",
  map: "a mapping",
  record: "a mapping",
} as const;

function describe(shape: Shape): string {
  if (shape.kind === "string")
    return shape.expected ?? (shape.filled === true ? "a text that is not empty" : "a text");
  if (shape.kind === "word") return listNames(shape.words);
  if (shape.kind === "number") return describeNumber(shape);
  if (shape.kind === "either") return shape.of.map(describe).join(" or ");
  if (shape.kind === "list" && shape.filled === true) return "a list that is not empty";
  return nouns[shape.kind];
}

function describeNumber({ integer, minimum, maximum }: Shape & { kind: "number" }): string {
  const noun = integer === true ? "an integer" : "a number";
  if (maximum !== undefined) return `${noun} from ${minimum ?? "any"} to ${maximum}`;
  return minimum === undefined ? noun : `${noun} of at least ${minimum}`;
}

/** `parameters.host.type`, or `the file` at the root. */
export function label(path: Path): string {
  if (path.length === 0) return "the file";
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join("");
}

function inside(path: Path): string {
  return path.length === 0 ? "" : ` in ${label(path)}`;
}

export function show(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
