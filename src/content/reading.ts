/** What the readers of definitions share: the draft they add to, the problems they report, and the file they read. */
import { readFile, realpath, stat } from "node:fs/promises";
import { setImmediate as breathe } from "node:timers/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";

import type {
  ActionDefinition,
  AliasDefinition,
  DeclarationFile,
  PackDefinition,
  ParameterSchemas,
  PolicyDefinition,
  RuleDefinition,
  SensorDefinition,
  SourcePosition,
  TriggerDefinition,
  TriggerTypeDefinition,
  WorkflowSource,
} from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import type { ProblemList, SourceFile } from "./problems.ts";
import { checkShape } from "./shape.ts";
import type { Shape } from "./shape.ts";
import type { NumberStyle } from "./yaml-scalars.ts";
import { yamlBounds } from "./yaml-whole.ts";
import { parseYaml } from "./yaml.ts";

export interface Draft {
  readonly packs: Map<string, PackDefinition>;
  readonly actions: Map<string, ActionDefinition>;
  readonly rules: Map<string, RuleDefinition>;
  readonly triggerTypes: Map<string, TriggerTypeDefinition>;
  readonly triggers: Map<string, TriggerDefinition>;
  readonly sensors: Map<string, SensorDefinition>;
  readonly aliases: Map<string, AliasDefinition>;
  readonly policies: Map<string, PolicyDefinition>;
  readonly workflows: Map<string, WorkflowSource>;
  readonly declarations: DeclarationFile[];
}

/** Switches of an overrides file: whether a resource is enabled, whatever its own file says. */
export interface Overrides {
  enabled(kind: OverrideKind, name: string, own: boolean): boolean;
}
export type OverrideKind = "sensors" | "actions" | "rules" | "aliases";

export interface Reading {
  readonly problems: ProblemList;
  readonly draft: Draft;
  /** Parameters per runner name (aliases too), or undefined: runner names are then not checked. */
  readonly runners: ReadonlyMap<string, ParameterSchemas> | undefined;
  /** Checks that need everything to be read first. */
  readonly later: (() => void)[];
  /** The files of declarations, for what other rooms find in them. */
  readonly declared: Map<DeclarationFile, SourceFile>;
}

/** The pack whose files are being read. */
export interface PackReading extends Reading {
  readonly pack: string;
  /** Absolute. */
  readonly path: string;
  /** `path` with links resolved: no entry point may lie outside of it. */
  readonly realPath: string;
  readonly overrides: Overrides;
  /** What was found at an absolute path that definitions of the pack name. */
  readonly entryPoints: Map<string, Promise<EntryPoint>>;
}

/** Reads a YAML file. Undefined when it cannot be read or parsed; that is then a problem. */
export async function readSource(
  file: string,
  pack: string,
  problems: ProblemList,
  style: NumberStyle = "plain",
): Promise<SourceFile | undefined> {
  return toSource(await readText(file), { file, pack, problems, style });
}

/** How long reading may keep others waiting. */
const holdMilliseconds = 4;

/** Reads several files at once; what is wrong with one is reported only when it is its turn. */
export async function* readSources(
  files: readonly string[],
  pack: string,
  problems: ProblemList,
): AsyncGenerator<SourceFile> {
  let since = performance.now();
  for (let from = 0; from < files.length; from += 64) {
    const some = files.slice(from, from + 64);
    const texts = await Promise.all(some.map(readText));
    for (const [index, file] of some.entries()) {
      const source = toSource(texts[index] ?? { fault: "cannot be read" }, {
        file,
        pack,
        problems,
        style: "plain",
      });
      if (source !== undefined) yield source;
      if (performance.now() - since < holdMilliseconds) continue;
      await breathe();
      since = performance.now();
    }
  }
}

type Text = { readonly text: string } | { readonly fault: string };

