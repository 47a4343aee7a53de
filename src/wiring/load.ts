/** Content from disk, checked by everybody who interprets it, and compiled. */
import { compileParsers } from "../alerts/definition.ts";
import { compileAlertPolicies } from "../alerts/policy.ts";
import type { Config } from "../config.ts";
import type { DeclarationFault } from "../content/declarations.ts";
import { loadContent, sitePack } from "../content/load.ts";
import type { Problem } from "../content/problems.ts";
import { compileContent, type CompiledContent } from "../engine/definitions.ts";
import { compileTypes, typeFaults } from "../inventory/compile.ts";
import { compileSources, sourceFaults, type Sources } from "../inventory/sources.ts";
import type { Content, DeclarationFile } from "../model/definitions.ts";
import { contentDirectories, knownRunners } from "./content.ts";

/** What files say. */
export interface LoadedFiles {
  readonly content: Content;
  /** One line each: severity, file, place, what is wrong. */
  readonly problems: readonly string[];
}

export interface Loaded {
  readonly compiled: CompiledContent;
  readonly types: ReturnType<typeof compileTypes>["types"];
  readonly sources: Sources;
  readonly problems: readonly string[];
}

/** Faults in alert parsers, alert policies and entity types, where they stand in their files. */
export function declarationFaults(all: readonly DeclarationFile[]): readonly DeclarationFault[] {
  const { types } = compileTypes(all);
  const alerts = [...compileParsers(all).problems, ...compileAlertPolicies(all).problems];
  return [...alerts, ...typeFaults(all), ...sourceFaults(all, types)];
}

/** What names something that is not there is in use all the same, so it is a warning here, as in StackStorm; `raicho lint` is stricter. */
function lineOf({ severity, file, line, column, message, reference }: Problem): string {
  return `${reference === true ? "warning" : severity}: ${file}:${line}:${column} ${message}`;
}

/** Problems as lines, for people. */
export function linesOf(problems: readonly Problem[]): readonly string[] {
  return problems.filter(({ severity }) => severity !== "info").map(lineOf);
}

/** Reads all files. What is broken is left out and said; it never rejects because of what is written in a file. */
export async function loadFiles(config: Config): Promise<LoadedFiles> {
  const { content, problems } = await loadContent({
    directories: contentDirectories(config),
    runners: knownRunners(),
    checkDeclarations: declarationFaults,
  });
  // What is written through the API without a pack goes there, also at a site without files of its own.
  const packs = new Map([["default", sitePack(config.site)], ...content.packs]);
  return { content: { ...content, packs }, problems: linesOf(problems) };
}

/** Compiles content for everybody who works with it, and says what is wrong. */
export function compileAll({ content, problems }: LoadedFiles): Loaded {
  const compiled = compileContent(content);
  // A type may be sound by itself and still not fit without another one that was left out.
  const { types, problems: unfit } = compileTypes(compiled.types);
  const { sources, problems: untrue } = compileSources(compiled.sources, types);
  const lines = [
    ...problems,
    ...compiled.problems.map((message) => `error: ${message}`),
    ...[...unfit, ...untrue].map(
      ({ declaration: { source }, path, message }) =>
        `error: ${source.file}:${source.line}:${source.column} ${path}: ${message}`,
    ),
  ];
  return { compiled, types, sources, problems: lines };
}
