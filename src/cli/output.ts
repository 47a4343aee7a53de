/** Results in the four formats: for people a table, for programs JSON, YAML, or a line of JSON each. */
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { cell, columnsTable, detailTable } from "./table.ts";

type Format = "table" | "json" | "yaml" | "jsonl";
export type Options = Readonly<Record<string, unknown>>;

export function formatOf({ output, json, yaml }: Options): Format {
  if (json === true) return "json";
  if (yaml === true) return "yaml";
  return output === "json" || output === "yaml" || output === "jsonl" ? output : "table";
}

/** Text of an option; undefined when it was not given. */
export function optionText(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** Attributes asked for with `-a a,b -a c`; undefined = the usual ones. */
export function attributesOf({ attr }: Options): readonly string[] | undefined {
  const given: unknown[] = Array.isArray(attr) ? attr : typeof attr === "string" ? [attr] : [];
  const names = given.flatMap((each) => String(each).split(",")).map((name) => name.trim());
  const wanted = names.filter((name) => name !== "");
  return wanted.length === 0 ? undefined : wanted;
}

/** The value at a dotted path. */
export function valueAt(value: unknown, path: string): unknown {
  if (isObject(value) && path in value) return value[path];
  return path
    .split(".")
    .reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function pick(row: JsonObject, paths: readonly string[] | undefined): JsonObject {
  if (paths === undefined || paths.includes("all")) return row;
  return Object.fromEntries(
    paths.flatMap((path) => {
      const value = valueAt(row, path);
      return value === undefined ? [] : [[path, value]];
    }),
  );
}

/** DEL and the second set of controls are legal in JSON, and terminals act on them. */
function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

async function encode(value: unknown, format: "json" | "yaml" | "jsonl"): Promise<string> {
  if (format === "yaml") {
    const { printYaml } = await import("../content/print-yaml.ts");
    return printYaml(value).replaceAll(/[\u0080-\u0084\u0086-\u009F]/g, "\uFFFD");
  }
  if (format === "json") return `${jsonText(value, 2)}\n`;
  return Array.isArray(value)
    ? value.map((each) => `${jsonText(each)}\n`).join("")
    : `${jsonText(value)}\n`;
}

export interface ListShape {
  /** Columns of the table when none are asked for: dotted paths. */
  readonly columns: readonly string[];
  /** Said instead of an empty table. */
  readonly nothing?: string;
}

export interface Printer {
  list(rows: readonly JsonObject[], shape: ListShape): Promise<void>;
  /** `paths`: attributes of the table when none are asked for; undefined = all. */
  one(row: JsonObject, paths?: readonly string[]): Promise<void>;
  /** A sentence about what was done: only for people. */
  done(sentence: string): void;
}

function widthOf(options: Options): number | undefined {
  const text = optionText(options, "width");
  if (text === undefined) return undefined;
  const width = Number(text);
  if (!Number.isInteger(width) || width < 1)
    throw new CliError(exitCodes.usage, `--width ${text}: give a number of columns`);
  return width;
}

export function printer({ terminal }: Cli, options: Options): Printer {
  const format = formatOf(options);
  const wanted = attributesOf(options);
  const limits = {
    screen: terminal.columns,
    cell: widthOf(options),
    bold: terminal.colours,
  };
  return {
    list: async (rows, { columns, nothing = "No matching items found" }) => {
      if (format !== "table") {
        terminal.write(
          await encode(
            rows.map((row) => pick(row, wanted)),
            format,
          ),
        );
        return;
      }
      if (rows.length === 0) {
        terminal.write(`${nothing}\n`);
        return;
      }
      const all = wanted?.includes("all") === true;
      const names = all
        ? [...new Set(rows.flatMap((row) => Object.keys(row)))]
        : (wanted ?? columns);
      const cells = rows.map((row) => names.map((name) => cell(valueAt(row, name))));
      terminal.write(columnsTable(names, cells, limits));
    },
    one: async (row, paths) => {
      if (format !== "table") {
        terminal.write(await encode(pick(row, wanted), format));
        return;
      }
      const shown = pick(row, wanted ?? paths);
      terminal.write(detailTable(Object.entries(shown), limits));
    },
    done: (sentence) => {
      if (format === "table") terminal.write(`${sentence}\n`);
    },
  };
}