function toSource(
  read: Text,
  {
    file,
    pack,
    problems,
    style,
  }: { file: string; pack: string; problems: ProblemList; style: NumberStyle },
): SourceFile | undefined {
  if ("fault" in read) {
    problems.atFile("error", file, read.fault);
    return undefined;
  }
  const { text } = read;
  const yaml = parseYaml(text, style);
  for (const fault of yaml.faults) problems.add({ ...fault, file });
  return yaml.faults.some((fault) => fault.severity === "error") ? undefined : { file, yaml, pack };
}

async function readText(file: string): Promise<Text> {
  try {
    const { size } = await stat(file);
    if (size > yamlBounds.size)
      return { fault: `the file is larger than ${yamlBounds.size} bytes` };
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file)) };
  } catch (error) {
    return {
      fault:
        error instanceof TypeError ? "the file is not UTF-8" : `cannot be read: ${reason(error)}`,
    };
  }
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The document as a mapping of the given shape, with the right `pack`; undefined (and a problem) otherwise. */
export function shaped(
  source: SourceFile,
  shape: Shape,
  reading: PackReading,
): JsonObject | undefined {
  const document = source.yaml.value;
  if (!checkShape(shape, document, { source, path: [] }, reading.problems) || !isObject(document))
    return undefined;
  const pack = document["pack"];
  if (typeof pack === "string" && pack !== reading.pack) {
    reading.problems.error(
      source,
      ["pack"],
      `"pack" is "${pack}", but the file belongs to the pack "${reading.pack}"`,
      {
        expected: `pack: ${reading.pack}, or no such key`,
      },
    );
    return undefined;
  }
  return document;
}

export function positionOf(source: SourceFile): SourcePosition {
  return { file: source.file, ...source.yaml.place([]) };
}

/** Adds a definition; of two with one name the last counts, as in StackStorm, and the first is named in a warning. */
export function put<Definition extends { readonly source: SourcePosition }>(
  into: Map<string, Definition>,
  ref: string,
  definition: Definition,
  reading: { readonly problems: ProblemList },
): void {
  const earlier = into.get(ref);
  if (earlier !== undefined)
    reading.problems.add({
      ...definition.source,
      severity: "warning",
      message: `"${ref}" replaces the one in ${earlier.source.file}`,
    });
  into.set(ref, definition);
}

export function textOf(document: JsonObject, key: string): string {
  const value = document[key];
  return typeof value === "string" ? value : "";
}

export function objectOf(document: JsonObject, key: string): JsonObject {
  const value = document[key];
  return isObject(value) ? value : {};
}

export function listOf(document: JsonObject, key: string): readonly unknown[] {
  const value: unknown = document[key];
  return Array.isArray(value) ? value : [];
}

export function textsOf(document: JsonObject, key: string): readonly string[] {
  return listOf(document, key).filter((one) => typeof one === "string");
}

export function flagOf(document: JsonObject, key: string, otherwise: boolean): boolean {
  const value = document[key];
  return typeof value === "boolean" ? value : otherwise;
}

export type EntryPoint =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "missing"; readonly path: string }
  | { readonly kind: "outside"; readonly path: string };

/** Finds an entry point, written relative to `folder` of the pack; it may not leave the pack, by `..` or by a link.
 * Thousands of actions share one file in some packs, so the pack remembers what was found. */
export function findEntryPoint(
  reading: PackReading,
  folder: string,
  written: string,
): Promise<EntryPoint> {
  const path = resolve(join(reading.path, folder), written);
  const known = reading.entryPoints.get(path);
  if (known !== undefined) return known;
  const found = lookForEntryPoint(reading, path);
  reading.entryPoints.set(path, found);
  return found;
}

async function lookForEntryPoint(
  { path: packPath, realPath }: PackReading,
  path: string,
): Promise<EntryPoint> {
  if (!within(packPath, path)) return { kind: "outside", path };
  try {
    const real = await realpath(path);
    if (!within(realPath, real)) return { kind: "outside", path };
    return (await stat(real)).isFile() ? { kind: "found", path } : { kind: "missing", path };
  } catch {
    return { kind: "missing", path };
  }
}

function within(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
